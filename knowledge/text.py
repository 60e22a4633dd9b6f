"""One reading of text for both sides of every comparison: what is stored and what is asked.

Full-width and half-width, traditional, simplified and variant characters, capitals, spacing and invisible characters
are differences of writing, not of meaning, and disappear here. `knowledge/variants.txt` lists the variant characters
(one line: a character, then those written as it); it is derived from OpenCC's dictionaries and kept as a file so that
text stored today and asked tomorrow is read alike, whatever version of OpenCC is installed.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

_RULES: Final = "1"
"""To be raised with every change of what `normalise`, `canonical` or `tokenise` make of a text."""
_VARIANTS: Final = Path(__file__).with_name("variants.txt")
_FILLERS: Final = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0)
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))

_DROPPED: Final = re.compile(r"[\W_]+")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9])[\W_]+(?=[0-9])")
_THOUSANDS: Final = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")

_HAN: Final = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"  # and kana
_LETTERS: Final = rf"(?:(?![{_HAN}])[^\W_])+"
_PIECES: Final = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>{_LETTERS}(?:[-._/+&'’]{_LETTERS})*)|(?P<symbol>[^\w\s])")
_EMOJI: Final = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]+")
_PARTS: Final = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_JOINTS: Final = re.compile(r"[^\w.]|_")


def normalise(text: str) -> str:
    """The text in its one spelling: NFKC, simplified characters, lower case, single spaces, nothing invisible.

    Emoji and punctuation stay. Normalising twice changes nothing.
    """
    return _respelled(text, _folding())


def for_encoder(text: str) -> str:
    """The text in its one spelling with its capitals and without emoji: what both sides should show an encoder.

    Encoders know simplified characters better than traditional ones, and an emoji moves a short message far from where
    it belongs. A text of nothing but emoji keeps them.
    """
    spelled = _respelled(text, _spelling())
    return " ".join(_EMOJI.sub(" ", spelled).split()) or spelled


def canonical(text: str) -> str:
    """The text without spacing, punctuation and emoji: two messages of equal canonical form say the same.

    A mark between two digits stays, because 3.5 is not 35 and 1-2 is not 12. A message of nothing but marks is its
    own normal form, so that "?" still equals itself.
    """
    normal = normalise(text)
    bare = _BETWEEN_DIGITS.sub(_kept_mark, _THOUSANDS.sub("", normal))
    parts = re.split(r"(?<=[0-9])([^\w]|_)(?=[0-9])", bare)
    joined = "".join(part if i % 2 else _DROPPED.sub("", part) for i, part in enumerate(parts))
    return joined or normal


def tokenise(text: str) -> list[str]:
    """The words and characters a search compares, in order and with repetitions; empty for a blank text."""
    tokens: list[str] = []
    for piece in _PIECES.finditer(normalise(text)):
        found = piece.group()
        if piece.lastgroup == "han":
            tokens += found
            tokens += map(str.__add__, found, found[1:])
        elif piece.lastgroup == "word":
            tokens += _word_tokens(found)
        elif unicodedata.category(found) == "So":
            tokens.append(found)
    return tokens


def reading() -> str:
    """Twelve hexadecimal digits that change with the rules and the table by which text is read here.

    What was stored under another reading cannot be compared with what is asked under this one.
    """
    return _digest()


def _respelled(text: str, folding: "_Folding") -> str:
    folded = unicodedata.normalize("NFKC", text.translate(folding))
    while (again := unicodedata.normalize("NFKC", folded.translate(folding))) != folded:
        folded = again
    return " ".join(folded.split())


def _word_tokens(word: str) -> list[str]:
    """The parts of a word, number or product code and, when it has several, the whole without its marks."""
    if word.isalpha():
        return [word]
    parts = _PARTS.findall(word)
    return parts if len(parts) == 1 else [*parts, _JOINTS.sub("", word)]


def _kept_mark(between: re.Match[str]) -> str:
    return (between.group().strip() or " ")[0]


@cache
def _digest() -> str:
    return sha256(_RULES.encode() + _VARIANTS.read_bytes()).hexdigest()[:12]


@cache
def _folding() -> "_Folding":
    return _Folding(str.casefold)


@cache
def _spelling() -> "_Folding":
    return _Folding(str)


class _Folding(dict[int, str | None]):
    """A `str.translate` table that works out each code point when it is first met."""

    def __init__(self, in_case: Callable[[str], str]) -> None:
        groups = _VARIANTS.read_text(encoding="utf-8").split()
        super().__init__({ord(variant): group[0] for group in groups for variant in group[1:]})
        self.in_case = in_case

    def __missing__(self, code: int) -> str | None:
        self[code] = folded = _folded(chr(code), self)
        return folded


def _folded(character: str, folding: _Folding) -> str | None:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs") or ord(character) in _FILLERS or any(ord(character) in codes for codes in _SELECTORS):
        return None
    if category[0] == "Z" or category == "Cc":
        return " "
    plain = folding.in_case(unicodedata.normalize("NFKC", character))
    return plain if plain == character else plain.translate(folding)
