"""All distinct rules of a library, taken apart once: thousands of them share a few hundred audiences and scopes.

For each message every audience, scope, scene and channel is asked once, however many rules it occurs in.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from copilot.engine.eligibility import (
    Place,
    audience_here,
    channel_exclusion,
    product_rule,
    scene_exclusion,
    scope_exclusion,
    script_rule,
)
from copilot.engine.product_rules import ProductRules
from copilot.engine.regulated import RegulatedNames
from knowledge.index.filters import AllOf, Among, AtLeast, AtMost, Filter
from knowledge.index.view import CollectionView
from knowledge.tables import Scene

PartT = TypeVar("PartT", bound=Hashable)
TableT = TypeVar("TableT")


@dataclass(frozen=True)
class Parts(Generic[PartT]):
    """One part of many rules: that of rule i is `distinct[codes[i]]`."""

    distinct: tuple[PartT, ...]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, parts: Iterable[PartT]) -> "Parts[PartT]":
        """The parts of rules in their order."""
        known: dict[PartT, int] = {}
        codes = [known.setdefault(part, len(known)) for part in parts]
        return cls(tuple(known), np.array(codes, np.intp))

    def allowed(self, exclusion: Callable[[PartT], str | None]) -> NDArray[np.bool_]:
        """Which rules have a part that excludes nothing, shape (n_rules,)."""
        return np.array([exclusion(part) is None for part in self.distinct], np.bool_)[self.codes]


class ScriptRuleTable:
    """The rules of scripts."""

    def __init__(self, labels: Sequence[str]) -> None:
        rules = [script_rule(label) for label in labels]
        self._labels = labels
        self._audiences = Parts.of(rule.audience for rule in rules)
        self._scenes = Parts.of(rule.scenes for rule in rules)
        self._channels = Parts.of(rule.channels for rule in rules)
        self._scopes = Parts.of(rule.scope for rule in rules)

    def filter(self, place: Place) -> Filter:
        """What a script search may see here."""
        facts = place.customer.facts(place.now)
        allowed = self._audiences.allowed(lambda audience: audience.exclusion(facts))
        allowed &= self._scenes.allowed(lambda scenes: scene_exclusion(scenes, place))
        allowed &= self._channels.allowed(lambda channels: channel_exclusion(channels, place))
        allowed &= self._scopes.allowed(lambda scope: scope_exclusion(scope, place.agent))
        moment = place.now.timestamp()
        labels = frozenset(compress(self._labels, allowed))
        return AllOf((Among("rule", labels), AtMost("valid_from", moment), AtLeast("valid_to", moment)))


class ProductRuleTable:
    """The rules of products, as one shop means them."""

    def __init__(self, labels: Sequence[str], rules: ProductRules, names: RegulatedNames) -> None:
        found = [product_rule(label) for label in labels]
        self._labels = labels
        self._rules = rules
        self._audiences = Parts.of(audience_here(rule.audience, rules) for rule in found)
        self._currencies = Parts.of(rule.currency for rule in found)
        categories = Parts.of(rule.category for rule in found)
        self._unregulated = categories.allowed(names.exclusion)

    def filters(self, place: Place) -> list[Filter]:
        """What a product search may see here: whatever one of the filters lets through."""
        facts = place.customer.facts(place.now)
        allowed = self._audiences.allowed(lambda audience: audience.exclusion(facts)) & self._unregulated
        if not self._rules.limits_price(place.scene):
            return [self._filter(allowed)]
        return [
            self._filter(allowed & (self._currencies.codes == code), self._limit_fen(currency, place.scene))
            for code, currency in enumerate(self._currencies.distinct)
            if self._rules.knows_currency(currency)
        ]

    def _filter(self, allowed: NDArray[np.bool_], limit_fen: float | None = None) -> Filter:
        parts: list[Filter] = [Among("rule", frozenset(compress(self._labels, allowed))), AtLeast("stock", 1)]
        if limit_fen is not None:
            parts.append(AtMost("price_fen", limit_fen - 1))
        return AllOf(tuple(parts))

    def _limit_fen(self, currency: str, scene: Scene) -> float:
        """Infinite where every price is welcome, for even then it has to be known."""
        limit = self._rules.limit_fen(scene, currency)
        return np.inf if limit is None else float(limit)


class Latest(Generic[TableT]):
    """The table of the view asked about last; made again when the collection has changed."""

    def __init__(self, make: Callable[[Sequence[str]], TableT]) -> None:
        self._make = make
        self._kept: tuple[CollectionView, TableT] | None = None

    def of(self, view: CollectionView) -> TableT:
        """The table of this view."""
        kept = self._kept
        if kept is None or kept[0] is not view:
            kept = self._kept = view, self._make(view.distinct("rule"))
        return kept[1]
