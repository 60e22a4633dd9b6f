"""Which measure an amount or a superlative in a message is about."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.catalogue.amounts import Amount, Bound, is_least
from knowledge.catalogue.facts import Measure
from knowledge.catalogue.lexicon import Lexicon, any_of
from knowledge.catalogue.phrases import Vocabulary, aliases_of
from knowledge.catalogue.wish import PRICE, Between, Extreme

NEAR: Final = 10
"""An attribute's name further from an amount than this belongs to something else; twice that in Latin script."""
BESIDE: Final = 2
"""A bare number counts what is named right beside it."""
_CLAUSE: Final = re.compile(r"[,、。;!?\n]")
_SIZES: Final = {"biggest", "largest", "最大"}
HasAny = Callable[[Sequence[Measure], float, float], bool]


@dataclass(frozen=True)
class _Named:
    """An attribute named in the text."""

    start: int
    end: int
    attributes: frozenset[str]


class Measures:
    """Reads amounts and superlatives of one message; `has_any` says whether a product has so much of a measure."""

    def __init__(self, text: str, vocabularies: Sequence[Vocabulary], has_any: HasAny) -> None:
        self.text = text
        self._known = sorted({one for known in vocabularies for one in known.measures})
        self._has_any = has_any
        self._named = _named(text, vocabularies)
        self._used: set[int] = set()

    def between(self, amount: Amount, *, before_phrase: bool) -> Between | None:
        """The criterion an amount states, None for a number of anything else; it may stand before a phrase."""
        if amount.is_money:
            return self._price(amount)
        if amount.units:
            stated = self._counted(amount)
            if stated is not None or not amount.is_vague_unit:
                return stated
        if amount.bound is Bound.EXACT and not amount.is_in_figures:
            return None  # 一款, 两个
        is_unitless = not amount.units or (amount.is_vague_unit and amount.bound is not Bound.EXACT)
        if is_unitless and (named := self._nearest(amount, self._known)):
            stated = self._stated(amount, named, 1.0)
            if self._has_any(named, stated.low, stated.high) or not self._means_price(
                amount, before_phrase=before_phrase
            ):
                return stated
        return self._price(amount) if self._means_price(amount, before_phrase=before_phrase) else None

    def extreme(self, amounts: Sequence[Amount]) -> tuple[Extreme, tuple[int, int]] | None:
        """The superlative of the message and where it stands; the "most" of "at most 300" is none."""
        for words in Lexicon.load().extremes:
            match = _extreme_pattern(words.words).search(self.text)
            if match is None or any(one.start < match.end() and match.start() < one.end for one in amounts):
                continue
            measures = self._meant(words.measure, match)
            if measures:
                return Extreme(match.group(), measures, words.is_highest), match.span()
        return None

    def _price(self, amount: Amount) -> Between:
        if amount.bound is Bound.EXACT:
            low, high = amount.low * 0.8, amount.high * 1.2
        else:
            low, high = amount.limits(1.0)
        aim = amount.low if amount.bound in (Bound.ABOUT, Bound.EXACT) else float("nan")
        return Between(self._words(amount), (PRICE,), low, high, aim, amount.currencies)

    def _counted(self, amount: Amount) -> Between | None:
        factors = dict(reversed(amount.units))
        counted = [measure for measure in self._known if measure.unit in factors]
        if not counted:
            return self._counted_by_name(amount)
        meant = self._nearest(amount, counted) or self._plausible(amount, counted, factors)
        unit = meant[0].unit
        meant += [measure for measure in counted if measure.attribute == unit and measure not in meant]
        return self._stated(amount, [one for one in meant if one.unit == unit], factors[unit])

    def _counted_by_name(self, amount: Amount) -> Between | None:
        """An attribute whose name has the unit in it, such as seven seats of 座位数."""
        words = {word for unit in Lexicon.load().units if unit.name in dict(amount.units) for word in unit.words}
        named = [one for one in self._known if not one.unit and words & set(aliases_of(one.attribute))]
        return self._stated(amount, named, 1.0) if named else None

    def _stated(self, amount: Amount, measures: Sequence[Measure], factor: float) -> Between:
        low, high = amount.limits(factor)
        if amount.bound is Bound.EXACT and is_least(measures[0].unit):
            high = float("inf")
        if amount.bound is Bound.EXACT and low == high and not self._has_any(measures, low, high):
            high = _rounded_down_to(low)
        aim = amount.low * factor if amount.bound is Bound.ABOUT else float("nan")
        return Between(self._words(amount), tuple(measures), low, high, aim)

    def _nearest(self, amount: Amount, measures: Sequence[Measure]) -> list[Measure]:
        """The measures whose attribute is named nearest to the amount, each name serving one amount."""
        attributes = {measure.attribute for measure in measures}
        reach = NEAR * 2 if any(sign.isascii() and sign.isalpha() for sign in self.text) else NEAR
        if not amount.units and amount.bound is Bound.EXACT and amount.start < amount.end and amount.low:
            reach = BESIDE
        best: tuple[int, int] | None = None
        for place, named in enumerate(self._named):
            distance = _distance(self.text, named, amount)
            if place not in self._used and named.attributes & attributes and distance is not None and distance <= reach:
                best = min(best or (distance, place), (distance, place))
        if best is None:
            return []
        self._used.add(best[1])
        return [measure for measure in measures if measure.attribute in self._named[best[1]].attributes]

    def _plausible(self, amount: Amount, measures: list[Measure], factors: dict[str, float]) -> list[Measure]:
        """The measures of which some product has so much."""
        fitting = [one for one in measures if self._has_any([one], *amount.limits(factors[one.unit]))]
        return fitting or measures

    def _means_price(self, amount: Amount, *, before_phrase: bool) -> bool:
        if _money_words().search(self.text, max(0, amount.start - NEAR * 2), amount.start):
            return True
        if amount.bound is Bound.EXACT:
            return False
        return before_phrase or _follower().match(self.text, amount.end) is not None

    def _meant(self, kind: str, match: re.Match[str]) -> tuple[Measure, ...]:
        if kind == PRICE.attribute:
            return (PRICE,)
        if kind:
            words = set(Lexicon.load().attributes[kind])
            named = frozenset(name for one in self._named for name in one.attributes)
            fitting = [one for one in self._known if _is_kind(one, kind, words)]
            return tuple([one for one in fitting if one.attribute in named] or fitting)
        place = Amount(match.start(), match.end(), 0, 0, Bound.EXACT)
        near = self._nearest(place, self._known)
        if not near and match.group() in _SIZES:
            near = [one for one in self._known if one.unit == "inch"]
        units = {one.unit for one in near}
        return (*near, *(one for one in self._known if one.attribute in units and one not in near))

    def _words(self, amount: Amount) -> str:
        return self.text[amount.start : amount.end].strip(" ,")


