"""The columns of an orders file, understood."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from eval.datasets.amounts import CODES, HOUSE_CURRENCY, possible
from eval.datasets.cells import to_amount, to_currency, to_mark, to_number, to_time, to_word
from eval.datasets.columns import ColumnFile
from eval.datasets.record import Record, shown
from eval.datasets.refusals import KEPT_EXAMPLES
from eval.datasets.words import UNDONE_STATUSES
from eval.errors import DataError

REQUIRED = ("order_id", "customer_id", "sku", "ordered_at")
READERS: Mapping[str, Callable[[Record, str], object]] = {
    "quantity": to_number,
    "amount": to_amount,
    "ordered_at": to_time,
    "status": to_word,
    "currency": to_currency,
    **dict.fromkeys(("order_id", "customer_id", "sku"), Record.id),
}
COLUMNS = (*REQUIRED, "quantity", "amount", "status", "currency", "line_id")
DEFAULT_QUANTITY = 1.0
MAX_CURRENCIES = 60

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class IdCells:
    """The ids of a column and which of them each row has; the same id has one code, however it is written."""

    ids: Sequence[str]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class OrderCells:
    """The rows of an orders file in its order, arrays of shape (n_rows,); those of `is_bad` mean nothing.

    `ordered_at` is in UTC; `amount` is NaN where it is unknown, and where it is in another currency than most
    (`is_foreign`). Refunds have negative numbers; `is_undone` is of a status that says that nothing was bought.
    """

    order: IdCells
    customer: IdCells
    sku: IdCells
    ordered_at: NDArray[np.datetime64]
    quantity: NDArray[np.float32]
    amount: NDArray[np.float32]
    is_refund: NDArray[np.bool_]
    is_undone: NDArray[np.bool_]
    is_foreign: NDArray[np.bool_]
    is_bad: NDArray[np.bool_]


def read_cells(file: ColumnFile, *, is_strict: bool) -> OrderCells:
    """Every row of the file.

    Raises:
        DataError: if strict, a cell cannot be understood; names the first row that has it.
    """
    reading = _Reading(file, is_strict)
    quantity = reading.numbers("quantity", to_number, DEFAULT_QUANTITY)
    amount = reading.numbers("amount", to_amount, np.nan)
    is_refund = (quantity < 0) | (amount < 0)  # no amount compares as false
    is_foreign = reading.foreign()
    amount[is_foreign] = np.nan
    ordered_at = reading.times()
    is_undone = reading.undone()
    order, customer, sku = (reading.ids(name) for name in ("order_id", "customer_id", "sku"))
    return OrderCells(
        order, customer, sku, ordered_at, quantity, amount, is_refund, is_undone, is_foreign, reading.is_bad
    )


def reasons(file: ColumnFile, rows: NDArray[np.intp]) -> list[DataError]:
    """What is wrong with the first few of some bad rows."""
    return [_reason(file.record(int(row))) for row in islice(rows, KEPT_EXAMPLES)]


def _reason(record: Record) -> DataError:
    for name, convert in READERS.items():
        if name in record.fields:
            try:
                convert(record, name)
            except DataError as error:
                return error
    return _contradiction(record)


def _contradiction(record: Record) -> DataError:
    amount, currency = (shown(record.fields[name]) for name in ("amount", "currency"))
    return record.refusal("amount", f"is {amount}, but currency is {currency}", "an amount in the currency of its row")


class _Reading:
    """One pass over the columns, which gathers the rows that cannot be understood, or stops at the first."""

    def __init__(self, file: ColumnFile, is_strict: bool) -> None:
        self.file = file
        self.is_strict = is_strict
        self.n_rows = len(file.lines)
        self.is_bad = np.zeros(self.n_rows, np.bool_)

    def ids(self, name: str) -> IdCells:
        """The ids of a column."""
        distinct, codes = self._distinct(name, Record.id, ""), self.file.columns[name].codes
        places: dict[str, int] = {}
        numbers = [places.setdefault(own, len(places)) for own in distinct]
        if len(places) < len(distinct):
            codes = np.array(numbers, np.int32)[codes]
        return IdCells(list(places), codes)

    def times(self) -> NDArray[np.datetime64]:
        """When each row was ordered."""
        distinct = self._distinct("ordered_at", to_time, None)
        moments: NDArray[np.datetime64] = np.array(distinct, "datetime64[us]")
        return moments[self.file.columns["ordered_at"].codes]

    def numbers(self, name: str, convert: Callable[[Record, str], float | None], default: float) -> NDArray[np.float32]:
        """The numbers of a column that the file may not have."""
        if name not in self.file.columns:
            return np.full(self.n_rows, default, np.float32)
        distinct = [default if value is None else value for value in self._distinct(name, convert, None)]
        return np.array(distinct, np.float32)[self.file.columns[name].codes]

    def undone(self) -> NDArray[np.bool_]:
        """Which rows have a status that says that they came to nothing."""
        if "status" not in self.file.columns:
            return np.zeros(self.n_rows, np.bool_)
        distinct = [status in UNDONE_STATUSES for status in self._distinct("status", to_word, "")]
        return np.array(distinct, np.bool_)[self.file.columns["status"].codes]

    def foreign(self) -> NDArray[np.bool_]:
        """Which rows say that their amount is in another currency than most rows."""
        named = self._distinct("currency", to_currency, "") if "currency" in self.file.columns else []
        marks = self.file.understood("amount", to_mark, "")[0] if "amount" in self.file.columns else []
        if not any(named) and not any(marks):
            return np.zeros(self.n_rows, np.bool_)
        codes = sorted({*CODES, *named} - {""})
        self._require_few(codes)
        may_be = self._sets("currency", named, codes) & self._sets("amount", marks, codes)
        self._refuse_contradictions(may_be == 0)
        usual = _usual(may_be, codes)
        is_foreign: NDArray[np.bool_] = (may_be & usual == 0) & ~self.is_bad
        return is_foreign

    def _distinct(self, name: str, convert: Callable[[Record, str], ValueT], instead: ValueT) -> list[ValueT]:
        if self.is_strict:
            return self.file.converted(name, convert)
        distinct, is_refused = self.file.understood(name, convert, instead)
        if is_refused.any():
            self.is_bad |= is_refused[self.file.columns[name].codes]
        return distinct

    def _sets(self, name: str, marks: Sequence[str], codes: Sequence[str]) -> NDArray[np.int64]:
        """The currencies that each row may be in as far as one column says, a bit for each."""
        if not marks:
            return np.full(self.n_rows, -1, np.int64)
        bits = {code: 1 << place for place, code in enumerate(codes)}
        distinct = [sum(bits[code] for code in possible(mark)) if mark else -1 for mark in marks]
        return np.array(distinct, np.int64)[self.file.columns[name].codes]

    def _refuse_contradictions(self, is_contradicting: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(is_contradicting & ~self.is_bad)
        if len(rows) and self.is_strict:
            raise _contradiction(self.file.record(int(rows[0])))
        self.is_bad[rows] = True

    def _require_few(self, codes: Sequence[str]) -> None:
        if len(codes) > MAX_CURRENCIES:
            problem = f"there are {len(codes)} currencies: {', '.join(codes[:KEPT_EXAMPLES])} …"
            raise DataError(self.file.path, None, problem, f"at most {MAX_CURRENCIES}")


def _usual(may_be: NDArray[np.int64], codes: Sequence[str]) -> int:
    """The bit of the currency that most rows may be in; rows that name none are in that of the house."""
    n_rows = {
        code: int(np.count_nonzero((may_be > 0) & (may_be >> place & 1 == 1))) for place, code in enumerate(codes)
    }
    n_rows[HOUSE_CURRENCY] += int(np.count_nonzero(may_be == -1))
    usual = max(codes, key=lambda code: (n_rows[code], code == HOUSE_CURRENCY))
    return 1 << codes.index(usual)
