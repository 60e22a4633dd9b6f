"""What the rows of one order say together: its customer, time and status, and what of each product was kept.

Rows alike in every column, also in those that we do not know, count once. A row that repeats another with a different
status is the same line at a later time, whatever unknown columns say. Refunds, which are rows with a negative quantity
or amount, and rows whose status says that they came to nothing are taken off what was bought.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from knowledge.imports.report import RejectedRow, Tally
from knowledge.imports.rows import OrderRow
from knowledge.imports.staging import Group, StagedRow
from knowledge.order_status import UNDONE_STATUSES

DEFAULT_QUANTITY = 1.0
DECIMALS = 6
"""Of a quantity: 0.1 and 0.2 bought and 0.3 given back leave nothing."""
APART = timedelta(days=1)
"""How far apart the lines of one order may be: a receipt is not rung up, or an order not placed, in one second."""

Statuses = dict[datetime, str]


@dataclass(frozen=True)
class Part:
    """How much of a product, and for what amount where that is known."""

    quantity: float
    amount_fen: int | None


@dataclass(frozen=True)
class FileLine:
    """A product of an order in a file: what was bought, and what of that was kept in the end.

    `given_back` is how much came back of what the file does not say was bought; None where it does.
    """

    sku: str
    bought: Part
    kept: Part
    n_rows: int
    given_back: float | None = None


@dataclass(frozen=True)
class FileOrder:
    """An order as a file tells it.

    `statuses` says since when each held, `kept_statuses` the same without rows that came to nothing. `is_all_back` says
    that the file has only what was given back.
    """

    id: str
    customer_id: str
    ordered_at: datetime
    statuses: Statuses
    kept_statuses: Statuses
    lines: list[FileLine]
    is_all_back: bool

    @property
    def came_to_nothing(self) -> bool:
        """Whether nothing was kept, and the last status says so."""
        return last_of(self.statuses) in UNDONE_STATUSES and all(line.kept.quantity <= 0 for line in self.lines)


def last_of(statuses: Statuses) -> str:
    """The status that came last; empty when there is none."""
    return statuses[max(statuses)] if statuses else ""


def order_of(group: Group[OrderRow], tally: Tally, now: datetime, currencies: Mapping[str, str]) -> FileOrder:
    """The order that rows with one id make; what is wrong or odd about them is counted.

    `currencies` are those of products, by sku, of which some row says what its amount is in.
    """
    rows = [group.rows[0].row] if len(group.rows) == 1 else _without_repetitions(_agreeing(group, tally), tally)
    for row in rows:
        _count_oddities(row, tally, now)
    held = [row for row in rows if not (row.is_refund or row.is_undone)]
    return FileOrder(
        id=group.key,
        customer_id=rows[0].customer_id,
        ordered_at=min(row.ordered_at for row in held or rows),
        statuses=_statuses_of(rows),
        kept_statuses=_statuses_of(held),
        lines=_lines_of(rows, tally, currencies),
        is_all_back=not held,
    )


def _agreeing(group: Group[OrderRow], tally: Tally) -> list[OrderRow]:
    """The rows of the first row's customer and of about its time; the others are rejected.

    Only rows of the same status are of the same time: other statuses began at others, and refunds come when they come.
    """
    first = group.rows[0]
    began: dict[str, StagedRow[OrderRow]] = {}
    agreeing = []
    for staged in group.rows:
        row = staged.row
        before = staged if row.is_refund or row.is_undone else began.setdefault(row.status, staged)
        if row.customer_id != first.row.customer_id:
            tally.reject(_of_another_customer(staged, first))
        elif abs(row.ordered_at - before.row.ordered_at) > APART:
            tally.reject(_of_another_time(staged, before))
        else:
            agreeing.append(row)
    return agreeing


def _of_another_customer(staged: StagedRow[OrderRow], first: StagedRow[OrderRow]) -> RejectedRow:
    owner = first.row.customer_id
    reason = f"customer_id: the order {first.row.order_id!r} is of the customer {owner!r} on line {first.line}"
    return RejectedRow(staged.line, "customer_id", staged.row.customer_id, reason, "one customer for each order")


def _of_another_time(staged: StagedRow[OrderRow], before: StagedRow[OrderRow]) -> RejectedRow:
    own, other = (each.row.ordered_at.isoformat(sep=" ", timespec="minutes") for each in (staged, before))
    reason = f"ordered_at: got {own}, but the order {staged.row.order_id!r} is of {other} on line {before.line}"
    return RejectedRow(staged.line, "ordered_at", own, reason, "one time for each order, give or take a day")


def _without_repetitions(rows: Sequence[OrderRow], tally: Tally) -> list[OrderRow]:
    once: dict[tuple[object, ...], OrderRow] = {}
    for row in rows:
        if once.setdefault(_content(row), row) is not row:
            tally.n_unchanged += 1
            tally.warn("repeated_rows", row.order_id)
    return list(once.values())


def _content(row: OrderRow) -> tuple[object, ...]:
    return row.ordered_at, row.status, *_line_content(row), row.other_cells


def _line_content(row: OrderRow) -> tuple[object, ...]:
    return row.sku, row.quantity, row.amount, row.currency, row.amount_mark, row.line_id


def _count_oddities(row: OrderRow, tally: Tally, now: datetime) -> None:
    if row.is_refund:
        tally.warn("refunds", row.order_id)
    elif row.is_undone:
        tally.warn("undone_lines", row.order_id)
    if row.ordered_at > now:
        tally.warn("clock_skew", row.order_id)


def _statuses_of(rows: Sequence[OrderRow]) -> Statuses:
    """When each status began; of several at the same time the last in the file holds."""
    if len(rows) == 1:
        return {rows[0].ordered_at: rows[0].status} if rows[0].status else {}
    at_each_time = {row.ordered_at: row.status for row in rows if row.status}
    began: Statuses = {}
    status = ""
    for moment in sorted(at_each_time):
        if at_each_time[moment] != status:
            status = began[moment] = at_each_time[moment]
    return began


def _lines_of(rows: Sequence[OrderRow], tally: Tally, currencies: Mapping[str, str]) -> list[FileLine]:
    by_sku: dict[str, list[OrderRow]] = defaultdict(list)
    for row in rows:
        by_sku[row.sku].append(row)
    lines = []
    for sku, members in by_sku.items():
        n_foreign = sum(row.names_currency and not row.may_be_in(currencies[sku]) for row in members)
        line = _line_of(sku, members, _quantity_only if n_foreign else _part)
        if n_foreign:
            tally.warn("other_currencies", line_name(rows[0].order_id, sku), count=n_foreign)
        lines.append(line)
    return lines


def line_name(order_id: str, sku: str) -> str:
    """A line as the report names it."""
    return f"{order_id} {sku}"


def _part(row: OrderRow) -> Part:
    """What a row adds; in a refund one number may be written without its sign."""
    quantity = DEFAULT_QUANTITY if row.quantity is None else row.quantity
    if not row.is_refund:
        return Part(quantity, row.amount)
    return Part(-abs(quantity), None if row.amount is None else -abs(row.amount))


def _quantity_only(row: OrderRow) -> Part:
    """A row whose line has amounts in another currency than the product's, which cannot be added up."""
    return Part(_part(row).quantity, None)


