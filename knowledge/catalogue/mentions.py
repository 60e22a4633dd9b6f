"""Finding the values of a catalogue in a message, and whether they are wanted or refused."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.catalogue.facts import CATEGORY, KIND, Value
from knowledge.catalogue.lexicon import Lexicon, any_of
from knowledge.catalogue.phrases import Vocabulary, compact

BLANK: Final = "\n"
"""Stands for what has been read already; no phrase goes across."""
_NEAR_BEFORE, _NEAR_AFTER = 8, 6
_LOOK_BACK: Final = 24


@dataclass(frozen=True)
class Mention:
    """Values named at a place in a text."""

    start: int
    end: int
    values: frozenset[Value]
    is_refused: bool = False
    is_alternative: bool = False


@dataclass(frozen=True)
class _Letters:
    """A text without spaces and marks, and where each character of it stands."""

    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Letters":
        kept = [(sign, place) for place, sign in enumerate(text) if sign == BLANK or compact(sign)]
        return cls("".join(sign for sign, _ in kept), tuple(place for _, place in kept))

    def splits_word(self, at: int) -> bool:
        """Whether a word in Latin script, or a number, goes on from one side of a place to the other."""
        if not 0 < at < len(self.text):
            return False
        left, right = self.text[at - 1], self.text[at]
        is_word = left.isascii() and right.isascii() and left.isalnum() and right.isalnum()
        return is_word and self.places[at] - self.places[at - 1] == 1


def find_mentions(text: str, vocabularies: Sequence[Vocabulary]) -> list[Mention]:
    """The values named in a normalised text, from left to right, each by its longest phrase."""
    letters = _Letters.of(text)
    mentions: list[Mention] = []
    at = 0
    while at < len(letters.text):
        found = None if letters.splits_word(at) else _longest(letters, at, text, vocabularies)
        if found is None:
            at += 1
            continue
        stop, values = found
        mentions.append(_judged(text, letters.places[at], letters.places[stop - 1] + 1, values, mentions))
        at = stop
    return mentions


def blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with these places blank, everything else where it was."""
    signs = list(text)
    for start, end in spans:
        signs[start:end] = BLANK * (end - start)
    return "".join(signs)


def _longest(
    letters: _Letters, at: int, text: str, vocabularies: Sequence[Vocabulary]
) -> tuple[int, frozenset[Value]] | None:
    reach = max(known.longest.get(letters.text[at], 0) for known in vocabularies)
    for stop in range(min(len(letters.text), at + reach), at, -1):
        phrase = letters.text[at:stop]
        if not any(phrase in known.strong or phrase in known.weak for known in vocabularies):
            continue
        end = _whole_word_end(letters, stop)
        if end is None:
            continue
        values = _kinds_first(value for known in vocabularies for value in known.strong.get(phrase, ()))
        values = values or _weak_values(phrase, text, letters.places[at], letters.places[stop - 1] + 1, vocabularies)
        if values:
            return end, values
    return None


def _kinds_first(values: Iterable[Value]) -> frozenset[Value]:
    """What names a category means nothing else; the ends of names count where nothing else is meant."""
    found = frozenset(values)
    categories = frozenset(value for value in found if value.attribute == CATEGORY)
    return categories or frozenset(value for value in found if value.attribute != KIND) or found


def _whole_word_end(letters: _Letters, stop: int) -> int | None:
    """Where a phrase ends that may be followed by the s of a plural; None inside of a word."""
    if not letters.splits_word(stop):
        return stop
    for plural in ("es", "s"):
        end = stop + len(plural)
        if letters.text[stop:end] == plural and letters.text[stop - 1].isalpha() and not letters.splits_word(end):
            return end
    return None


def _weak_values(phrase: str, text: str, start: int, end: int, vocabularies: Sequence[Vocabulary]) -> frozenset[Value]:
    """Values named by a common word, of those attributes that are named beside it."""
    around = text[max(0, start - _NEAR_BEFORE) : start] + BLANK + text[end : end + _NEAR_AFTER]
    return frozenset(
        value
        for known in vocabularies
        for value in known.weak.get(phrase, ())
        if any(alias in around for alias in known.aliases[value.attribute] if len(alias) > 1)
    )


def _judged(text: str, start: int, end: int, values: frozenset[Value], before: Sequence[Mention]) -> Mention:
    last = before[-1] if before else None
    between = text[last.end : start] if last else ""
    is_joined = last is not None and last.is_refused and _joint().fullmatch(between) is not None
    unread = blanked(text, [(one.start, one.end) for one in before])
    is_refused = _is_refused(unread, start, end) or (is_joined and last is not None and _alike(last.values, values))
    is_alternative = last is not None and _alternative().search(between) is not None and len(between) <= _NEAR_BEFORE
    return Mention(start, end, values, is_refused, is_alternative)


def _alike(some: frozenset[Value], others: frozenset[Value]) -> bool:
    """Whether values are of the same attribute: black and white, but not silver and with a camera."""
    return not {one.attribute for one in some}.isdisjoint(one.attribute for one in others)


def _is_refused(text: str, start: int, end: int) -> bool:
    said = _questions().sub(lambda match: " " * len(match.group()), text)
    before = re.split(r"[,。;!?]", said[max(0, start - _LOOK_BACK) : start])[-1]
    return _refusal_before().search(before) is not None or _refusal_after().match(said, end) is not None


@cache
def _questions() -> re.Pattern[str]:
    return any_of(Lexicon.load().talk["questions"])


@cache
def _refusal_before() -> re.Pattern[str]:
    talk = Lexicon.load().talk
    return re.compile(rf"(?:{any_of(talk['negations']).pattern})(?:[ \-]|{any_of(talk['links']).pattern})*$")


@cache
def _refusal_after() -> re.Pattern[str]:
    talk = Lexicon.load().talk
    always, last = any_of(talk["always"]).pattern, any_of(talk["refusals"]).pattern
    ended = r"(?= *(?:了|的|并且|同时|另外|而且|但|$|[^\w\s]))"
    return re.compile(rf"(?: |{any_of(talk['endings']).pattern})*(?:{always}|(?:{last}){ended})")


@cache
def _joint() -> re.Pattern[str]:
    talk = Lexicon.load().talk
    links = rf"(?: |{any_of(talk['endings']).pattern})*"
    return re.compile(rf"{links}(?:{any_of(talk['joints']).pattern}){links}")


@cache
def _alternative() -> re.Pattern[str]:
    return any_of(Lexicon.load().talk["alternatives"])
