"""What a customer has, and when it will be used up."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from statistics import median

from sqlalchemy import bindparam, case, func, inspect, select
from sqlmodel import Session

from copilot.engine.cards import ProductCard
from copilot.engine.context import MAX_ORDER_LINES, Bought, CustomerContext
from copilot.engine.freshness import began, moment
from copilot.engine.nextbest.models import ProductModels
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import Order, OrderLine, Product

DUE_FROM, DUE_UNTIL = 0.8, 2.5
"""A refill is offered from 80 % of its interval; after two and a half intervals it was bought elsewhere."""

MIN_GAPS, MIN_REBOUGHT = 3, 0.1
"""Bought again so often, in all and among its orders, a product is taken for one that is used up."""

LASTS, NOT_DUE = "owned:lasts", "owned:not due"
CONTEXTS_KEPT = 128

_ORDER, _LINE, _PRODUCT = (inspect(table).local_table.c for table in (Order, OrderLine, Product))
_IS_KEPT = _ORDER.status.not_in(sorted(UNDONE_STATUSES)) & (_LINE.quantity > 0)
_ORDERED_UNTIL = (
    select(_LINE.sku, func.max(case((_IS_KEPT, _ORDER.ordered_at))).label("last"))
    .where(
        _ORDER.tenant_id == bindparam("tenant_id"),
        _ORDER.customer_id == bindparam("customer_id"),
        _ORDER.ordered_at <= bindparam("until"),
        _LINE.tenant_id == _ORDER.tenant_id,
        _LINE.order_id == _ORDER.id,
    )
    .group_by(_LINE.sku)
    .subquery()
    .c
)
_EARLIER = select(_PRODUCT.sku, _PRODUCT.replenish_days, _ORDERED_UNTIL.last).where(
    _PRODUCT.tenant_id == bindparam("tenant_id"), _PRODUCT.sku == _ORDERED_UNTIL.sku
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
            refused[sku] = LASTS
        elif due < DUE_FROM:
            refused[sku] = NOT_DUE
    return refused


@dataclass(frozen=True)
class Earlier:
    """What a customer ordered before the lines that the context holds, and what of it is still there.

    `lasting` lasts for good; `resting` is used up at the times given, the last first.
    """

    skus: frozenset[str] = frozenset()
    lasting: frozenset[str] = frozenset()
    resting: tuple[tuple[datetime, str], ...] = ()

    def not_wanted_again(self, now: datetime) -> dict[str, str]:
        """What must not be offered now, with the rule."""
        resting = takewhile(lambda one: now < one[0], self.resting)
        return dict.fromkeys(self.lasting, LASTS) | {sku: NOT_DUE for _, sku in resting}


class EarlierPurchases:
    """Reads what the busiest customers bought earlier, once for each context; safe to call from many threads.

    What is kept of a customer goes with the context, and when one of the products changes.
    """

    def __init__(self, tenant_id: str, models: ProductModels) -> None:
        self._tenant_id = tenant_id
        self._models = models
        self._kept: OrderedDict[str | None, tuple[CustomerContext, Earlier]] = OrderedDict()
        self._changed_at = 0
        self._lock = threading.Lock()

    def of(self, session: Session, customer: CustomerContext) -> Earlier:
        """The earlier purchases of products that there still are; most customers have none."""
        if len(customer.bought) < MAX_ORDER_LINES:
            return Earlier()
        with self._lock:
            context, earlier = self._kept.get(customer.customer_id, (None, Earlier()))
        if context is customer:
            return earlier
        earlier = self._read(session, customer)
        self._keep(session, customer, earlier)
        return earlier

    def forget(self, sku: str) -> None:
        """A product has changed."""
        with self._lock:
            self._changed_at = moment()
            for customer_id in [one for one, (_, earlier) in self._kept.items() if sku in earlier.skus]:
                del self._kept[customer_id]

    def _read(self, session: Session, customer: CustomerContext) -> Earlier:
        asked = {"tenant_id": self._tenant_id, "customer_id": customer.customer_id}
        rows = session.connection().execute(_EARLIER, {**asked, "until": customer.bought[-1].ordered_at}).all()
        held = {line.sku for line in customer.kept}
        lasting, resting = set(), []
        for sku, replenish_days, last in rows:
            if last is None or sku in held:
                continue
            interval = usual_interval(sku, replenish_days, self._models)
            if interval is None:
                lasting.add(sku)
            else:
                resting.append((last + timedelta(days=DUE_FROM * interval), sku))
        return Earlier(frozenset(row.sku for row in rows), frozenset(lasting), tuple(sorted(resting, reverse=True)))

    def _keep(self, session: Session, customer: CustomerContext, earlier: Earlier) -> None:
        with self._lock:
            if began(session) < self._changed_at:
                return
            self._kept[customer.customer_id] = customer, earlier
            self._kept.move_to_end(customer.customer_id)
            while len(self._kept) > CONTEXTS_KEPT:
                self._kept.popitem(last=False)


def _interval_days(sku: str, lines: Sequence[Bought], card: ProductCard | None, models: ProductModels) -> float | None:
    """How long a purchase lasts: the customer's own rhythm, else the product's, else everybody's."""
    days = sorted({line.ordered_at.date() for line in lines})
    own_gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(own_gaps) >= 2:
        return float(median(own_gaps))
    return usual_interval(sku, card.replenish_days if card is not None else None, models)


def usual_interval(sku: str, replenish_days: int | None, models: ProductModels) -> float | None:
    """How many days a product lasts anybody, as the catalogue or everybody's orders say; empty for things that last."""
    if replenish_days:
        return float(replenish_days)
    number = models.numbers.get(sku)
    if number is None:
        return None
    least = max(MIN_GAPS, MIN_REBOUGHT * float(models.affinity.n_baskets[number]))
    return float(models.affinity.gap_days[number]) if models.affinity.n_gaps[number] >= least else None