def _line_of(sku: str, rows: Sequence[OrderRow], read: Callable[[OrderRow], Part]) -> FileLine:
    if len(rows) == 1 and not rows[0].is_undone:
        part = read(rows[0])
        return FileLine(sku, part, part, 1, -part.quantity if rows[0].is_refund else None)
    refunds = [row for row in rows if row.is_refund]
    undone = [row for row in rows if row.is_undone and not row.is_refund]
    held = [row for row in rows if not (row.is_undone or row.is_refund)]
    whole, given, taken = (_sum([read(row) for row in _once_each(each)]) for each in (held or undone, refunds, undone))
    # What was given back may be written both as a refund and as a status; it was given back once.
    back = min(given, _negative(taken), key=lambda part: part.quantity)
    return FileLine(sku, _sum([whole, given]), _sum([whole, back]), len(rows), None if held else -back.quantity)


def _once_each(rows: Sequence[OrderRow]) -> list[OrderRow]:
    """Each line as often as the status that has it most often: with other statuses it is the same at other times."""
    if len(rows) < 2:
        return list(rows)
    per_status: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    samples: dict[tuple[object, ...], OrderRow] = {}
    for row in rows:
        same = _line_content(row)
        per_status[same][row.status] += 1
        samples[same] = row
    return [row for same, row in samples.items() for _ in range(max(per_status[same].values()))]


def _sum(parts: Sequence[Part]) -> Part:
    amounts = [part.amount_fen for part in parts if part.amount_fen is not None]
    quantity = round(sum((part.quantity for part in parts), 0.0), DECIMALS)
    return Part(quantity, sum(amounts) if amounts else None)


def _negative(part: Part) -> Part:
    return Part(-part.quantity, None if part.amount_fen is None else -part.amount_fen)
