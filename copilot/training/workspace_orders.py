"""The orders of a workspace, as recommenders learn from them."""

import hashlib
from collections.abc import Iterator

import numpy as np
from sqlalchemy import Row, select
from sqlmodel import col

from copilot.errors import NotReadyError
from copilot.evaluation.order_history import OrderHistory
from copilot.numbering import Numbering
from eval.datasets.order_counts import OrderCounts
from knowledge.database import Database
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import Order, OrderLine
from models.recommenders.lines import PurchaseLines

ROWS_AT_A_TIME = 10_000
DAY_SECONDS = 86_400


def workspace_history(database: Database, tenant_id: str, name: str) -> OrderHistory:
    """All orders of a tenant, the oldest first, without lines that came to nothing; these are counted.

    Raises:
        NotReadyError: nothing was bought.
    """
    orders, customers, skus = Numbering(), Numbering(), Numbering()
    days: list[float] = []
    n_undone = n_refunds = n_taken_back = 0
    for row in _rows(database, tenant_id):
        is_refund = row.quantity < 0 or (row.amount_fen or 0) < 0
        is_undone = not is_refund and row.status in UNDONE_STATUSES
        is_taken_back = not (is_refund or is_undone) and row.quantity == 0
        n_refunds, n_undone, n_taken_back = n_refunds + is_refund, n_undone + is_undone, n_taken_back + is_taken_back
        if is_refund or is_undone or is_taken_back:
            continue
        orders.add(row.id)
        customers.add(row.customer_id)
        skus.add(row.sku)
        days.append(row.ordered_at.timestamp() / DAY_SECONDS)
    if not days:
        raise NotReadyError(f"the workspace {name} has no orders to learn from; load some: copilot load orders.csv")
    lines = PurchaseLines(
        orders.array(), customers.array(), skus.array(), np.array(days), len(customers.known), len(skus.known)
    )
    ids = tuple(orders.known), tuple(customers.known), tuple(skus.known)
    counts = OrderCounts(n_kept=len(lines), n_undone=n_undone, n_refunds=n_refunds, n_taken_back=n_taken_back)
    return OrderHistory(name, _digest(lines, *ids), lines, ids[1], ids[2], counts)


def _rows(database: Database, tenant_id: str) -> Iterator[Row[tuple[object, ...]]]:
    wanted = (Order.id, Order.customer_id, Order.ordered_at, Order.status)
    of_line = (OrderLine.sku, OrderLine.quantity, OrderLine.amount_fen)
    is_its_line = (col(OrderLine.tenant_id) == col(Order.tenant_id)) & (col(OrderLine.order_id) == col(Order.id))
    query = (
        select(*(col(one) for one in (*wanted, *of_line)))
        .join(OrderLine, is_its_line)
        .where(col(Order.tenant_id) == tenant_id)
        .order_by(col(Order.ordered_at), col(Order.id), col(OrderLine.sku))
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    with database.read() as session:
        yield from session.execute(query)


def _digest(lines: PurchaseLines, *ids: tuple[str, ...]) -> str:
    """One hash over all that models learn from."""
    total = hashlib.sha256()
    for array in (lines.baskets, lines.customers, lines.items, lines.days):
        total.update(np.ascontiguousarray(array).tobytes())
    for names in ids:
        total.update("\0".join((str(len(names)), *names)).encode())
    return total.hexdigest()
