"""How Chinese characters sound and look, as far as a slip of the pen or the keyboard needs it.

`knowledge/pinyin.txt` is derived from pypinyin, `knowledge/shapes.txt` from a font, by the programs of the same names
in `docs/measurements`; they are read at the first message that needs them.
"""

from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
MAX_SPELLINGS: Final = 8
LONGEST: Final = len("zhuang")
_NO_WORD: Final = frozenset({"n", "ng", "hng", "o", "m", "lo", "yo"})
"""Interjections; no word is spelled with them."""


def alike(character: str) -> str:
    """Characters that sound like this one, tone aside, then those that look like it; each once."""
    sounding = "".join(read_as(syllable) for syllable in _readings().get(character, ()))
    found = dict.fromkeys(sounding + _shapes().get(character, ""))
    found.pop(character, None)
    return "".join(found)


def read_as(syllable: str) -> str:
    """The characters read as a syllable."""
    return _characters().get(syllable, "")


def syllables() -> Iterable[str]:
    """Every syllable that some character is read as."""
    return _characters().keys()


def spellings(word: str) -> list[list[str]]:
    """A word of Latin letters as syllables of pinyin, in every way with as few as possible; none when it is no pinyin.

    At most eight ways: `mingan` is min-gan and ming-an. An apostrophe is a border: `xi'an` is xi-an.
    """
    if "'" in word:
        parts = [spellings(part) for part in word.split("'")]
        return [[syllable for part in way for syllable in part] for way in product(*parts)][:MAX_SPELLINGS]
    ways: list[list[list[str]]] = [[] for _ in word] + [[[]]]
    for start in range(len(word) - 1, -1, -1):
        firsts = (word[start:end] for end in range(min(len(word), start + LONGEST), start, -1))
        known = [first for first in firsts if first in _characters() and first not in _NO_WORD]
        found = [[first, *rest] for first in known for rest in ways[start + len(first)]]
        fewest = min(map(len, found), default=0)
        ways[start] = [way for way in found if len(way) == fewest][:MAX_SPELLINGS]
    return ways[0]


@cache
def _characters() -> dict[str, str]:
    lines = (_FOLDER / "pinyin.txt").read_text(encoding="utf-8").splitlines()
    return {syllable: characters for syllable, _, characters in (line.partition(" ") for line in lines)}


@cache
def _readings() -> dict[str, list[str]]:
    readings: dict[str, list[str]] = {}
    for syllable, characters in _characters().items():
        for character in characters:
            readings.setdefault(character, []).append(syllable)
    return readings


@cache
def _shapes() -> dict[str, str]:
    lines = (_FOLDER / "shapes.txt").read_text(encoding="utf-8").split()
    return {line[0]: line[1:] for line in lines}
