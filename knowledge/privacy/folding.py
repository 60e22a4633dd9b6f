"""A copy of a text in plain spelling, which remembers where each of its characters came from.

Digits of every script, full-width and circled ones, keycaps, traditional characters, capitals and invisible characters
are read as `knowledge.text` reads them. Numbers written in Chinese numerals (一三八…) or with letters for
digits (l38O…) become digits; characters spaced out one by one (上 海 市) close up.
"""

import re
import unicodedata
from array import array
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.privacy.wordlists import common_surnames, given_characters, surnames
from knowledge.text import normalise

HAN: Final = "\u4e00-\u9fff〇"
_NUMERALS: Final = "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_AS_DIGITS: Final = str.maketrans(_NUMERALS + "oli|", "00123456789" + "1" + "123456789" + "0111")
_NUMERAL_RUN: Final = re.compile(rf"[{_NUMERALS}0-9](?:[ \-.·_/,~、。]{{0,2}}[{_NUMERALS}0-9]){{3,}}")
_CONFUSED_RUN: Final = re.compile(r"(?<![a-z0-9])[0-9oli|](?:[\-.]?[0-9oli|]){6,}(?![a-z0-9])")
_NUMERAL: Final = re.compile(rf"[{_NUMERALS}]")
_CONFUSED: Final = re.compile(r"[0-9][.-]?[oli|]|[oli|][.-]?[0-9]")
_SPACED: Final = re.compile(rf"[{HAN}](?:[ .·_~-]{{1,2}}[{HAN}a-z0-9](?![a-z])){{2,}}")
_SPACE: Final = re.compile(rf"[{HAN}][ .·_~-]")
_GAP: Final = re.compile(rf"(?<=[{HAN}a-z0-9])[ .·_~-]{{1,2}}(?=[{HAN}a-z0-9])")
_UNSTEADY: Final = re.compile("[^\u4e00-\u9fff -~，。！？、：；（）]")
"""Characters of which some become none or several."""
_PRIVATE_USE: Final = "Co"
MIN_NUMERALS: Final = 3
MIN_DIGITS: Final = 4


@dataclass(frozen=True)
class Folded:
    """The plain copy; `starts` gives the place in the original of each character, or is None where nothing moved."""

    text: str
    starts: "array[int] | None"

    def place(self, start: int, end: int, original: str) -> tuple[int, int]:
        """Where characters `start` to `end` of the copy stand in the original, invisible ones behind them included."""
        if self.starts is None:
            return start, end
        after = self.starts[end] if end < len(self.starts) else len(original)
        last = self.starts[end - 1]
        return self.starts[start], last + max(1, len(original[last:after].rstrip()))


def fold(text: str) -> Folded:
    """The plain copy of a text."""
    table = _table()
    plain = text.translate(table)
    moved = _UNSTEADY.search(text) is not None and not table.resized.isdisjoint(text)
    starts = _starts(text, table) if moved else None
    for spaced in (_SPACED, _spaced_name()) if _SPACE.search(plain) else ():
        if spaced.search(plain):
            plain, starts = _closed_up(spaced, plain, starts or array("l", range(len(plain))))
    return Folded(_with_digits(plain), starts)


def _with_digits(plain: str) -> str:
    plain = _NUMERAL_RUN.sub(_numerals_as_digits, plain)
    if _CONFUSED.search(plain):
        plain = _CONFUSED_RUN.sub(_letters_as_digits, plain)
    return plain


def _numerals_as_digits(run: re.Match[str]) -> str:
    found = run.group()
    n_digits = sum(map(str.isdecimal, found))
    n_numerals = len(_NUMERAL.findall(found))
    is_framed = n_digits >= 2 * MIN_DIGITS - 2 and found[0].isdecimal() and found[-1].isdecimal()
    is_number = is_framed or n_numerals >= MIN_NUMERALS - (n_digits >= MIN_DIGITS)
    return found.translate(_AS_DIGITS) if is_number else found


def _letters_as_digits(run: re.Match[str]) -> str:
    found = run.group()
    return found.translate(_AS_DIGITS) if sum(map(str.isdecimal, found)) >= MIN_DIGITS else found


def _starts(text: str, table: "_Table") -> "array[int]":
    starts = array("l")
    for place, character in enumerate(text):
        starts.extend([place] * len(table[ord(character)]))
    return starts


def _closed_up(spaced: re.Pattern[str], plain: str, starts: "array[int]") -> tuple[str, "array[int]"]:
    kept, kept_starts, reached = [], array("l"), 0
    for run in spaced.finditer(plain):
        for gap in _GAP.finditer(plain, run.start(), run.end()):
            kept.append(plain[reached : gap.start()])
            kept_starts.extend(starts[reached : gap.start()])
            reached = gap.end()
    kept.append(plain[reached:])
    kept_starts.extend(starts[reached:])
    return "".join(kept), kept_starts


@cache
def _spaced_name() -> re.Pattern[str]:
    """A name of two characters with a space in it, where a name can begin."""
    common, every, given = ("".join(sorted(some)) for some in (common_surnames(), surnames(), given_characters()))
    return re.compile(rf"(?:(?<![{HAN}])[{common}]|(?<=[是叫为人名姓写成问开的:])[{every}]) [{given}](?![a-z0-9])")


@cache
def _table() -> "_Table":
    return _Table()


class _Table(dict[int, str]):
    """A `str.translate` table that works out each code point when it is first met."""

    def __init__(self) -> None:
        super().__init__({ord("\n"): "\n", ord("•"): "·", ord("○"): "0", ord("_"): "_"})
        self.resized: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = folded = _folded(character)
        if len(folded) != 1:
            self.resized.add(character)
        return folded


def _folded(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category in ("Mn", "Me"):
        return ""
    if category == _PRIVATE_USE:
        return "�"
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if category == "Pd":
        return "-"
    return normalise(character)
