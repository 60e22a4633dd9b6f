"""English numbers in words as digits: a thousand, fifteen hundred, two and a half grand."""

import re
from typing import Final

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL: Final = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_LARGE: Final = {"hundred": 100, "thousand": 1000, "grand": 1000}
_SIGN: Final = "|".join([*_SMALL, *_LARGE])
_WORDS: Final = re.compile(
    rf"\b(?:(?:a|an)\s+(?=hundred|thousand|grand)|(?P<figures>\d+(?:\.\d+)?)\s+(?=hundred|thousand|grand))?"
    rf"(?P<words>(?:{_SIGN})(?:(?:[\s-]+(?:and\s+)?)(?:{_SIGN}))*)\b"
)


def in_digits(text: str) -> str:
    """The normalised text with numbers of ten or more in digits; "one" and other small ones are as often no number."""
    return _WORDS.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    words = [word for word in re.split(r"[\s-]+", match["words"]) if word != "and"]
    figures = match["figures"]
    value = _value(words, float(figures) if figures else 0.0)
    if (
        value < 10
        and len(words) == 1
        and not re.match(r"[\s-]*(?:inch|seat|cup|hour|kg|kilo)", match.string[match.end() :])
    ):
        return match.group()
    return f"{value:g}" if value < 1_000_000 else match.group()


def _value(words: list[str], start: float) -> float:
    total, part = 0.0, start
    for word in words:
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = (part or 1.0) * 100
        else:
            total, part = total + (part or 1.0) * 1000, 0.0
    return total + part
