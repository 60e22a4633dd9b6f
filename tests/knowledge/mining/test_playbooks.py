"""What agents do next when customers come back."""

from collections.abc import Callable, Sequence

import numpy as np

from knowledge.archive.table import ReplyTable
from knowledge.mining.playbooks import Step, next_steps

Make = Callable[..., ReplyTable]
PRICE, GIFT, HELLO = 0, 1, 2


def steps(table: Make, rows: Sequence[tuple[str, int, int, int, int]]) -> dict[int, list[Step]]:
    """Of rows of customer, session, turn, need and move; a hello is no candidate."""
    found = table([(customer, session, turn, "m", "r") for customer, session, turn, _, _ in rows])
    move, need = (np.array([row[place] for row in rows], np.int32) for place in (4, 3))
    return next_steps(found, move, need, np.array([True, True, False]))


def dialogues(n: int, *turns: tuple[int, int, int]) -> list[tuple[str, int, int, int, int]]:
    """The same turns of need, move and session with so many customers."""
    return [
        (f"c{who}", session, turn, need, move) for who in range(n) for turn, (need, move, session) in enumerate(turns)
    ]


def test_the_next_move_in_the_session_is_counted_by_the_need_that_came_up(table: Make) -> None:
    rows = dialogues(6, (7, PRICE, 0), (8, GIFT, 0))
    assert steps(table, rows) == {PRICE: [Step(need=8, move=GIFT, n=6)]}


def test_ordinary_replies_in_between_are_passed_over(table: Make) -> None:
    rows = dialogues(5, (7, PRICE, 0), (8, HELLO, 0), (9, GIFT, 0))
    assert steps(table, rows) == {PRICE: [Step(need=9, move=GIFT, n=5)]}


def test_rare_pairs_repetitions_and_other_sessions_are_no_steps(table: Make) -> None:
    assert not any(steps(table, dialogues(4, (7, PRICE, 0), (8, GIFT, 0))).values())
    assert steps(table, dialogues(9, (7, PRICE, 0), (8, PRICE, 0))) == {}
    assert steps(table, dialogues(9, (7, PRICE, 0), (8, GIFT, 1))) == {}


def test_two_moves_in_one_turn_do_not_follow_each_other(table: Make) -> None:
    rows = [(f"c{who}", 0, 0, 7, move) for who in range(6) for move in (PRICE, GIFT)]
    assert steps(table, rows) == {}


def test_a_conversation_counts_once_however_often_it_goes_back_and_forth(table: Make) -> None:
    rows = dialogues(5, *[(7, PRICE, 0), (8, GIFT, 0)] * 3)
    assert steps(table, rows) == {PRICE: [Step(8, GIFT, 5)], GIFT: [Step(7, PRICE, 5)]}


def test_an_empty_table_has_no_playbooks(table: Make) -> None:
    assert next_steps(table([]), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.bool_)) == {}
