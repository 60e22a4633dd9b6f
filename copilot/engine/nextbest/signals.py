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
from copilot.engine.nextbest.places import Places
from copilot.engine.nextbest.proposals import Proposals
from copilot.engine.nextbest.wishes import Answering
from copilot.engine.product_rules import ProductRules
from copilot.engine.retrieval import Search

Language = Literal["zh", "en"]
Said = Callable[[], Reason]
Wording = Mapping[Language, str]
"""A reason in each language, with braces for what differs."""


@dataclass
class Signals:
    """Features of each candidate sku, and the reason behind each feature that has one."""

    features: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    reasons: dict[str, dict[str, "Reason | Said"]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, sku: str, feature: str, value: float, reason: "Reason | Said | None" = None) -> None:
        """Note a feature of a candidate; of several values the largest counts, with its reason.

        A reason may be a function, which is asked only for what is shown.
        """
        if value <= self.features[sku].get(feature, 0.0):
            return
        self.features[sku][feature] = value
        if reason is not None:
            self.reasons[sku][feature] = reason

    def put(self, sku: str, features: Mapping[str, float], reasons: "Mapping[str, Reason | Said]") -> None:
        """Note features that belong together, those that speak against a candidate too."""
        self.features[sku].update(features)
        self.reasons[sku].update(reasons)

    def keep(self, is_kept: Callable[[str], bool]) -> None:
        """Drop the candidates that are not kept."""
        for sku in [sku for sku in self.features if not is_kept(sku)]:
            del self.features[sku]

    def reason(self, sku: str, feature: str) -> Reason | None:
        """The reason behind a feature, if it has one."""
        found = self.reasons[sku].get(feature)
        return found if found is None or isinstance(found, Reason) else found()


@dataclass(frozen=True)
class Sight:
    """What sources look at: the message as a search among what may be offered, the customer, what orders taught.

    `cards` are those of what the customer bought, and of the product whose complements are wanted, `given`.
    With a wish, `search` is among what fits it.
    """

    search: Search
    customer: CustomerContext
    cards: Mapping[str, ProductCard]
    owned: Mapping[str, Owned]
    models: ProductModels
    now: datetime
    language: Language
    given: str | None = None
    rules: ProductRules = field(default_factory=ProductRules)
    wished: Answering | None = None
    places: Places = field(default_factory=Places)
    proposals: Proposals = field(default_factory=Proposals)

    def ordinal(self, sku: str) -> int | None:
        """Where a product that is still sold stands in the view of the search."""
        return self.places.ordinal(self.search.view, sku)

    def is_allowed(self, sku: str) -> bool:
        """Whether a product may be offered here."""
        ordinal, allowed = self.ordinal(sku), self.search.allowed
        return ordinal is not None and (allowed is None or bool(allowed[ordinal]))

    def sold_name(self, sku: str) -> str | None:
        """The name of a product that is still sold; what was retired or removed is not spoken of."""
        card = self.cards.get(sku)
        return card.name if card is not None and self.ordinal(sku) is not None else None


Source = Callable[[Sight, Signals], None]
"""Adds its candidates to the signals."""
