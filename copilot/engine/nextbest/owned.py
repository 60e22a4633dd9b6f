"""What a customer has, and when it will be used up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from copilot.engine.cards import ProductCard
from copilot.engine.context import Bought, CustomerContext
from copilot.engine.nextbest.models import ProductModels

DUE_FROM, DUE_UNTIL = 0.8, 2.5
"""A refill is offered from 80 % of its interval; after two and a half intervals it was bought elsewhere."""


@dataclass(frozen=True)
class Owned:
    """What a customer has of a product: the last purchase, and how long it usually lasts."""

    last: Bought
    interval_days: float | None

    def due(self, now: datetime) -> float | None:
        """Days since the last purchase in units of the interval; empty for things that last."""
        if not self.interval_days:
            return None
        return max(0.0, (now - self.last.ordered_at).total_seconds() / 86_400) / self.interval_days


def owned_products(
    customer: CustomerContext, cards: Mapping[str, ProductCard], models: ProductModels
) -> dict[str, Owned]:
    """What the customer has, by sku."""
    times: dict[str, list[Bought]] = defaultdict(list)
    for line in customer.kept:
        times[line.sku].append(line)
    return {sku: Owned(lines[0], _interval_days(sku, lines, cards.get(sku), models)) for sku, lines in times.items()}


def not_wanted_again(owned: Mapping[str, Owned], now: datetime) -> dict[str, str]:
    """The owned products that must not be offered now, with the rule."""
    refused = {}
    for sku, having in owned.items():
        due = having.due(now)
        if due is None:
            refused[sku] = "owned:lasts"
        elif due < DUE_FROM:
            refused[sku] = "owned:not due"
    return refused


def _interval_days(sku: str, lines: Sequence[Bought], card: ProductCard | None, models: ProductModels) -> float | None:
    """How long a purchase lasts: the customer's own rhythm, else the product's, else everybody's."""
    days = sorted({line.ordered_at.date() for line in lines})
    own_gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(own_gaps) >= 2:
        return float(median(own_gaps))
    if card is not None:
        return float(card.replenish_days) if card.replenish_days else None
    number = models.numbers.get(sku)
    if number is None or models.affinity.n_gaps[number] < 3:
        return None
    return float(models.affinity.gap_days[number])
