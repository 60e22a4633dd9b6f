"""Reads the facts of customers from the database, many at once; nothing later than `now` is read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from copilot.portrait.connection import WINDOW_DAYS as CONNECTION_DAYS
from copilot.portrait.facts import (
    Deed,
    Facts,
    Friend,
    Item,
    Profile,
    Purchase,
    Saying,
    StatusChange,
    TagSpan,
    Talk,
    in_time,
)
from copilot.portrait.intent import WINDOW_DAYS as INTENT_DAYS
from copilot.portrait.preferences import Product, Shelf
from copilot.portrait.queries import (
    BARE_LINES,
    CHANGES,
    DEEDS,
    FRIENDS,
    LAST_SAID,
    LINES,
    PRICES,
    PRODUCTS,
    PROFILE,
    SAID,
    SAYINGS,
    TAGS,
)
from knowledge.tables import (
    MessageRole,
)

LATELY_DAYS = 400
"""How far back orders are read where only what moves the intent and the year's sum are wanted."""
DEEDS_DAYS = 180


@dataclass(frozen=True)
class Reach:
    """How far back the rows are read, and how many of each kind at most, the newest."""

    orders_days: int
    deeds_days: int
    most: int

    def asked(self, asked: Mapping[str, Any], days: int) -> dict[str, Any]:
        """What a query is given that reads so many days back."""
        return {**asked, "since": asked["now"] - timedelta(days=days), "most": self.most}


SHORT = Reach(LATELY_DAYS, INTENT_DAYS + 1, 50_000)
"""Enough for the intent now and a day ago, and for what was spent in a year; of many customers."""
WHOLE = Reach(36_500, DEEDS_DAYS, 3_000)


def read_facts(session: Session, tenant_id: str, customer_id: str, now: datetime) -> Facts | None:
    """Everything the portrait of a customer is made of, or `None` when the id is unknown."""
    asked = {"tenant_id": tenant_id, "ids": [customer_id], "customer_id": customer_id, "now": now}
    profile = session.execute(PROFILE, asked).one_or_none()
    if profile is None:
        return None
    return Facts(
        profile=Profile(customer_id, *profile),
        tags=tuple(TagSpan(*row) for row in session.execute(TAGS, asked)),
        purchases=_purchases(session, asked, WHOLE).get(customer_id, ()),
        deeds=_deeds(session, asked, WHOLE).get(customer_id, ()),
        sayings=_sayings(session, asked, WHOLE).get(customer_id, ()),
        talks=_talks(session, asked),
        friends=tuple(Friend(row.agent_id, row.name or "", row.since) for row in session.execute(FRIENDS, asked)),
    )


def read_lately(session: Session, tenant_id: str, customer_ids: Sequence[str], now: datetime) -> dict[str, Facts]:
    """The orders, deeds and sayings of customers, as far back as they move the intent or the year's sum."""
    if not customer_ids:
        return {}
    asked = {"tenant_id": tenant_id, "ids": list(customer_ids), "now": now}
    purchases = _purchases(session, asked, SHORT)
    deeds = _deeds(session, asked, SHORT)
    sayings = _sayings(session, asked, SHORT)
    return {
        one: Facts(
            Profile(one), purchases=purchases.get(one, ()), deeds=deeds.get(one, ()), sayings=sayings.get(one, ())
        )
        for one in customer_ids
    }


def read_shelf(session: Session, tenant_id: str, facts: Facts) -> Shelf:
    """What the catalogue says of everything the customer bought or looked at."""
    skus = {deed.sku for deed in facts.deeds} | {item.sku for one in facts.purchases for item in one.items}
    rows = session.execute(PRODUCTS, {"tenant_id": tenant_id, "skus": sorted(skus)}).all()
    products = {row.sku: Product(row.name, row.category, row.brand, tuple(row.tags), row.price_fen) for row in rows}
    categories = sorted({one.category for one in products.values() if one.category})
    prices: dict[str, list[int]] = defaultdict(list)
    for row in session.execute(PRICES, {"tenant_id": tenant_id, "categories": categories}):
        prices[row.category].append(row.price_fen)
    return Shelf(products, prices)


_Asked = Mapping[str, Any]


def _purchases(session: Session, asked: _Asked, reach: Reach) -> dict[str, tuple[Purchase, ...]]:
    since = reach.asked(asked, reach.orders_days)
    items: dict[str, list[Item]] = defaultdict(list)
    orders: dict[str, Row[Any]] = {}
    for row in session.execute(LINES if reach is WHOLE else BARE_LINES, since):
        orders[row.order_id] = row
        if row.sku is not None:
            items[row.order_id].append(_item(row) if reach is WHOLE else _bare_item(row))
    changes: dict[str, list[StatusChange]] = defaultdict(list)
    for row in session.execute(CHANGES, since):
        changes[row.order_id].append(StatusChange(row.at, row.status))
    found: dict[str, list[Purchase]] = defaultdict(list)
    for order_id, row in orders.items():
        known = Purchase(order_id, row.ordered_at, row.status, tuple(items[order_id]), tuple(changes[order_id]))
        found[row.customer_id].append(known.until(asked["now"]))
    return {customer_id: in_time(purchases) for customer_id, purchases in found.items()}


def _bare_item(row: Row[Any]) -> Item:
    return Item(
        sku=row.sku,
        quantity=row.quantity,
        amount_fen=row.amount_fen,
        currency=row.currency or "CNY",
        name=row.name or "",
        replenish_days=row.replenish_days,
    )


def _item(row: Row[Any]) -> Item:
    return replace(
        _bare_item(row),
        category=row.category or "",
        brand=row.brand or "",
        tags=tuple(row.tags or ()),
        price_fen=row.price_fen,
    )


def _deeds(session: Session, asked: _Asked, reach: Reach) -> dict[str, tuple[Deed, ...]]:
    since = reach.asked(asked, reach.deeds_days)
    rows = session.execute(DEEDS, since)
    return _by_customer((row.customer_id, Deed(row.id, row.kind, row.at, row.object, row.value)) for row in rows)


def _sayings(session: Session, asked: _Asked, reach: Reach) -> dict[str, tuple[Saying, ...]]:
    since = reach.asked(asked, reach.deeds_days)
    rows = session.execute(SAYINGS, since)
    return _by_customer(
        (row.customer_id, Saying(row.conversation_id, row.position, row.words, row.at, row.withdrawn_at))
        for row in rows
    )


def _talks(session: Session, asked: _Asked) -> tuple[Talk, ...]:
    since = WHOLE.asked(asked, CONNECTION_DAYS)
    said: dict[str, list[datetime]] = defaultdict(list)
    by_customer: dict[str, list[datetime]] = defaultdict(list)
    for row in session.execute(SAID, since):
        said[row.conversation_id].append(row.at)
        if row.role is MessageRole.CUSTOMER:
            by_customer[row.conversation_id].append(row.at)
    last = session.execute(LAST_SAID, {**since, "most": 1}).one_or_none()
    if last is not None and not said:
        by_customer[last.conversation_id].append(last.at)
    names = sorted({*said, *by_customer})
    return tuple(Talk(one, tuple(said[one]), tuple(by_customer[one])) for one in names)


def _by_customer(rows: Iterable[tuple[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Rows that come newest first, by customer, oldest first."""
    found: dict[str, list[Any]] = defaultdict(list)
    for customer_id, row in rows:
        found[customer_id].append(row)
    return {customer_id: tuple(reversed(ones)) for customer_id, ones in found.items()}
