"""Likeness of the text shown and the text sent."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics.text import character_f1, characters, rouge_l, units

texts = st.text(alphabet="亲您好abc 12，。!\u3000Ａ😊", max_size=12)


def test_characters_are_read_without_case_width_spacing_and_marks() -> None:
    assert characters("亲， ＡＢ c_1!\n😊") == "亲abc1"
    assert characters("😊 !") == "😊!"
    assert characters(" \n") == ""


def test_chinese_is_counted_by_character_and_other_words_as_a_whole() -> None:
    assert units("亲，SPF50 Sunscreen 到货了!") == ["亲", "spf50", "sunscreen", "到", "货", "了"]
    assert units("😊 !") == ["😊", "!"]


def test_character_f1_counts_what_both_have_with_repetitions() -> None:
    # common: 好, 好, 的 -> 3 of 4 shown and of 5 sent
    assert character_f1("好好的呀", "的好好，好嘞") == pytest.approx(2 * 3 / (4 + 5))
    assert character_f1("好的", "的好") == 1
    assert character_f1("", "好的") == 0


def test_rouge_keeps_the_order() -> None:
    assert rouge_l("好的", "的好") == pytest.approx(1 / 2)
    # longest common subsequence: the cat sat -> 3 of 4 and 3 of 5 words
    assert rouge_l("The cat sat down", "the big cat has sat") == pytest.approx(2 * 3 / (4 + 5))
    assert rouge_l("亲，明天发货哦", "明天就发货") == pytest.approx(2 * 4 / (6 + 5))


@pytest.mark.parametrize("likeness", [character_f1, rouge_l])
def test_nothing_sent_is_nothing_to_compare_with(likeness: object) -> None:
    assert math.isnan(likeness("好的", " "))  # type: ignore[operator]


@settings(deadline=None)
@given(texts, texts)
def test_both_are_shares_and_one_exactly_for_equal_reading(shown: str, sent: str) -> None:
    for likeness, read in ((character_f1, lambda text: sorted(characters(text))), (rouge_l, units)):
        value = likeness(shown, sent)
        if not characters(sent):
            assert math.isnan(value)
            continue
        assert 0 <= value <= 1
        assert (value == 1) == (read(shown) == read(sent))
        assert value == pytest.approx(likeness(sent, shown)) or not characters(shown)


@settings(deadline=None)
@given(texts, texts)
def test_rouge_equals_the_quadratic_recurrence(shown: str, sent: str) -> None:
    ours, theirs = units(shown), units(sent)
    table = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i, one in enumerate(ours):
        for j, other in enumerate(theirs):
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else max(table[i][j + 1], table[i + 1][j])
    if theirs:
        assert rouge_l(shown, sent) == pytest.approx(2 * table[-1][-1] / (len(ours) + len(theirs)))
