"""The lines of an orders file, as arrays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.datasets.cells import to_amount, to_number, to_time, to_word
from eval.datasets.columns import ColumnFile, read_columns
from eval.datasets.record import Record, shown
from eval.datasets.words import UNDONE_STATUSES
from eval.errors import DataError

REQUIRED = ("order_id", "customer_id", "sku", "ordered_at")
COLUMNS = (*REQUIRED, "quantity", "amount", "status")
DEFAULT_QUANTITY = 1.0


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

    def numbered(self, file: ColumnFile, name: str, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """The numbers of a column's ids in some rows."""
        distinct, codes = file.converted(name, Record.id), file.columns[name].codes[rows]
        used, first = np.unique(codes, return_index=True)
        numbers = np.zeros(len(distinct), np.int32)
        for code in used[np.argsort(first)]:
            numbers[code] = self.places.setdefault(distinct[code], len(self.places))
        return numbers[codes]


@dataclass(frozen=True)
class Ids:
    """What orders, customers and products are numbered by, the same in all files of the data."""

    orders: Numbering = field(default_factory=Numbering)
    customers: Numbering = field(default_factory=Numbering)
    skus: Numbering = field(default_factory=Numbering)


@dataclass(frozen=True)
class OrderFile:
    """The lines of a file on which something was bought, and which row of the file each is."""

    file: ColumnFile
    rows: NDArray[np.intp]
    lines: OrderLines

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def n_undone(self) -> int:
        return len(self.file.lines) - len(self.rows)

    @property
    def unknown_columns(self) -> list[str]:
        return [name for name in self.file.columns if name not in COLUMNS]

    def line(self, position: int) -> int:
        """Where one of the order lines stands in the file."""
        return self.file.lines[int(self.rows[position])]


def read_order_file(path: Path, ids: Ids) -> OrderFile:
    """The lines of an orders file without those that came to nothing: a status that says so, or a negative number.

    Raises:
        DataError: the file is wrong, or nothing was bought in it, or an order belongs to two customers.
    """
    file = read_columns(path, REQUIRED)
    quantity = _numbers(file, "quantity", to_number, DEFAULT_QUANTITY)
    amount = _numbers(file, "amount", to_amount, np.nan)
    ordered_at = np.array(file.converted("ordered_at", to_time), "datetime64[us]")[file.columns["ordered_at"].codes]
    is_refund = (quantity < 0) | (amount < 0)  # no amount compares as false
    rows = np.flatnonzero(~is_refund & ~_is_undone(file))
    if not len(rows):
        raise DataError(path, None, f"nothing is left of its {len(file.lines):,} rows", "orders that were kept")
    rows = rows[np.argsort(ordered_at[rows], kind="stable")]
    lines = OrderLines(
        order=ids.orders.numbered(file, "order_id", rows),
        customer=ids.customers.numbered(file, "customer_id", rows),
        sku=ids.skus.numbered(file, "sku", rows),
        ordered_at=ordered_at[rows],
        quantity=quantity[rows],
        amount=amount[rows],
    )
    found = OrderFile(file, rows, lines)
    _require_one_customer(found, ids)
    return found


def _numbers(
    file: ColumnFile, name: str, convert: Callable[[Record, str], float | None], default: float
) -> NDArray[np.float32]:
    if name not in file.columns:
        return np.full(len(file.lines), default, np.float32)
    distinct = [default if value is None else value for value in file.converted(name, convert)]
    return np.array(distinct, np.float32)[file.columns[name].codes]


def _is_undone(file: ColumnFile) -> NDArray[np.bool_]:
    if "status" not in file.columns:
        return np.zeros(len(file.lines), np.bool_)
    distinct = [status in UNDONE_STATUSES for status in file.converted("status", to_word)]
    return np.array(distinct, np.bool_)[file.columns["status"].codes]


def _require_one_customer(found: OrderFile, ids: Ids) -> None:
    lines = found.lines
    _, first, order = np.unique(lines.order, return_index=True, return_inverse=True)
    others = np.flatnonzero(lines.customer != lines.customer[first[order]])
    if not len(others):
        return
    other = int(others[0])
    before = int(first[order[other]])
    order_id, owner = ids.orders.ids[lines.order[other]], ids.customers.ids[lines.customer[before]]
    problem = f"customer_id is {shown(ids.customers.ids[lines.customer[other]])}, but order {shown(order_id)} is of"
    raise DataError(
        found.path,
        found.line(other),
        f"{problem} {shown(owner)} on line {found.line(before)}",
        "one customer for each order",
    )
