"""What the shop's customers come to, for comparison, and the tags they have; worked out from a sample, once an hour."""

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Select, bindparam, case, distinct, func, inspect, or_, select
from sqlalchemy.pool import Pool
from sqlmodel import Session

from copilot.portrait.connection import WINDOW_DAYS as CONNECTION_DAYS
from copilot.portrait.connection import ConnectionStandards
from copilot.portrait.fifths import Standard
from copilot.portrait.purchases import WINDOW_DAYS as PURCHASE_DAYS
from copilot.portrait.purchases import PurchaseStandards
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import (
    Conversation,
    Customer,
    CustomerTag,
    Message,
    MessageRole,
    Order,
    OrderLine,
    OrderStatusChange,
    Product,
    Scene,
)

SAMPLE = 2_000
"""Of more customers every so many-th by id is taken; the bounds of the fifths are then off by a percentile or two."""
CHUNK = 500
KEPT = timedelta(hours=1)
_ALL = 1_000_000_000
"""A limit that nothing reaches."""


@dataclass(frozen=True)
class Standards:
    """The shop's customers as of a moment; `tags` come with how many of the sample have them, the most used first."""

    as_of: datetime
    n_customers: int = 0
    n_sampled: int = 0
    purchases: PurchaseStandards = field(default_factory=PurchaseStandards)
    connection: ConnectionStandards = field(default_factory=ConnectionStandards)
    tags: tuple[tuple[str, str, int], ...] = ()

    @property
    def is_sample(self) -> bool:
        return self.n_sampled < self.n_customers


_kept: WeakKeyDictionary[Pool, dict[str, Standards]] = WeakKeyDictionary()
_lock = threading.Lock()


def standards_of(session: Session, tenant_id: str, now: datetime) -> Standards:
    """The shop's customers as of `now` or up to an hour before it; worked out again when that is older."""
    pool = session.connection().engine.pool  # the same for every session of one database, and gone with it
    with _lock:
        kept = _kept.setdefault(pool, {}).get(tenant_id)
        if kept is None or not kept.as_of <= now < kept.as_of + KEPT:
            kept = _kept[pool][tenant_id] = read_standards(session, tenant_id, now)
    return kept


def read_standards(session: Session, tenant_id: str, now: datetime, sample: int = SAMPLE) -> Standards:
    """The shop's customers as of a moment, from a sample of so many."""
    query = select(_CUSTOMER.id).where(_CUSTOMER.tenant_id == tenant_id).order_by(_CUSTOMER.id)
    ids = list(session.execute(query).scalars())
    chosen = ids[:: max(1, math.ceil(len(ids) / sample))]
    asked = {"tenant_id": tenant_id, "now": now}
    return Standards(
        as_of=now,
        n_customers=len(ids),
        n_sampled=len(chosen),
        purchases=_purchases(_rows(session, _PURCHASES, chosen, asked, PURCHASE_DAYS), now),
        connection=_connection(_rows(session, _TALKS, chosen, asked, CONNECTION_DAYS), now),
        tags=_tags(_rows(session, _TAGS, chosen, asked, 0)),
    )


def _rows(
    session: Session,
    query: Select[*tuple[Any, ...]],
    ids: Sequence[str],
    asked: Mapping[str, Any],
    days: int,
) -> Iterator[Any]:
    for start in range(0, len(ids), CHUNK):
        since = asked["now"] - timedelta(days=days)
        yield from session.execute(query, {**asked, "since": since, "ids": list(ids[start : start + CHUNK])})


def _purchases(rows: Iterator[Any], now: datetime) -> PurchaseStandards:
    """A row for each customer and currency; one order has lines in one currency as a rule."""
    last: dict[str, datetime] = {}
    n_orders: Counter[str] = Counter()
    amounts: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        last[row.customer_id] = max(row.last_at, last.get(row.customer_id, row.last_at))
        n_orders[row.customer_id] += row.n_orders
        if row.amount_fen is not None:
            amounts[row.currency or "CNY"].append(float(row.amount_fen))
    return PurchaseStandards(
        recency_days=Standard.of([(now - at).days for at in last.values()]),
        frequency=Standard.of([float(n) for n in n_orders.values()]),
        amount_fen={currency: Standard.of(values) for currency, values in amounts.items()},
    )


def _connection(rows: Iterator[Any], now: datetime) -> ConnectionStandards:
    wrote = [row for row in rows if row.n_days]
    return ConnectionStandards(
        recency_days=Standard.of([(now - row.last_at).days for row in wrote]),
        frequency=Standard.of([float(row.n_days) for row in wrote]),
        depth=Standard.of([row.n_messages / row.n_talks for row in wrote]),
    )


