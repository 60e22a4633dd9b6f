"""What the agent did with what was shown."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError
from eval.metrics.acceptance import acceptance, keystrokes_saved

texts = st.text(alphabet="亲您好ab", max_size=8)


def test_an_item_is_accepted_when_it_stands_among_the_first_k() -> None:
    assert [acceptance(["a", "b", "c"], "b", k) for k in (1, 2, 3)] == [0, 1, 1]
    assert acceptance([], "b", 3) == 0
    assert math.isnan(acceptance(["a"], None, 1))
    with pytest.raises(EvalError, match="acceptance@0"):
        acceptance(["a"], "a", 0)


def test_a_text_sent_as_shown_costs_one_key() -> None:
    assert keystrokes_saved(["您好，有货的"], "您好，有货的") == pytest.approx((6 - 1) / 6)


def test_editing_costs_a_key_a_character_and_starts_from_the_best_text() -> None:
    # one replaced and one added, after one key to accept: 3 of 10 typed
    assert keystrokes_saved(["zzzz", "abcdefgXi"], "abcdefghij") == pytest.approx((10 - 3) / 10)


def test_what_is_of_no_use_saves_nothing_and_never_less() -> None:
    assert keystrokes_saved([], "您好") == 0
    assert keystrokes_saved(["completely different and long"], "您好") == 0
    assert keystrokes_saved(["好"], "好") == 0  # accepting costs as much as typing


def test_nothing_sent_is_nothing_to_save() -> None:
    assert math.isnan(keystrokes_saved(["您好"], ""))


@settings(deadline=None)
@given(st.lists(texts, max_size=4), texts.filter(bool))
def test_equals_the_definition_by_dynamic_programming(shown: list[str], sent: str) -> None:
    least = min((1 + edits(text, sent) for text in shown), default=len(sent))
    assert keystrokes_saved(shown, sent) == pytest.approx(max(0, len(sent) - least) / len(sent))


@settings(deadline=None)
@given(st.lists(texts, max_size=4), texts, texts.filter(bool))
def test_showing_more_never_saves_less(shown: list[str], another: str, sent: str) -> None:
    assert keystrokes_saved([*shown, another], sent) >= keystrokes_saved(shown, sent)


def edits(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        above, row[0] = row[:], i
        for j, right in enumerate(other, start=1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
    return row[-1]
