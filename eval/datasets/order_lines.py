"""The lines of an orders file, as arrays, and what became of its rows."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.datasets.columns import ColumnFile, read_columns
from eval.datasets.order_agreement import contradicting
from eval.datasets.order_cells import COLUMNS, REQUIRED, IdCells, OrderCells, read_cells, reasons
from eval.datasets.order_counts import OrderCounts
from eval.datasets.order_refunds import Kept, kept_of
from eval.datasets.order_repeats import repeated_rows
from eval.datasets.refusals import KEPT_EXAMPLES, Refusals, strictly
from eval.datasets.row_groups import first_rows
from eval.errors import DataError

__all__ = ["COLUMNS", "REQUIRED", "Ids", "OrderFile", "OrderLines", "read_order_file"]

CLOCK_SKEW = timedelta(days=1)
"""How far the clock of a shop may be ahead of ours, or its zone be another than we think; as `copilot load` has it."""


@dataclass(frozen=True)
class OrderLines:
    """What was bought, oldest first, ties as in the file; arrays of shape (n_lines,).

    `order`, `customer` and `sku` are positions in the ids of the data; `ordered_at` is in UTC; `amount` is NaN where
    unknown.
    """

    order: NDArray[np.int32]
    customer: NDArray[np.int32]
    sku: NDArray[np.int32]
    ordered_at: NDArray[np.datetime64]
    quantity: NDArray[np.float32]
    amount: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.order)


class Numbering:
    """Numbers ids from 0, in the order in which they come up."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.places)

    def numbered(self, cells: IdCells, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """The numbers of a column's ids in some rows."""
        codes = cells.codes[rows]
        first = first_rows(codes, len(cells.ids))
        used = np.flatnonzero(first < len(codes))
        numbers = np.zeros(len(cells.ids), np.int32)
        for code in used[np.argsort(first[used])].tolist():
            numbers[code] = self.places.setdefault(cells.ids[code], len(self.places))
        return numbers[codes]


@dataclass(frozen=True)
class Ids:
    """What orders, customers and products are numbered by, the same in all files of the data."""

    orders: Numbering = field(default_factory=Numbering)
    customers: Numbering = field(default_factory=Numbering)
    skus: Numbering = field(default_factory=Numbering)


@dataclass(frozen=True)
class OrderFile:
    """The lines of a file on which something was bought and kept, and which row of the file each is."""

    file: ColumnFile
    rows: NDArray[np.intp]
    lines: OrderLines
    counts: OrderCounts

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def unknown_columns(self) -> list[str]:
        return [name for name in self.file.columns if name not in COLUMNS]

    def line(self, position: int) -> int:
        """Where one of the order lines stands in the file."""
        return self.file.lines[int(self.rows[position])]


def read_order_file(path: Path, ids: Ids, *, is_strict: bool = True, now: datetime | None = None) -> OrderFile:
    """The lines of an orders file without those that came to nothing or say the same again.

    A row that is wrong stops the reading; if not `is_strict`, it is left out and counted. Rows later than `now` by more
    than a day are wrong, and not looked for without it.

    Raises:
        DataError: the file is wrong as a whole, or nothing is left of it; or, if strict, a row is wrong.
    """
    refusals = Refusals()
    file = read_columns(path, REQUIRED, strictly if is_strict else refusals.add)
    sorting = _Sorting(file, read_cells(file, is_strict=is_strict), refusals, is_strict=is_strict)
    sorting.leave_out_future(now)
    sorting.leave_out_repeated()
    sorting.leave_out_contradicting()
    kept = sorting.take_back()
    if not len(kept.rows):
        raise _nothing_left(file, sorting.counts)
    lines = _numbered_lines(sorting.cells, kept, ids)
    return OrderFile(file, kept.rows, lines, sorting.finished(kept, now))


class _Sorting:
    """The rows that are left after each step, and the counts of the others."""

    def __init__(self, file: ColumnFile, cells: OrderCells, refusals: Refusals, *, is_strict: bool) -> None:
        self.file = file
        self.cells = cells
        self.is_strict = is_strict
        self.counts = OrderCounts(n_rejected=refusals.n_rows)
        self.errors = [*refusals.first, *reasons(file, np.flatnonzero(cells.is_bad))]
        self.rows = np.flatnonzero(~cells.is_bad)
        self._count(n_rejected=self.counts.n_rejected + len(file.lines) - len(self.rows))

    def leave_out_future(self, now: datetime | None) -> None:
        """Leave out what cannot have been ordered yet."""
        if now is None:
            return
        latest = _moment(now + CLOCK_SKEW)
        is_future = self.cells.ordered_at[self.rows] > latest
        late = self.rows[is_future]
        errors = [self._of_the_future(int(row), now) for row in late[:KEPT_EXAMPLES]]
        if errors and self.is_strict:
            raise errors[0]
        self.errors += errors
        self.rows = self.rows[~is_future]
        self._count(n_future=len(late))

    def leave_out_repeated(self) -> None:
        """Leave out rows that say again what another one says."""
        repeated = repeated_rows(self.file, self.cells, self.rows)
        self._leave_out(repeated)
        self._count(n_repeated=len(repeated))

    def leave_out_contradicting(self) -> None:
        """Leave out rows that make their order one of two customers or times."""
        found = contradicting(self.file, self.cells, self.rows)
        if found.rows.size and self.is_strict:
            raise found.errors[0]
        self.errors += found.errors
        self._leave_out(found.rows)
        self._count(n_rejected=self.counts.n_rejected + len(found.rows))

    def take_back(self) -> Kept:
        """What was bought and kept, oldest first."""
        is_refund = self.cells.is_refund[self.rows]
        n_undone = int(np.count_nonzero(self.cells.is_undone[self.rows] & ~is_refund))
        kept = kept_of(self.cells, self.rows)
        n_refunds = int(np.count_nonzero(is_refund))
        n_taken_back = len(self.rows) - n_refunds - n_undone - len(kept.rows)
        self._count(n_kept=len(kept.rows), n_refunds=n_refunds, n_undone=n_undone, n_taken_back=n_taken_back)
        order = np.argsort(self.cells.ordered_at[kept.rows], kind="stable")
        return Kept(kept.rows[order], kept.quantity[order], kept.amount[order])

    def finished(self, kept: Kept, now: datetime | None) -> OrderCounts:
        """All counts."""
        n_skewed = 0 if now is None else int(np.count_nonzero(self.cells.ordered_at[kept.rows] > _moment(now)))
        n_other = int(np.count_nonzero(self.cells.is_foreign[kept.rows]))
        self._count(n_skewed=n_skewed, n_other_currency=n_other)
        return self.counts

    def _leave_out(self, rows: NDArray[np.intp]) -> None:
        if len(rows):
            self.rows = np.setdiff1d(self.rows, rows, assume_unique=True)

    def _count(self, **counts: int) -> None:
        errors = sorted(self.errors, key=lambda error: error.line or 0)[:KEPT_EXAMPLES]
        self.counts = replace(self.counts, **counts, examples=tuple(map(str, errors)))

    def _of_the_future(self, row: int, now: datetime) -> DataError:
        problem = f"ordered_at is {self.cells.ordered_at[row].astype('datetime64[s]')}Z"
        expected = f"a time that is not in the future by more than a day (it is now {now:%Y-%m-%d %H:%M %Z})"
        return self.file.error(row, problem, expected)


def _moment(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _nothing_left(file: ColumnFile, counts: OrderCounts) -> DataError:
    first = f"; the first that is wrong: {counts.examples[0]}" if counts.examples else ""
    return DataError(file.path, None, f"nothing is left of its {counts.n_rows:,} rows{first}", "orders that were kept")


def _numbered_lines(cells: OrderCells, kept: Kept, ids: Ids) -> OrderLines:
    return OrderLines(
        order=ids.orders.numbered(cells.order, kept.rows),
        customer=ids.customers.numbered(cells.customer, kept.rows),
        sku=ids.skus.numbered(cells.sku, kept.rows),
        ordered_at=cells.ordered_at[kept.rows],
        quantity=kept.quantity,
        amount=kept.amount,
    )
