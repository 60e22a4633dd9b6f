"""What a customer has, and when it will be used up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from sqlalchemy import bindparam, inspect, select
from sqlmodel import Session

from copilot.engine.cards import ProductCard
from copilot.engine.context import GONE, MAX_ORDER_LINES, Bought, CustomerContext
from copilot.engine.nextbest.models import ProductModels
from knowledge.tables import Order, OrderLine

DUE_FROM, DUE_UNTIL = 0.8, 2.5
"""A refill is offered from 80 % of its interval; after two and a half intervals it was bought elsewhere."""

MIN_GAPS, MIN_REBOUGHT = 3, 0.1
"""Bought again so often, in all and among its orders, a product is taken for one that is used up."""

_ORDER, _LINE = (inspect(table).local_table.c for table in (Order, OrderLine))
_EVER_BOUGHT = (
    select(_LINE.sku)
    .where(
        _ORDER.tenant_id == bindparam("tenant_id"),
        _ORDER.customer_id == bindparam("customer_id"),
        _ORDER.ordered_at <= bindparam("now"),
        _ORDER.status.not_in(sorted(GONE)),
        _LINE.tenant_id == _ORDER.tenant_id,
        _LINE.order_id == _ORDER.id,
        _LINE.quantity > 0,
    )
    .distinct()
)


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


def bought_before(session: Session, tenant_id: str, customer: CustomerContext, now: datetime) -> frozenset[str]:
    """What the customer bought before the orders that the context holds; only the very busiest have any."""
    if len(customer.bought) < MAX_ORDER_LINES:
        return frozenset()
    asked = {"tenant_id": tenant_id, "customer_id": customer.customer_id, "now": now}
    return frozenset(session.connection().execute(_EVER_BOUGHT, asked).scalars()) - {line.sku for line in customer.kept}


def _interval_days(sku: str, lines: Sequence[Bought], card: ProductCard | None, models: ProductModels) -> float | None:
    """How long a purchase lasts: the customer's own rhythm, else the product's, else everybody's."""
    days = sorted({line.ordered_at.date() for line in lines})
    own_gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(own_gaps) >= 2:
        return float(median(own_gaps))
    return usual_interval(sku, card, models)


def usual_interval(sku: str, card: ProductCard | None, models: ProductModels) -> float | None:
    """How many days a product lasts anybody, as the catalogue or everybody's orders say; empty for things that last."""
    if card is not None and card.replenish_days:
        return float(card.replenish_days)
    number = models.numbers.get(sku)
    if number is None:
        return None
    least = max(MIN_GAPS, MIN_REBOUGHT * float(models.affinity.n_baskets[number]))
    return float(models.affinity.gap_days[number]) if models.affinity.n_gaps[number] >= least else None