def _tags(rows: Iterator[Any]) -> tuple[tuple[str, str, int], ...]:
    counted = Counter((row.tag, row.value) for row in rows)
    return tuple((tag, value, n) for (tag, value), n in sorted(counted.items(), key=lambda one: (-one[1], one[0])))


_CUSTOMER, _TAG, _ORDER, _LINE, _CHANGE, _PRODUCT, _TALK, _MESSAGE = (
    inspect(table).local_table.c
    for table in (Customer, CustomerTag, Order, OrderLine, OrderStatusChange, Product, Conversation, Message)
)
_OF_ORDER = (_CHANGE.tenant_id == _ORDER.tenant_id) & (_CHANGE.order_id == _ORDER.id)
_STATUS_THEN = (
    select(_CHANGE.status)
    .where(_OF_ORDER, _CHANGE.at <= bindparam("now"))
    .order_by(_CHANGE.at.desc())
    .limit(1)
    .correlate(inspect(Order).local_table)
    .scalar_subquery()
)
_HAS_CHANGES = select(_CHANGE.order_id).where(_OF_ORDER).correlate(inspect(Order).local_table).exists()
_STATUS = func.coalesce(_STATUS_THEN, case((_HAS_CHANGES, ""), else_=_ORDER.status))
_KEPT = (
    select(_ORDER.tenant_id, _ORDER.id, _ORDER.customer_id, _ORDER.ordered_at)
    .where(
        _ORDER.tenant_id == bindparam("tenant_id"),
        _ORDER.customer_id.in_(bindparam("ids", expanding=True)),
        _ORDER.ordered_at > bindparam("since"),
        _ORDER.ordered_at <= bindparam("now"),
        _STATUS.not_in(sorted(UNDONE_STATUSES)),
    )
    .subquery()
)
_PURCHASES = (
    select(
        _KEPT.c.customer_id,
        _PRODUCT.currency,
        func.max(_KEPT.c.ordered_at, type_=_ORDER.ordered_at.type).label("last_at"),
        func.count(distinct(_KEPT.c.id)).label("n_orders"),
        func.sum(_LINE.amount_fen).label("amount_fen"),
    )
    .select_from(_KEPT)
    .outerjoin(inspect(OrderLine).local_table, (_LINE.tenant_id == _KEPT.c.tenant_id) & (_LINE.order_id == _KEPT.c.id))
    .outerjoin(inspect(Product).local_table, (_PRODUCT.tenant_id == _KEPT.c.tenant_id) & (_PRODUCT.sku == _LINE.sku))
    .group_by(_KEPT.c.customer_id, _PRODUCT.currency)
)
_BY_CUSTOMER = _MESSAGE.role == MessageRole.CUSTOMER
_DIRECT = (  # with a limit it is worked out by itself; SQLite might begin with every message of the tenant
    select(_TALK.tenant_id, _TALK.id, _TALK.customer_id)
    .where(
        _TALK.tenant_id == bindparam("tenant_id"),
        _TALK.customer_id.in_(bindparam("ids", expanding=True)),
        _TALK.scene == Scene.DIRECT,
    )
    .limit(_ALL)
    .subquery()
    .c
)
_TALKS = (
    select(
        _DIRECT.customer_id,
        func.max(case((_BY_CUSTOMER, _MESSAGE.at)), type_=_MESSAGE.at.type).label("last_at"),
        func.count(distinct(case((_BY_CUSTOMER, func.date(_MESSAGE.at))))).label("n_days"),
        func.count(distinct(_DIRECT.id)).label("n_talks"),
        func.count().label("n_messages"),
    )
    .where(
        _MESSAGE.tenant_id == _DIRECT.tenant_id,
        _MESSAGE.conversation_id == _DIRECT.id,
        _MESSAGE.at > bindparam("since"),
        _MESSAGE.at <= bindparam("now"),
        or_(_MESSAGE.withdrawn_at.is_(None), _MESSAGE.withdrawn_at > bindparam("now")),
    )
    .group_by(_DIRECT.customer_id)
)
_TAGS = select(_TAG.tag, _TAG.value).where(
    _TAG.tenant_id == bindparam("tenant_id"),
    _TAG.customer_id.in_(bindparam("ids", expanding=True)),
    _TAG.valid_from <= bindparam("now"),
    or_(_TAG.valid_to.is_(None), _TAG.valid_to > bindparam("now")),
)
