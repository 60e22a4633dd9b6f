"""A reply is compared with ordinary replies to customers who wanted the same, and with nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np

from copilot.mining import exposing as exposing_module
from copilot.mining.exposing import NO_MOVE, Exposing, Turns
from copilot.mining.features import features_of
from knowledge.mining.needs import Needs

Make = Callable[..., Any]
SHIP, PRICE = 0, 1
SCRIPT, GIFT, HELLO, RARE = 0, 1, 2, 3
"""Moves: a script for shipping, one for prices, an ordinary one, and one that is used too rarely."""
NAN = float("nan")


def needs(*of_text: int) -> Needs:
    is_ordinary = np.array([False, False, True])
    return Needs(np.array(of_text, np.int32), np.array([SHIP, PRICE, SHIP], np.int32), np.ones(3), is_ordinary)


def exposing(table: Make, talk: Make, reply: Make, rows: list[tuple[str, str, int, int, float]]) -> Exposing:
    """Of rows of customer, message ("s" for shipping, else prices), turn, move and outcome; one talk a customer."""
    customers = list(dict.fromkeys(row[0] for row in rows))
    sold = {row[0]: row[4] for row in rows}
    talks = [
        talk(f"k-{one}", one, outcomes={} if np.isnan(sold[one]) else {"conversion": sold[one]}) for one in customers
    ]
    made = table(talks, [reply(customers.index(who), said, "r", turn=turn) for who, said, turn, _, _ in rows])
    known = needs(*[SHIP if text.startswith("s") else PRICE for text in made.message.texts])
    move = np.array([row[3] for row in rows], np.int32)
    return Exposing(
        table=made,
        turns=Turns.of(made, move, known),
        features=features_of(made, utc_offset_hours=8),
        vectors=np.eye(len(made.message.texts), 4, dtype=np.float32),
        outcomes={"conversion": np.array([row[4] for row in rows])},
    )


def test_the_comparison_are_ordinary_and_rare_replies_to_the_same_need(table: Make, talk: Make, reply: Make) -> None:
    rows = [
        ("c0", "s", 0, SCRIPT, 1.0),
        ("c1", "s", 0, HELLO, 0.0),
        ("c2", "s", 0, RARE, 0.0),
        ("c3", "s", 0, NO_MOVE, 0.0),
        ("c4", "p", 0, HELLO, 1.0),
        ("c5", "s", 0, GIFT, 1.0),
    ]
    uses, others = exposing(table, talk, reply, rows).rows(SCRIPT)
    assert uses.tolist() == [0]
    assert others.tolist() == [1, 2, 3]


def test_a_turn_with_a_script_is_no_ordinary_one_whatever_else_was_sent_in_it(
    table: Make, talk: Make, reply: Make
) -> None:
    rows = [
        ("c0", "s", 0, HELLO, 1.0),
        ("c0", "s", 0, SCRIPT, 1.0),
        ("c1", "s", 0, HELLO, 0.0),
        ("c1", "s", 0, RARE, 0.0),
    ]
    found = exposing(table, talk, reply, rows)
    uses, others = found.rows(SCRIPT)
    assert (uses.tolist(), others.tolist()) == ([1], [2])
    assert found.turns.is_ordinary.tolist() == [False, False, True, True]
    assert found.turns.opens_turn.tolist() == [True, False, True, False]


def test_a_move_sent_twice_in_a_turn_counts_once_and_in_two_turns_twice(table: Make, talk: Make, reply: Make) -> None:
    rows = [("c0", "s", turn, SCRIPT, 1.0) for turn in (0, 0, 1)]
    assert exposing(table, talk, reply, rows).rows(SCRIPT)[0].tolist() == [0, 2]


def test_a_need_of_hardly_any_uses_is_taken_for_a_misreading(table: Make, talk: Make, reply: Make) -> None:
    rows = [(f"c{n}", "s", 0, SCRIPT, 1.0) for n in range(39)] + [
        ("cx", "p", 0, SCRIPT, 1.0),
        ("cy", "p", 0, HELLO, 0.0),
    ]
    uses, others = exposing(table, talk, reply, rows).rows(SCRIPT)
    assert len(uses) == 39
    assert others.tolist() == []


def test_rows_without_an_outcome_are_left_out(table: Make, talk: Make, reply: Make) -> None:
    rows = [
        ("c0", "s", 0, SCRIPT, 1.0),
        ("c1", "s", 0, SCRIPT, NAN),
        ("c2", "s", 0, HELLO, 0.0),
        ("c3", "s", 0, HELLO, NAN),
    ]
    found = exposing(table, talk, reply, rows)
    exposures = found.exposures(*found.rows(SCRIPT), "conversion")
    assert exposures.treated.tolist() == [True, False]
    assert exposures.outcome.tolist() == [1.0, 0.0]
    assert exposures.outcome_name == "conversion"


def test_one_customer_is_one_witness_and_a_conversation_without_one_is_its_own(
    table: Make, talk: Make, reply: Make
) -> None:
    talks = [talk("k1", "c1"), talk("k2", "c1"), talk("k3", ""), talk("k4", ""), talk("k5", "k3")]
    made = table(talks, [reply(row, "s", "r") for row in range(5)])
    turns = Turns.of(made, np.zeros(5, np.int32), needs(SHIP))
    assert turns.customer[0] == turns.customer[1]
    assert len(set(turns.customer.tolist())) == 4


def test_a_new_session_is_a_new_turn(table: Make, talk: Make, reply: Make) -> None:
    made = table([talk("k1", "c1")], [reply(0, "s", "r", session=session) for session in (0, 0, 1)])
    assert Turns.of(made, np.zeros(3, np.int32), needs(SHIP)).turn.tolist() == [0, 0, 1]


def test_very_many_rows_are_thinned_evenly(table: Make, talk: Make, reply: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr(exposing_module, "MOST_ROWS", 3)
    rows = [(f"c{n}", "s", 0, SCRIPT, 1.0) for n in range(9)]
    assert exposing(table, talk, reply, rows).rows(SCRIPT)[0].tolist() == [0, 4, 8]


def test_an_empty_table_has_no_turns(table: Make) -> None:
    made = table([], [])
    turns = Turns.of(made, np.zeros(0, np.int32), needs())
    assert turns.uses(0).tolist() == []
    assert turns.ordinary(np.array([0], np.int32)).tolist() == []
