"""The words by which customers say what they want, whatever a shop sells: the file `lexicon.toml`, ready for use."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from knowledge.text import normalise

FILE: Final = Path(__file__).with_name("lexicon.toml")
_LATIN: Final = re.compile(r"[a-z0-9]")


@dataclass(frozen=True)
class Unit:
    """A unit with its words, each with how many of the unit it is; `is_least` when a bare number means at least."""

    name: str
    words: Mapping[str, float]
    is_least: bool


@dataclass(frozen=True)
class ExtremeWords:
    """Words for the most or the least of a measure; of the attribute named beside them when `measure` is empty."""

    words: tuple[str, ...]
    measure: str
    is_highest: bool


@dataclass(frozen=True)
class Lexicon:
    """What the file says; words are in the spelling of `knowledge.text.normalise`."""

    comparison: Mapping[str, tuple[str, ...]]
    money: Mapping[str, tuple[str, ...]]
    money_codes: Mapping[str, frozenset[str]]
    units: tuple[Unit, ...]
    extremes: tuple[ExtremeWords, ...]
    attributes: Mapping[str, tuple[str, ...]]
    same: tuple[tuple[str, ...], ...]
    talk: Mapping[str, tuple[str, ...]]

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> "Lexicon":
        """The file that comes with the package."""
        written: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
        talk = {name: _spelled(words) for name, words in written["words"].items() if name != "same"}
        return cls(
            comparison={name: _spelled(words) for name, words in written["comparison"].items()},
            money={name: _spelled(words) for name, words in written["money"].items()},
            money_codes={name: frozenset(codes) for name, codes in written["money_codes"].items()},
            units=tuple(map(_unit, written["unit"])),
            extremes=tuple(map(_extreme, written["extreme"])),
            attributes={group["name"]: _spelled(group["words"]) for group in written["attribute"]},
            same=tuple(map(_spelled, written["words"]["same"])),
            talk=talk,
        )

    @cached_property
    def unit_words(self) -> dict[str, list[tuple[Unit, float]]]:
        """For each word the units it may name, in the order of the file."""
        found: dict[str, list[tuple[Unit, float]]] = {}
        for unit in self.units:
            for word, factor in unit.words.items():
                found.setdefault(word, []).append((unit, factor))
        return found

    @cached_property
    def same_words(self) -> dict[str, tuple[str, ...]]:
        """For each word, all words of its meaning; of several meanings the first."""
        found: dict[str, tuple[str, ...]] = {}
        for words in self.same:
            for word in words:
                found.setdefault(word, words)
        return found

    @cached_property
    def attribute_of(self) -> dict[str, str]:
        """The attribute group that each word belongs to."""
        return {word: name for name, words in reversed(list(self.attributes.items())) for word in words}

    @cached_property
    def attribute_pattern(self) -> re.Pattern[str]:
        """Finds words of attribute groups, the longest first."""
        return any_of(self.attribute_of)


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of these words, the longest first; Latin words only as whole words.

    It looks at the first character before it tries the words, which spares most places of a text hundreds of them.
    """
    known = sorted(set(words), key=lambda one: (-len(one), one))
    firsts = "".join(map(re.escape, sorted({word[0] for word in known if word})))
    one_of = "|".join(map(bounded, known))
    return re.compile(f"(?=[{firsts}])(?:{one_of})" if firsts else one_of)


def bounded(word: str) -> str:
    """A pattern for one word, which in Latin script does not stop inside a longer one."""
    before = r"(?<![a-z])" if word[0].isascii() and word[0].isalpha() else ""
    after = r"(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else ""
    return f"{before}{re.escape(word)}{after}"


def is_latin(text: str) -> bool:
    """Whether a text has letters a to z or digits."""
    return _LATIN.search(text) is not None


def _spelled(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(word) for word in words))


def _unit(written: Mapping[str, Any]) -> Unit:
    words = {normalise(word): float(factor) for word, factor in written["words"].items()}
    return Unit(written["name"], words, written.get("bare") == "at_least")


def _extreme(written: Mapping[str, Any]) -> ExtremeWords:
    return ExtremeWords(_spelled(written["words"]), written.get("measure", ""), written.get("highest", False))
