"""Learns from a workspace's orders and tags what people with the same tag buy."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import col

from knowledge.database import Database
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import CustomerTag, Order, OrderLine
from models.segments import SegmentAffinity


def learn_segments(database: Database, tenant_id: str) -> SegmentAffinity:
    """What customers with each tag they have now buy more than others do, by the orders that were kept."""
    lines = (
        select(col(Order.customer_id), col(OrderLine.sku))
        .join(
            OrderLine, (col(OrderLine.tenant_id) == col(Order.tenant_id)) & (col(OrderLine.order_id) == col(Order.id))
        )
        .where(
            col(Order.tenant_id) == tenant_id,
            col(Order.status).not_in(sorted(UNDONE_STATUSES)),
            col(OrderLine.quantity) > 0,
        )
        .execution_options(yield_per=10_000)
    )
    held = select(col(CustomerTag.customer_id), col(CustomerTag.tag), col(CustomerTag.value)).where(
        col(CustomerTag.tenant_id) == tenant_id, col(CustomerTag.valid_to).is_(None)
    )
    customers: dict[str, int] = {}
    tags: dict[str, int] = {}
    skus: dict[str, int] = {}
    with database.read() as session:
        bought = _numbered(session.execute(lines), customers, skus)
        names = (
            (customer, name)
            for customer, tag, value in session.execute(held.execution_options(yield_per=10_000))
            for name in ((tag, f"{tag}:{value}") if value else (tag,))
        )
        tagged = _numbered(names, customers, tags)
    return SegmentAffinity.fit(tuple(tags), tuple(skus), tagged, bought)


def _numbered(pairs: Iterable[Any], customers: dict[str, int], things: dict[str, int]) -> NDArray[np.int64]:
    """Each distinct pair once, as numbers given in the order of first sight, shape (n, 2)."""
    found = {
        (customers.setdefault(customer, len(customers)), things.setdefault(thing, len(things)))
        for customer, thing in pairs
    }
    return np.array(sorted(found), np.int64).reshape(-1, 2)
