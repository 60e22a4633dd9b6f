import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.acceptance import Sent, Shown, Verdict, likeness, match_sent
from knowledge.errors import InvalidValueError

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
RETURN = "签收7天内吊牌在、没下水都可以退，运费我们出，您放心拍。"
SEND = "下午四点前付款当天发出，一般两到三天到，单号我发您。"


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Counts of characters, and one so that no vector is without direction."""
    vectors = np.ones((len(texts), 64), np.float32) * 0.01
    for row, text in enumerate(texts):
        for sign in text:
            vectors[row, ord(sign) % 64] += 1
    return vectors


def sent(position: int, text: str, minutes: float | None = None) -> Sent:
    return Sent(position, text, None if minutes is None else NOON + timedelta(minutes=minutes))


def shown(set_id: str, rank: int, text: str, after: int = 1, minutes: float | None = None) -> Shown:
    return Shown(
        set_id,
        rank,
        f"script of {text[:2]}",
        text,
        after,
        None if minutes is None else NOON + timedelta(minutes=minutes),
    )


def test_likeness_worked_by_hand() -> None:
    # 2 of 2 + 4 characters twice; all of the shorter, which is 2 long: 2 / (2 + 8).
    assert likeness("退货", "怎么退货", 0.5) == (pytest.approx(2 * 2 / 6), pytest.approx(0.2), 0.5)


def test_what_was_sent_as_suggested_is_accepted() -> None:
    (found,) = match_sent([sent(2, RETURN + "～")], [shown("s", 1, SEND), shown("s", 2, RETURN)], by_letters)
    assert found.verdict is Verdict.ACCEPTED
    assert found.shown is not None
    assert found.shown.rank == 2
    assert (found.confidence, found.edit_distance) == (1.0, 1)


def test_what_was_changed_is_edited() -> None:
    (found,) = match_sent([sent(2, RETURN.replace("您放心拍", "你安心下单"))], [shown("s", 1, RETURN)], by_letters)
    assert found.verdict is Verdict.EDITED
    assert found.confidence > 0.9
    # 您放心拍 to 你安心下单: four characters changed or replaced but 心, and one more.
    assert found.edit_distance == 4


def test_a_part_of_the_suggestion_is_edited() -> None:
    (found,) = match_sent([sent(2, RETURN[: len(RETURN) // 2])], [shown("s", 1, RETURN)], by_letters)
    assert found.verdict is Verdict.EDITED


def test_other_words_are_independent() -> None:
    (found,) = match_sent([sent(2, "稍等我问下仓库")], [shown("s", 1, RETURN)], by_letters)
    assert (found.verdict, found.shown, found.last_set_id) == (Verdict.INDEPENDENT, None, "s")
    assert found.confidence > 0.9


@pytest.mark.parametrize("text", ["好的", "您好", "放心", "😂"])
def test_a_few_characters_in_common_are_chance(text: str) -> None:
    (found,) = match_sent([sent(2, text)], [shown("s", 1, RETURN + "好的您好")], by_letters)
    assert found.verdict is Verdict.INDEPENDENT


def test_one_suggestion_serves_one_message() -> None:
    first, second = match_sent([sent(2, RETURN), sent(3, RETURN)], [shown("s", 1, RETURN)], by_letters)
    assert {first.verdict, second.verdict} == {Verdict.ACCEPTED, Verdict.INDEPENDENT}
    assert min(first.confidence, second.confidence) == 0.0


def test_two_messages_find_the_two_suggestions_they_came_from() -> None:
    found = match_sent([sent(2, SEND), sent(3, RETURN)], [shown("s", 1, RETURN), shown("s", 2, SEND)], by_letters)
    assert [one.shown.rank for one in found if one.shown] == [2, 1]


def test_of_equal_suggestions_the_latest_and_highest_was_used() -> None:
    offers = [shown("a", 1, RETURN, minutes=0), shown("b", 2, RETURN, minutes=1), shown("b", 1, RETURN, minutes=1)]
    (found,) = match_sent([sent(2, RETURN, 2)], offers, by_letters)
    assert found.shown == offers[2]


def test_only_what_was_shown_shortly_before_counts() -> None:
    offer = shown("s", 1, RETURN, after=1, minutes=0)
    assert match_sent([sent(2, RETURN, 31)], [offer], by_letters) == []
    assert match_sent([sent(2, RETURN, -1)], [offer], by_letters) == []
    assert match_sent([sent(1, RETURN, 1)], [offer], by_letters) == []
    assert len(match_sent([sent(2, RETURN, 30)], [offer], by_letters)) == 1


def test_without_times_the_next_messages_count() -> None:
    offer = shown("s", 1, RETURN, after=1)
    assert len(match_sent([sent(11, RETURN)], [offer], by_letters)) == 1
    assert match_sent([sent(12, RETURN)], [offer], by_letters) == []


def test_nothing_sent_or_shown_matches_nothing() -> None:
    assert match_sent([], [], by_letters) == []
    assert match_sent([sent(1, RETURN)], [], by_letters) == []
    assert match_sent([], [shown("s", 1, RETURN)], by_letters) == []


texts = st.sampled_from([RETURN, SEND, RETURN + SEND, SEND[:12], "稍等", "好的", "😂"])


@given(
    messages=st.lists(texts, max_size=5),
    offers=st.lists(st.tuples(st.sampled_from("ab"), texts), max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_the_assignment_is_one_to_one_whatever_the_order(
    messages: list[str], offers: list[tuple[str, str]], order: random.Random
) -> None:
    all_sent = [sent(place, text) for place, text in enumerate(messages, start=2)]
    all_shown = [shown(set_id, rank, text) for rank, (set_id, text) in enumerate(offers, start=1)]
    found = match_sent(all_sent, all_shown, by_letters)
    used = [one.shown for one in found if one.shown]
    assert len(set(used)) == len(used)
    assert [one.sent.position for one in found] == ([one.position for one in all_sent] if all_shown else [])
    assert all(0 <= one.confidence <= 1 for one in found)
    order.shuffle(all_sent)
    order.shuffle(all_shown)
    assert match_sent(all_sent, all_shown, by_letters) == found


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [({"threshold": 0.0}, "threshold: got 0.0"), ({"window": timedelta(0)}, "window: got '0:00:00'")],
)
def test_numbers_out_of_range_are_refused(kwargs: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        match_sent([], [], by_letters, **kwargs)


def test_a_position_belongs_to_one_message() -> None:
    with pytest.raises(InvalidValueError, match="each message of a conversation once"):
        match_sent([sent(2, RETURN), sent(2, SEND)], [], by_letters)
