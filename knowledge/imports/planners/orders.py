"""Orders: the rows of a file are lines, several of which make one order.

Lines of the same order and product add up, so a receipt that lists a product twice counts it twice. A row that
repeats another with a different status is the same line at a later time: its status holds, its quantity counts once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, Stored, stored_by_id, stored_rows
from knowledge.imports.report import RejectedRow
from knowledge.imports.rows import OrderRow
from knowledge.imports.staging import Group, StagedRow
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import IndexKind, Order, OrderLine, OrderStatusChange

DEFAULT_QUANTITY = 1.0


@dataclass(frozen=True)
class _Line:
    """A product of an order: the sum over its rows."""

    sku: str
    quantity: float
    amount_fen: int | None
    n_rows: int


@dataclass(frozen=True)
class _Order:
    """An order as the file tells it; `status` is empty when the file has none, `statuses` says since when each held."""

    id: str
    customer_id: str
    ordered_at: datetime
    status: str
    statuses: dict[datetime, str]
    lines: list[_Line]


@dataclass(frozen=True)
class _Stored:
    """What the database has for the orders of a batch."""

    orders: dict[str, Stored]
    lines: dict[str, dict[str, Stored]]


def plan_orders(session: Session, groups: Sequence[Group[OrderRow]], around: Surroundings) -> Plan:
    """What a batch of orders changes."""
    plan = Plan()
    orders = [_order_of(group, plan) for group in groups]
    stored = _read(session, around.tenant_id, [order.id for order in orders])
    for order in orders:
        _plan_order(plan, order, stored, around)
    _warn_of_unknown(session, orders, plan, around)
    return plan


def _order_of(group: Group[OrderRow], plan: Plan) -> _Order:
    rows = _rows_of_one_customer(group, plan)
    for row in rows:
        if (row.quantity is not None and row.quantity < 0) or (row.amount is not None and row.amount < 0):
            plan.tally.warn("refunds", row.order_id)
    statuses = _statuses_of(rows)
    return _Order(
        id=group.key,
        customer_id=rows[0].customer_id,
        ordered_at=min(row.ordered_at for row in rows),
        status=statuses[max(statuses)] if statuses else "",
        statuses=statuses,
        lines=_lines_of(rows),
    )


def _statuses_of(rows: Sequence[OrderRow]) -> dict[datetime, str]:
    """When each status began; of several at the same time the last in the file holds."""
    if len(rows) == 1:
        return {rows[0].ordered_at: rows[0].status} if rows[0].status else {}
    at_each_time = {row.ordered_at: row.status for row in rows if row.status}
    began: dict[datetime, str] = {}
    status = ""
    for moment in sorted(at_each_time):
        if at_each_time[moment] != status:
            status = began[moment] = at_each_time[moment]
    return began


def _rows_of_one_customer(group: Group[OrderRow], plan: Plan) -> list[OrderRow]:
    first = group.rows[0]
    kept = [staged.row for staged in group.rows if staged.row.customer_id == first.row.customer_id]
    if len(kept) < len(group.rows):
        for staged in group.rows:
            if staged.row.customer_id != first.row.customer_id:
                plan.tally.reject(_contradiction(staged, first))
    return kept


def _contradiction(staged: StagedRow[OrderRow], first: StagedRow[OrderRow]) -> RejectedRow:
    owner = first.row.customer_id
    reason = f"customer_id: the order {first.row.order_id!r} is of the customer {owner!r} on line {first.line}"
    return RejectedRow(staged.line, "customer_id", staged.row.customer_id, reason, "one customer for each order")


def _lines_of(rows: Sequence[OrderRow]) -> list[_Line]:
    by_sku: dict[str, list[OrderRow]] = defaultdict(list)
    for row in rows:
        by_sku[row.sku].append(row)
    return [_summed(sku, members) for sku, members in by_sku.items()]


def _summed(sku: str, rows: Sequence[OrderRow]) -> _Line:
    if len(rows) == 1:
        return _Line(sku, _quantity(rows[0]), rows[0].amount, 1)
    counted = _without_status_updates(rows)
    amounts = [row.amount for row in counted if row.amount is not None]
    quantity = sum(_quantity(row) for row in counted)
    return _Line(sku, quantity, sum(amounts) if amounts else None, len(rows))


def _without_status_updates(rows: Sequence[OrderRow]) -> list[OrderRow]:
    """Each line as often as the status that has it most often."""
    per_status: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    samples: dict[tuple[object, ...], OrderRow] = {}
    for row in rows:
        same = (row.quantity, row.amount)
        per_status[same][row.status] += 1
        samples[same] = row
    return [row for same, row in samples.items() for _ in range(max(per_status[same].values()))]


def _quantity(row: OrderRow) -> float:
    return DEFAULT_QUANTITY if row.quantity is None else row.quantity


def _plan_order(plan: Plan, order: _Order, stored: _Stored, around: Surroundings) -> None:
    before = stored.orders.get(order.id)
    head_moved = _plan_head(plan, order, before, around)
    lines_moved = False
    for line in order.lines:
        lines_moved |= _plan_line(plan, order, line, stored.lines.get(order.id, {}).get(line.sku), head_moved, around)
    if head_moved or lines_moved:
        plan.announce(IndexKind.CUSTOMER, order.customer_id)


def _plan_head(plan: Plan, order: _Order, before: Stored | None, around: Surroundings) -> bool:
    status = order.status or (before["status"] if before is not None else "")
    head = (order.customer_id, order.ordered_at, status)
    if before is not None and head == (before["customer_id"], before["ordered_at"], before["status"]):
        return False
    plan.upsert(
        Order,
        {
            "tenant_id": around.tenant_id,
            "id": order.id,
            "customer_id": order.customer_id,
            "ordered_at": order.ordered_at,
            "status": status,
        },
    )
    if before is not None and before["customer_id"] != order.customer_id:
        plan.announce(IndexKind.CUSTOMER, before["customer_id"])
    began = order.statuses
    if before is not None:
        began = {around.now: status} if before["status"] != status else {}
    for since, each in began.items():
        change = {"tenant_id": around.tenant_id, "order_id": order.id, "at": since, "status": each}
        plan.upsert(OrderStatusChange, change)
    return True


def _plan_line(
    plan: Plan, order: _Order, line: _Line, before: Stored | None, head_moved: bool, around: Surroundings
) -> bool:
    """Write a line that is new or other than before; its rows count as changed too when their order has moved."""
    is_same = before is not None and (line.quantity, line.amount_fen) == (before["quantity"], before["amount_fen"])
    if is_same:
        plan.tally.n_changed += line.n_rows if head_moved else 0
        plan.tally.n_unchanged += 0 if head_moved else line.n_rows
        return False
    plan.upsert(
        OrderLine,
        {
            "tenant_id": around.tenant_id,
            "order_id": order.id,
            "sku": line.sku,
            "quantity": line.quantity,
            "amount_fen": line.amount_fen,
        },
    )
    plan.tally.n_added += line.n_rows if before is None else 0
    plan.tally.n_changed += 0 if before is None else line.n_rows
    return True


def _read(session: Session, tenant_id: str, order_ids: Sequence[str]) -> _Stored:
    orders = stored_by_id(session, Order, tenant_id, "id", order_ids)
    lines: dict[str, dict[str, Stored]] = defaultdict(dict)
    for line in stored_rows(session, OrderLine, tenant_id, "order_id", list(orders)):
        lines[line["order_id"]][line["sku"]] = line
    return _Stored(orders, lines)


def _warn_of_unknown(session: Session, orders: Sequence[_Order], plan: Plan, around: Surroundings) -> None:
    unknown = around.unknown(session, ImportKind.CUSTOMERS, {order.customer_id for order in orders})
    unknown_skus = around.unknown(session, ImportKind.PRODUCTS, {line.sku for order in orders for line in order.lines})
    for order in orders:
        n_rows = sum(line.n_rows for line in order.lines)
        if order.customer_id in unknown:
            plan.tally.warn("unknown_customers", order.customer_id, count=n_rows)
        for line in order.lines:
            if line.sku in unknown_skus:
                plan.tally.warn("unknown_skus", line.sku, count=line.n_rows)
