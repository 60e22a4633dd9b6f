from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.errors import InvalidValueError
from knowledge.health.gaps import coverage_gaps, has_words
from knowledge.health.rows import Asked, Unanswered

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
MakeEncoder = Callable[[Mapping[str, str]], Encode]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def asked(
    message: str,
    conversation_id: str | None = None,
    *,
    why: Unanswered = Unanswered.ABSTAINED,
    converted: bool | None = None,
    amount_fen: int | None = None,
) -> Asked:
    customer_id = None if conversation_id is None else f"of {conversation_id}"
    return Asked(message, why, NOON, conversation_id, customer_id, converted, amount_fen)


def unchanged(text: str) -> str:
    return text


def test_a_gap_and_what_is_at_stake(by_meaning: MakeEncoder) -> None:
    rows = [
        asked("可以开发票吗", "c1", converted=True, amount_fen=10_000),
        asked("可以开发票吗", "c1", why=Unanswered.IGNORED, converted=True, amount_fen=10_000),
        asked("能开发票么", "c2", converted=False),
        asked("开发票", "c3", why=Unanswered.DISMISSED, converted=False),
        asked("可以开发票吗？", "c4"),
        asked("有没有礼盒", "c5", converted=True, amount_fen=30_000),
    ]
    (gap,) = coverage_gaps(rows, by_meaning({"发票": "invoice"}), unchanged).gaps
    # Ties of equally frequent texts go to the shorter one.
    assert gap.triggers == ("可以开发票吗", "开发票", "能开发票么")
    assert (gap.n_messages, gap.n_texts, gap.n_conversations, gap.n_customers) == (5, 3, 4, 4)
    assert gap.why == {Unanswered.ABSTAINED: 3, Unanswered.DISMISSED: 1, Unanswered.IGNORED: 1}
    assert (gap.n_converted, gap.n_not_converted, gap.n_unknown) == (1, 2, 1)
    assert gap.amount_fen == 10_000
    # Two conversations without an order; the two with one brought 200 yuan on average.
    assert gap.at_stake_fen == 2 * 20_000


def test_without_any_order_nobody_knows_what_is_at_stake(by_meaning: MakeEncoder) -> None:
    (gap,) = coverage_gaps([asked("开发票", "c1"), asked("开发票", "c2")], by_meaning({}), unchanged).gaps
    assert gap.at_stake_fen is None


def test_the_gap_with_most_at_stake_comes_first(by_meaning: MakeEncoder) -> None:
    rows = [
        *(asked("开发票", f"a{i}", converted=True, amount_fen=100) for i in range(5)),
        *(asked("有礼盒吗", f"b{i}", converted=False) for i in range(2)),
    ]
    gaps = coverage_gaps(rows, by_meaning({}), unchanged).gaps
    assert [gap.triggers for gap in gaps] == [("有礼盒吗",), ("开发票",)]


def test_no_text_is_shown_unmasked(by_meaning: MakeEncoder) -> None:
    rows = [asked("我叫小明，能开发票吗"), asked("我叫小红，能开发票吗")]
    masked = coverage_gaps(rows, by_meaning({}), lambda text: text.replace("小明", "[姓名]").replace("小红", "[姓名]"))
    (gap,) = masked.gaps
    assert gap.triggers == ("我叫[姓名]，能开发票吗",)
    assert gap.n_messages == 2


def test_a_hundred_thousand_identical_messages_are_masked_and_encoded_once(by_meaning: MakeEncoder) -> None:
    calls = {"mask": 0, "encode": 0}

    def mask(text: str) -> str:
        calls["mask"] += 1
        return text

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        calls["encode"] += len(texts)
        return by_meaning({})(texts)

    (gap,) = coverage_gaps([asked("开发票")] * 100_000, encode, mask).gaps
    assert gap.n_messages == gap.n_conversations == 100_000
    assert calls["mask"] == 1
    assert calls["encode"] <= 1


def test_emoji_alone_are_no_gap(by_meaning: MakeEncoder) -> None:
    found = coverage_gaps([asked("😂😂"), asked("！！"), asked(" ")], by_meaning({}), unchanged)
    assert found.gaps == ()
    assert (found.n_messages, found.n_without_words) == (3, 3)


def test_what_is_too_rare_to_be_grouped_is_counted(by_meaning: MakeEncoder) -> None:
    rows = [asked("开发票"), asked("开发票"), asked("有礼盒吗"), asked("能刻字吗")]
    found = coverage_gaps(rows, by_meaning({}), unchanged, most_texts=1)
    assert [gap.triggers for gap in found.gaps] == [("开发票",)]
    assert found.n_left_out == 2


def test_a_single_message_is_a_gap_only_when_asked_for(by_meaning: MakeEncoder) -> None:
    assert coverage_gaps([asked("开发票")], by_meaning({}), unchanged).gaps == ()
    assert len(coverage_gaps([asked("开发票")], by_meaning({}), unchanged, least_messages=1).gaps) == 1


def test_nothing_asked_is_no_gap(by_meaning: MakeEncoder) -> None:
    assert coverage_gaps([], by_meaning({}), unchanged).gaps == ()


def test_the_order_of_messages_changes_nothing(by_meaning: MakeEncoder) -> None:
    rows = [asked(text, f"c{i}") for i, text in enumerate(["开发票", "能开发票么", "礼盒", "有礼盒吗", "开发票"])]
    encode = by_meaning({"发票": "invoice", "礼盒": "gift"})
    assert coverage_gaps(rows, encode, unchanged) == coverage_gaps(rows[::-1], encode, unchanged)


@pytest.mark.parametrize("name", ["least_messages", "most_texts"])
def test_counts_are_one_or_more(name: str, by_meaning: MakeEncoder) -> None:
    with pytest.raises(InvalidValueError, match=f"{name}: got 0, expected 1 or more"):
        coverage_gaps([], by_meaning({}), unchanged, **{name: 0})


@pytest.mark.parametrize(
    ("text", "has"), [("开", True), ("7", True), ("ok", True), ("😂", False), ("?!", False), ("", False)]
)
def test_words_are_letters_characters_and_digits(text: str, has: bool) -> None:
    assert has_words(text) is has
