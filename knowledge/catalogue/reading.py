"""A message in, a wish out."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from knowledge.catalogue.amounts import Amount, Bound, read_amounts
from knowledge.catalogue.english_numerals import in_digits
from knowledge.catalogue.lexicon import Lexicon, any_of
from knowledge.catalogue.measuring import HasAny, Measures
from knowledge.catalogue.mentions import BLANK, Mention, blanked, find_mentions
from knowledge.catalogue.phrases import Vocabulary, compact
from knowledge.catalogue.wish import Among, Between, Criterion, Extreme, Wish
from knowledge.text import normalise, tokenise

MAX_LEFT = 6
"""Tokens (a Chinese character makes two) beside the name of a kind of product; more is talk of it."""


def read_wish(message: str, vocabularies: Sequence[Vocabulary], has_any: HasAny) -> Wish:
    """What the message wishes of a product, in the terms of a catalogue; empty when it wishes nothing."""
    text = in_digits(normalise(message))
    measures = Measures(text, vocabularies, has_any)
    spans: list[tuple[int, int]] = []
    amounts = read_amounts(text)
    found = measures.extreme(amounts)
    extreme: Extreme | None = None
    if found is not None:
        extreme, span = found
        spans.append(span)
    between = _limits(text, amounts, measures, spans, vocabularies)
    unread = blanked(text, spans)
    mentions = find_mentions(unread, vocabularies)
    rest = blanked(unread, [(one.start, one.end) for one in mentions])
    among = _merged(text, mentions)
    left = " ".join(rest.replace(BLANK, " ").split())
    return Wish((*between, *among), extreme, left, asks=_asks(text, (*between, *among), extreme, left))


def _asks(text: str, criteria: Sequence[Criterion], extreme: Extreme | None, left: str) -> bool:
    """Whether a message that names these asks for products, and does not only speak of one."""
    if extreme is not None or _any_of("requests").search(text) or any(one.is_decisive for one in criteria):
        return True
    if all(isinstance(one, Among) and one.is_category for one in criteria):
        return len(tokenise(left)) <= MAX_LEFT
    return _any_of("having").search(text) is None


def _limits(
    text: str,
    amounts: Sequence[Amount],
    measures: Measures,
    spans: list[tuple[int, int]],
    vocabularies: Sequence[Vocabulary],
) -> list[Between]:
    """The criteria that amounts state; their places are added to `spans`."""
    stated: dict[frozenset[str], Between] = {}
    for amount in amounts:
        if any(start < amount.end and amount.start < end for start, end in spans):
            continue
        if _is_one_value(text, amount, vocabularies):
            continue
        criterion = measures.between(amount, before_phrase=_before_phrase(text, amount, vocabularies))
        if criterion is None:
            continue
        spans.append((amount.start, amount.end))
        earlier = stated.get(criterion.subjects)
        stated[criterion.subjects] = _both(earlier, criterion) if earlier else criterion
    return list(stated.values())


def _is_one_value(text: str, amount: Amount, vocabularies: Sequence[Vocabulary]) -> bool:
    """Whether a bare amount is how one attribute writes a value: 1.4T is an engine here, not a disk."""
    if amount.bound is not Bound.EXACT or not amount.units or amount.is_money or amount.is_vague_unit:
        return False
    phrase = compact(text[amount.start : amount.end])
    attributes = {one.attribute for known in vocabularies for one in known.strong.get(phrase, ())}
    return len(attributes) == 1


def _both(one: Between, other: Between) -> Between:
    """At least 3000, at most 5000: what both allow; of what contradicts itself the last word counts."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    if low > high or one.measures != other.measures:
        return other
    return Between(f"{one.words} {other.words}", one.measures, low, high, other.aim, one.currencies | other.currencies)


def _before_phrase(text: str, amount: Amount, vocabularies: Sequence[Vocabulary]) -> bool:
    """Whether a value of the catalogue follows an amount: under 500 laptops."""
    following = find_mentions(text[amount.end : amount.end + 24], vocabularies)
    return bool(following) and not text[amount.end : amount.end + following[0].start].strip(" -的")


def _merged(text: str, mentions: Iterable[Mention]) -> list[Among]:
    """One criterion for values of the same attributes, unless both can be had; refused ones each by itself."""
    merged: list[Among] = []
    for mention in mentions:
        words = text[mention.start : mention.end].strip()
        criterion = Among(words, mention.values, mention.is_refused)
        same = None if mention.is_refused else _same_subject(merged, criterion)
        if same is None:
            merged.append(criterion)
        elif not criterion.values <= merged[same].values:
            merged[same] = _either(merged[same], criterion)
    return merged


def _same_subject(merged: Sequence[Among], criterion: Among) -> int | None:
    for place, one in enumerate(merged):
        if not one.is_refused and one.subjects == criterion.subjects:
            return place
    return None


def _either(one: Among, other: Among) -> Among:
    shared = one.values & other.values
    words = f"{one.words} {other.words}"
    return Among(words, shared or one.values | other.values)


@cache
def _any_of(kind: str) -> re.Pattern[str]:
    return any_of(Lexicon.load().talk[kind])
