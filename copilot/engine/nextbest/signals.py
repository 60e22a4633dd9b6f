"""What speaks for each candidate, and what a source may look at to say so."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from copilot.engine.answer import Reason
from copilot.engine.cards import ProductCard
from copilot.engine.context import CustomerContext
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.nextbest.owned import Owned
from copilot.engine.retrieval import Search

Language = Literal["zh", "en"]
Wording = Mapping[Language, str]
"""A reason in each language, with braces for what differs."""


@dataclass
class Signals:
    """Features and reasons collected for each candidate sku."""

    features: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    reasons: dict[str, list[Reason]] = field(default_factory=lambda: defaultdict(list))

    def add(self, sku: str, feature: str, value: float, reason: Reason | None = None) -> None:
        """Note a feature of a candidate; of several values the largest counts."""
        if value <= self.features[sku].get(feature, 0.0):
            return
        self.features[sku][feature] = value
        if reason is not None:
            self.reasons[sku].append(reason)


@dataclass(frozen=True)
class Sight:
    """What sources look at: the message as a search among what may be offered, the customer, what orders taught.

    `cards` are those of what the customer bought.
    """

    search: Search
    customer: CustomerContext
    cards: Mapping[str, ProductCard]
    owned: Mapping[str, Owned]
    models: ProductModels
    now: datetime
    language: Language


Source = Callable[[Sight, Signals], None]
"""Adds its candidates to the signals."""
