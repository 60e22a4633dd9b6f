"""Orders: the rows of a file are lines, several of which make one order.

Lines of the same order and product add up, so that a receipt may list a product twice: in rows that differ somewhere,
if only in a `line_id`, since rows exactly alike count once. A product that was given back while others were kept has a
quantity of 0; where all came to nothing, the status of the order says so. What a file gives back of a purchase that
only an earlier file had is taken off when it is all of it; a part is not, since nobody can tell whether it was taken
off before.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, Stored, stored_by_id, stored_rows
from knowledge.imports.planners.order_rows import FileLine, FileOrder, Part, Statuses, last_of, line_name, order_of
from knowledge.imports.rows import OrderRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import IndexKind, Order, OrderLine, OrderStatusChange


@dataclass(frozen=True)
class _Stored:
    """What the database has for the orders of a batch."""

    orders: dict[str, Stored]
    lines: dict[str, dict[str, Stored]]


def plan_orders(session: Session, groups: Sequence[Group[OrderRow]], around: Surroundings) -> Plan:
    """What a batch of orders changes."""
    plan = Plan()
    named = {staged.row.sku for group in groups for staged in group.rows if staged.row.names_currency}
    currencies = around.currencies(session, named)
    orders = [order_of(group, plan.tally, around.now, currencies) for group in groups]
    stored = _read(session, around.tenant_id, [order.id for order in orders])
    for order in orders:
        _plan_order(plan, order, stored, around)
    _warn_of_unknown(session, orders, plan, around)
    return plan


def _plan_order(plan: Plan, order: FileOrder, stored: _Stored, around: Surroundings) -> None:
    before, lines = stored.orders.get(order.id), stored.lines.get(order.id, {})
    is_undone = order.came_to_nothing and not _is_held_besides(order, before, lines)
    head_moved = _plan_head(plan, order, order.statuses if is_undone else order.kept_statuses, before, around)
    lines_moved = False
    for line in order.lines:
        stored_line = lines.get(line.sku)
        part = _bought(line, stored_line) if is_undone else _kept(line, stored_line)
        lines_moved |= _plan_line(plan, order, line, part, stored_line, head_moved, around)
        if _is_unmatched(line, stored_line):
            plan.tally.warn("unmatched_refunds", line_name(order.id, line.sku))
    if head_moved or lines_moved:
        plan.announce(IndexKind.CUSTOMER, order.customer_id)


def _is_held_besides(order: FileOrder, before: Stored | None, lines: Mapping[str, Stored]) -> bool:
    """Whether the stored order has lines that were kept and that the file does not name, or not in whole."""
    if before is None or before["status"] in UNDONE_STATUSES:
        return False
    named = {line.sku: line for line in order.lines}
    return any(_is_part(named[sku], line) if sku in named else line["quantity"] > 0 for sku, line in lines.items())


def _is_part(line: FileLine, stored: Stored) -> bool:
    """Whether the file gives back some of a stored purchase, and not all of it."""
    return line.given_back is not None and stored["quantity"] > line.given_back


def _is_unmatched(line: FileLine, stored: Stored | None) -> bool:
    """Whether something is given back that cannot be taken off a purchase."""
    if line.given_back is None or stored is None or stored["quantity"] < 0:
        return line.kept.quantity < 0
    return _is_part(line, stored)


def _bought(line: FileLine, stored: Stored | None) -> Part:
    """What a line of an order that came to nothing was of: it was held until the status changed."""
    if stored is None or stored["quantity"] < 0 or (line.bought.quantity > 0 and not _is_part(line, stored)):
        return line.bought
    return Part(stored["quantity"], stored["amount_fen"])


def _kept(line: FileLine, stored: Stored | None) -> Part:
    """What is left of a line; of a stored one without its purchase in the file all or nothing."""
    if line.given_back is None or stored is None or stored["quantity"] < 0:
        return line.kept
    if _is_part(line, stored):
        return Part(stored["quantity"], stored["amount_fen"])
    return Part(0.0, None if stored["amount_fen"] is None else 0)


def _plan_head(plan: Plan, order: FileOrder, statuses: Statuses, before: Stored | None, around: Surroundings) -> bool:
    status = last_of(statuses) or (before["status"] if before is not None else "")
    # What is given back later does not make the order one of later.
    ordered_at = before["ordered_at"] if before is not None and order.is_all_back else order.ordered_at
    head = (order.customer_id, ordered_at, status)
    if before is not None and head == (before["customer_id"], before["ordered_at"], before["status"]):
        return False
    plan.upsert(
        Order,
        {
            "tenant_id": around.tenant_id,
            "id": order.id,
            "customer_id": order.customer_id,
            "ordered_at": ordered_at,
            "status": status,
        },
    )
    if before is not None and before["customer_id"] != order.customer_id:
        plan.tally.warn("moved_orders", order.id)
        plan.announce(IndexKind.CUSTOMER, before["customer_id"])
    began = statuses
    if before is not None:
        began = {around.now: status} if before["status"] != status else {}
    for since, each in began.items():
        change = {"tenant_id": around.tenant_id, "order_id": order.id, "at": since, "status": each}
        plan.upsert(OrderStatusChange, change)
    return True


def _plan_line(
    plan: Plan,
    order: FileOrder,
    line: FileLine,
    part: Part,
    before: Stored | None,
    head_moved: bool,
    around: Surroundings,
) -> bool:
    """Write a line that is new or other than before; its rows count as changed too when their order has moved."""
    is_same = before is not None and (part.quantity, part.amount_fen) == (before["quantity"], before["amount_fen"])
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
            "quantity": part.quantity,
            "amount_fen": part.amount_fen,
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


def _warn_of_unknown(session: Session, orders: Collection[FileOrder], plan: Plan, around: Surroundings) -> None:
    unknown = around.unknown(session, ImportKind.CUSTOMERS, {order.customer_id for order in orders})
    unknown_skus = around.unknown(session, ImportKind.PRODUCTS, {line.sku for order in orders for line in order.lines})
    for order in orders:
        n_rows = sum(line.n_rows for line in order.lines)
        if order.customer_id in unknown:
            plan.tally.warn("unknown_customers", order.customer_id, count=n_rows)
        for line in order.lines:
            if line.sku in unknown_skus:
                plan.tally.warn("unknown_skus", line.sku, count=line.n_rows)
