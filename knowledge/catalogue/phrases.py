"""What customers may call the values and attributes of a catalogue."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from knowledge.catalogue.facts import CATEGORY, NO, YES, Measure, Value
from knowledge.catalogue.lexicon import Lexicon, any_of, is_latin
from knowledge.text import normalise

MAX_PHRASE: Final = 28
_DROPPED: Final = re.compile(r"[^\w.]|_")
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_IN_BRACKETS: Final = re.compile(r"\(([^()]{2,})\)")
_PLAIN: Final = re.compile(r"[\d.]+|.|[a-z]")
_HAN_FOUR: Final = re.compile(r"[\u4e00-\u9fff]{4}")
_MOST_WORDS: Final = 4


@dataclass
class Vocabulary:
    """Phrases, without spaces and marks, with the values they may name; weak ones count only beside their attribute.

    `aliases` are the words for each attribute, `measures` all that is counted.
    """

    strong: dict[str, set[Value]] = field(default_factory=dict)
    weak: dict[str, set[Value]] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    measures: set[Measure] = field(default_factory=set)

    @cached_property
    def longest(self) -> dict[str, int]:
        """How long the phrases that begin with a character are at most."""
        found: dict[str, int] = {}
        for phrase in (*self.strong, *self.weak):
            found[phrase[0]] = max(found.get(phrase[0], 0), min(len(phrase), MAX_PHRASE))
        return found

    @cached_property
    def counted(self) -> dict[str, frozenset[str]]:
        """The attributes that are counted, by each word for them."""
        owners: dict[str, set[str]] = {}
        for attribute in {measure.attribute for measure in self.measures}:
            for alias in self.aliases[attribute]:
                owners.setdefault(alias, set()).add(attribute)
        return {alias: frozenset(attributes) for alias, attributes in owners.items()}

    @cached_property
    def counted_pattern(self) -> re.Pattern[str] | None:
        """Finds words for attributes that are counted; None where nothing is."""
        return any_of(self.counted) if self.counted else None

    @classmethod
    def of(cls, values: Iterable[Value], measures: Iterable[Measure]) -> "Vocabulary":
        """The vocabulary of distinct values and measures."""
        made = cls(measures=set(measures))
        for value in values:
            made._add(value)
        for measure in made.measures:
            made.aliases.setdefault(measure.attribute, aliases_of(measure.attribute))
        return made

    def _add(self, value: Value) -> None:
        self.aliases.setdefault(value.attribute, aliases_of(value.attribute))
        for phrase in phrases_of(value):
            is_named = value.attribute == CATEGORY and len(compact(phrase)) > 1
            kept = self.weak if is_weak(phrase) and not is_named else self.strong
            kept.setdefault(compact(phrase), set()).add(value)


def compact(text: str) -> str:
    """A normalised text without spaces and marks; a point stays, because 1.4 is not 14."""
    return _DROPPED.sub("", text)


@lru_cache(maxsize=4096)
def aliases_of(attribute: str) -> tuple[str, ...]:
    """The words for an attribute: its name, without its unit, without an end that says nothing, and of its kind."""
    name = normalise(attribute)
    plain = _BRACKETS.sub("", name).strip() or name
    forms = dict.fromkeys([plain, *_without_end(plain, Lexicon.load().talk["attribute_ends"])])
    groups = Lexicon.load().attribute_of
    for form in list(forms):
        kind = groups.get(form) or next((groups[end] for end in _ends(form) if end in groups), None)
        forms.update(dict.fromkeys(Lexicon.load().attributes[kind]) if kind else {})
    if attribute in Lexicon.load().attributes:
        forms.update(dict.fromkeys(Lexicon.load().attributes[attribute]))
    return tuple(forms)


@lru_cache(maxsize=65_536)
def phrases_of(value: Value) -> tuple[str, ...]:
    """What a value may be called."""
    if value.text == NO:
        return ()
    text = normalise(value.attribute if value.text == YES else value.text)
    forms = set(_forms(text))
    if value.attribute == CATEGORY:
        forms |= _category_forms(text)
    for form in list(forms):
        forms.update(_same(form, is_colour="色" in aliases_of(value.attribute)))
    return tuple(sorted(form for form in forms if compact(form)))


def is_weak(phrase: str) -> bool:
    """Whether a phrase says too little to count by itself."""
    talk = Lexicon.load().talk
    return phrase in talk["weak"] or phrase in talk["common"] or _PLAIN.fullmatch(compact(phrase)) is not None


def _forms(text: str) -> Iterator[str]:
    plain = _BRACKETS.sub("", text).strip()
    yield text
    if plain:
        yield plain
        yield from _without_end(plain, Lexicon.load().talk["value_ends"])
    yield from _IN_BRACKETS.findall(text)
    if plain.startswith("无") and len(plain) > 2:
        yield from (word + plain[1:] for word in Lexicon.load().talk["without"])
    if _HAN_FOUR.fullmatch(plain):  # 独立显卡 is 独显
        yield plain[0] + plain[2]


def _category_forms(text: str) -> set[str]:
    """vacuum-cleaners: vacuum cleaner, vacuum, cleaner."""
    if not is_latin(text):
        return set()
    words = [_singular(word) for word in re.split(r"[\s\-_&]+", text) if word]
    return {" ".join(words), *(word for word in words if len(word) > 1 and word not in Lexicon.load().talk["common"])}


def _same(form: str, *, is_colour: bool) -> Iterator[str]:
    same = Lexicon.load().same_words
    yield from same.get(form, ())
    if is_latin(form):
        words = form.split()
        for word in words if 1 < len(words) <= _MOST_WORDS else ():
            if word.isascii() and not is_weak(word):
                yield from same.get(word, ())
        return
    for end in _ends(form):
        if len(end) > 1 or is_colour:
            yield from same.get(end, ())


def _ends(text: str) -> list[str]:
    """The ends of a short text without its first character, the longest first; in Latin script whole words."""
    if is_latin(text):
        words = text.split()
        return [" ".join(words[start:]) for start in range(1, len(words))]
    return [text[start:] for start in range(1, len(text))] if len(text) <= MAX_PHRASE else []


def _without_end(text: str, ends: Iterable[str]) -> Iterator[str]:
    for end in ends:
        stem = text.removesuffix(end).strip()
        if stem != text and len(stem) >= 2:
            yield stem


def _singular(word: str) -> str:
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word
