"""Finding texts by how they are typed: by initials (`thzc` for 退货政策) or in full pinyin (`tuihuo` for 退货)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from string import ascii_lowercase, digits
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.text import canonical
from knowledge.text_sounds import LONGEST, read_as, spellings, syllables

MIN_INITIALS: Final = 2
"""A single initial is in nearly every text."""
MAX_TYPED: Final = 40
_TYPED: Final = re.compile(r"[a-z0-9']+")
_BREAK: Final = "\n"
_FIRST_HAN: Final = 0x3400
_BIT: Final = {letter: np.uint64(1 << place) for place, letter in enumerate(ascii_lowercase + digits)}


@dataclass(frozen=True)
class Sounded:
    """Where texts are read as somebody typed: the rows, where in them it begins, and how many characters it is."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]
    length: int

    def __len__(self) -> int:
        return len(self.rows)


class SoundTable:
    """Some texts as they sound, one a row.

    A character that is read in several ways is found by each of them. Latin letters and digits stand for themselves,
    but only beside a Chinese character: words of other languages are not spelled by their initials.
    """

    def __init__(self, rows: Sequence[str]) -> None:
        """Take texts as `sounding` makes them."""
        self._text = "".join(row + _BREAK for row in rows)
        self._codes = np.frombuffer(self._text.encode("utf-32-le"), np.uint32)
        self._starts = np.array([0, *accumulate(len(row) + 1 for row in rows)][: len(rows)], np.intp)
        table = _initials()
        self._initials = table[np.minimum(self._codes, len(table) - 1)]
        self._places = cache(lambda letter: np.flatnonzero(self._initials & _BIT[letter]))
        self._is_han = self._codes >= _FIRST_HAN

    def characters(self, found: Sounded, which: int) -> str:
        """The characters at one of the places found."""
        start = int(self._starts[found.rows[which]] + found.starts[which])
        return self._text[start : start + found.length]

    def find_initials(self, typed: str) -> Sounded:
        """Every place whose characters begin with these letters, one each; none for fewer than two letters."""
        letters = typed_letters(typed.replace("'", ""))
        if len(letters) < MIN_INITIALS:
            return _NOWHERE
        return self._sounded(self._beginning_with(letters), len(letters))

    def find_pinyin(self, typed: str) -> list[Sounded]:
        """Every place whose characters are read as typed, for each way to read it as syllables.

        The last syllable may be unfinished.
        """
        ways = _ways(typed_letters(typed))
        return [found for way in ways if len(found := self._sounded(self._read_as(way), len(way)))]

    def _beginning_with(self, letters: Sequence[str]) -> NDArray[np.intp]:
        """Where characters in a row begin so, looked for from the rarest letter on."""
        rarest = min(range(len(letters)), key=lambda distance: len(self._places(letters[distance])))
        places = self._places(letters[rarest]) - rarest
        places = places[(places >= 0) & (places <= len(self._initials) - len(letters))]
        for distance, letter in enumerate(letters):
            if distance != rarest:
                places = places[(self._initials[places + distance] & _BIT[letter]) != 0]
        return places

    def _read_as(self, way: Sequence[str]) -> NDArray[np.intp]:
        places = self._beginning_with([syllable[0] for syllable in way])
        for distance, syllable in enumerate(way):
            places = places[np.isin(self._codes[places + distance], _codes_read_as(syllable))]
        return places

    def _sounded(self, places: NDArray[np.intp], length: int) -> Sounded:
        with_han = np.zeros(len(places), np.bool_)
        for distance in range(length):
            with_han |= self._is_han[places + distance]
        places = places[with_han]
        rows = np.searchsorted(self._starts, places, side="right") - 1
        return Sounded(rows, places - self._starts[rows], length)


def sounding(text: str) -> str:
    """A text as rows of a table hold it."""
    return canonical(text).replace(_BREAK, "")


def typed_letters(typed: str) -> str:
    """What somebody typed in one, when it is nothing but Latin letters, digits and apostrophes; else nothing."""
    joined = "".join(typed.lower().split())
    return joined if len(joined) <= MAX_TYPED and _TYPED.fullmatch(joined) else ""


def _ways(letters: str) -> list[tuple[str, ...]]:
    """Ways to read letters as syllables, the last of which may be the beginning of one (marked by a final `*`)."""
    whole = [tuple(way) for way in spellings(letters) if way]
    return whole + [way for way in _unfinished(letters) if (*way[:-1], way[-1][:-1]) not in whole]


def _unfinished(letters: str) -> Iterator[tuple[str, ...]]:
    for n_last in range(1, min(LONGEST, len(letters) - 1) + 1):
        head, tail = letters[:-n_last], letters[-n_last:]
        if any(one.startswith(tail) for one in syllables()):
            yield from ((*way, f"{tail}*") for way in spellings(head))


_NOWHERE: Final = Sounded(np.empty(0, np.intp), np.empty(0, np.intp), 0)


@cache
def _codes_read_as(syllable: str) -> NDArray[np.uint32]:
    """The characters read as a syllable, or as any that begins so where it ends in `*`."""
    begun = syllable.removesuffix("*")
    known = [one for one in syllables() if one.startswith(begun)] if syllable != begun else [begun]
    return np.array(sorted({ord(one) for each in known for one in read_as(each)}), np.uint32)


@cache
def _initials() -> NDArray[np.uint64]:
    """For each code point the set of letters it may begin with, as bits; the last entry stands for all beyond."""
    letters = {ord(letter): bit for letter, bit in _BIT.items()}
    for syllable in syllables():
        for character in read_as(syllable):
            letters[ord(character)] = letters.get(ord(character), np.uint64(0)) | _BIT[syllable[0]]
    table = np.zeros(max(letters) + 2, np.uint64)
    table[list(letters)] = list(letters.values())
    return table