def _named(text: str, vocabularies: Sequence[Vocabulary]) -> list[_Named]:
    """Where attributes that are counted are named, each place once."""
    found: dict[tuple[int, int], frozenset[str]] = {}
    for known in vocabularies:
        if known.counted_pattern is not None:
            for match in known.counted_pattern.finditer(text):
                found[match.span()] = found.get(match.span(), frozenset()) | known.counted[match.group()]
    return [_Named(start, end, attributes) for (start, end), attributes in sorted(found.items())]


def _distance(text: str, named: _Named, amount: Amount) -> int | None:
    """How many characters a name is from an amount in the same clause."""
    if named.start >= amount.end:
        gap = text[amount.end : named.start]
    elif named.end <= amount.start:
        gap = text[named.end : amount.start]
    else:
        return 0
    is_part = named.end - named.start == 1 and len(gap) > 1  # 座 of 座椅, 重 of 重要
    return None if is_part or _CLAUSE.search(gap) else len(gap)


def _is_kind(measure: Measure, kind: str, words: set[str]) -> bool:
    return measure.attribute == kind or bool(words & set(aliases_of(measure.attribute)))


def _rounded_down_to(number: float) -> float:
    """15 inches are said of 15.6, too."""
    return number + 0.99 if number == int(number) else number


@cache
def _extreme_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return any_of(words)


@cache
def _money_words() -> re.Pattern[str]:
    comparison = Lexicon.load().comparison
    words, fillers = any_of(comparison["money_words"]).pattern, any_of(comparison["fillers"]).pattern
    return re.compile(rf"(?:{words})(?: |{fillers})*$")


@cache
def _follower() -> re.Pattern[str]:
    words = any_of(Lexicon.load().comparison["followers"]).pattern
    return re.compile(rf"\s*(?:$|[^\w\s]|\n|{words})")
