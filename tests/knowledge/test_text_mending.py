"""Reading past slips, by what the library's own texts say."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.text import tokenise
from knowledge.text_mending import mended
from knowledge.text_sounds import alike, read_as, spellings

LIBRARY = (
    "敏感肌可以用吗",
    "退货的运费谁来出",
    "我想要优惠券",
    "什么时候发货",
    "这款面膜多少钱",
    "你好在吗",
    "谢谢你",
    "can i return the cleanser",
)
COUNTS = Counter(token for text in LIBRARY for token in set(tokenise(text)))


def count(tokens: Sequence[str]) -> NDArray[np.int64]:
    return np.array([COUNTS[token] for token in tokens], np.int64)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("敏敢肌可以用吗", "敏感肌可以用吗"),  # sounds alike
        ("敏惑肌可以用吗", "敏感肌可以用吗"),  # looks alike
        ("什么时候发贷", "什么时候发货"),  # the last character, and the library does not know the typed one
        ("退货的运肥谁来出", "退货的运费谁来出"),
        ("什么时候候发货", "什么时候发货"),
        ("什么候时发货", "什么时候发货"),
        ("mingan肌可以用吗", "敏感肌可以用吗"),
        ("minganji keyi yong ma", "敏感肌可以用吗"),
        ("shenme shihou fahuo", "什么时候发货"),
        ("這款麵膜多少錢", "這款麵膜多少錢"),  # written differently, not wrongly
        ("can i retrun the cleanser", "can i return the cleanser"),
        ("can i return the cleansee", "can i return the cleanser"),
        ("什么时候发货[玫瑰][玫瑰]", "什么时候发货"),
        ("[玫瑰]", "[玫瑰]"),
    ],
)
def test_a_slip_is_read_as_what_the_library_knows(typed: str, meant: str) -> None:
    assert mended(typed, count) == meant


@pytest.mark.parametrize("text", LIBRARY)
def test_what_the_library_says_is_never_changed(text: str) -> None:
    assert mended(text, count) == text


@pytest.mark.parametrize(
    "text",
    [
        "今天天气怎么样",  # no neighbour speaks for anything else
        "明年车展在哪里举办",
        "谢谢",  # twice the same on purpose
        "hi",
        "SIZE M",  # English, though si-ze could be pinyin
        "ok",
        "?",
        "",
        "   ",
    ],
)
def test_what_has_no_better_reading_stays_as_it_was_typed(text: str) -> None:
    assert mended(text, count) == text


def test_a_character_the_library_knows_is_not_changed_on_the_word_of_one_neighbour() -> None:
    """出 is known, and 货出 is not; that 货 stands before nothing else is no reason to read another word."""
    assert mended("发货出", count) == "发货出"


def test_a_particle_is_never_taken_for_a_slip() -> None:
    assert mended("敏感肌可以用吧", count) == "敏感肌可以用吧"


def test_a_message_with_too_many_slips_is_left_alone() -> None:
    """敢 and 客 in seven characters: more than one for every four."""
    assert mended("敏敢肌客以佣吗", count) == "敏敢肌客以佣吗"


def test_characters_that_sound_or_look_alike_are_known() -> None:
    assert "感" in alike("敢")
    assert "感" in alike("惑")
    assert "货" in alike("贷")
    assert "敢" not in alike("敢")
    assert alike("x") == ""
    assert "重" in read_as("zhong")
    assert "重" in read_as("chong")


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("mingan", [["ming", "an"], ["min", "gan"]]),
        ("xi'an", [["xi", "an"]]),
        ("zhuang", [["zhuang"]]),
        ("mask", []),
        ("n", []),
        ("", [[]]),
    ],
)
def test_pinyin_is_spelled_in_as_few_syllables_as_possible(word: str, ways: list[list[str]]) -> None:
    assert spellings(word) == ways


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(mended(text, count), str)


@settings(deadline=None)
@given(st.text(alphabet="敏感肌可以用吗退货客敢惑贷 minganj'", max_size=12))
def test_without_a_library_nothing_is_mended(text: str) -> None:
    assert mended(text, lambda tokens: np.zeros(len(tokens), np.int64)) == text
