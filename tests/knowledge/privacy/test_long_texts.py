"""Long messages take time in proportion: work is counted, and no expression can backtrack without end."""

import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from knowledge.privacy import (
    addresses,
    american_addresses,
    chinese_names,
    cued,
    emails,
    english_names,
    find_personal,
    finding,
    folding,
    marks,
    name_shapes,
    numbers,
)

MODULES = (
    *(addresses, american_addresses, chinese_names, cued, emails, english_names, finding, folding, marks, name_shapes),
    numbers,
)
REPEATS = (re._constants.MAX_REPEAT, re._constants.MIN_REPEAT)  # type: ignore[attr-defined]
MANY = 64


def patterns() -> Iterator[re.Pattern[str]]:
    for module in MODULES:
        yield from (value for value in vars(module).values() if isinstance(value, re.Pattern))
    yield from (cue.words for cue in cued._CUES)
    yield from (cue.value for cue in cued._CUES)
    yield from american_addresses._streets()
    yield american_addresses._places()


def parts(parsed: Any) -> Iterator[tuple[Any, Any]]:
    for operator, argument in parsed:
        yield operator, argument
        for inner in argument if isinstance(argument, (tuple, list)) else ():
            lists = inner if isinstance(inner, list) else [inner]
            for each in lists:
                if isinstance(each, re._parser.SubPattern):  # type: ignore[attr-defined]
                    yield from parts(each)


def is_endless_inside_endless(parsed: Any) -> bool:
    """Whether a repetition of many rounds holds another of many rounds, which is what makes matching explode."""
    for operator, argument in parts(parsed):
        if operator in REPEATS and argument[1] > MANY:
            inner = [each for kind, each in parts(argument[2]) if kind in REPEATS and each[1] > MANY]
            if inner:
                return True
    return False


def test_the_check_recognises_an_expression_that_explodes() -> None:
    assert is_endless_inside_endless(re._parser.parse("(?:a+b?)+c"))  # type: ignore[attr-defined]
    assert not is_endless_inside_endless(re._parser.parse("(?:a{1,3}b?)+c"))  # type: ignore[attr-defined]


def test_no_expression_repeats_endlessly_inside_an_endless_repetition() -> None:
    found = list(patterns())
    assert len(found) > 50
    assert [each.pattern for each in found if is_endless_inside_endless(re._parser.parse(each.pattern))] == []  # type: ignore[attr-defined]


def n_calls(text: str) -> int:
    """How many functions are called for a text, those in C included."""
    n = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal n
        n += event in ("call", "c_call")

    find_personal(text)
    sys.setprofile(count)
    try:
        find_personal(text)
    finally:
        sys.setprofile(None)
    return n


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "a",
        "路",
        "1 ",
        "1a",
        "张",
        "张三 ",
        "上海市",
        "一三",
        "@",
        "a@",
        "微信",
        "我叫",
        "号1",
        "{{",
        "[",
        "138-",
        "Mr. Al ",
        "5 Oak ",
        "x\u200b",
    ],
)
def test_a_text_four_times_as_long_takes_about_four_times_the_work(piece: str) -> None:
    assert n_calls(piece * (20_000 // len(piece))) < 5 * n_calls(piece * (5_000 // len(piece))) + 1_000
