"""Orders whose rows contradict each other: of two customers, or of two times."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eval.datasets.columns import ColumnFile
from eval.datasets.order_cells import OrderCells
from eval.datasets.record import shown
from eval.datasets.refusals import KEPT_EXAMPLES
from eval.datasets.row_groups import first_rows
from eval.errors import DataError

APART = np.timedelta64(1, "D")
"""How far apart the lines of one order may be, as `copilot load` has it."""


@dataclass(frozen=True)
class Contradicting:
    """Rows that contradict an earlier one of their order, and what is wrong with the first few."""

    rows: NDArray[np.intp]
    errors: Sequence[DataError] = field(default_factory=list)


def contradicting(file: ColumnFile, cells: OrderCells, rows: NDArray[np.intp]) -> Contradicting:
    """Those of some rows that are not of the customer of their order, or of a time more than a day after it.

    Refunds and what came to nothing are not looked at: they come when they come. Neither are the times of rows with
    other statuses, which began when they began.
    """
    bought = rows[~(cells.is_refund[rows] | cells.is_undone[rows])]
    bought = bought[np.argsort(cells.ordered_at[bought], kind="stable")]
    before = _first_of_order(cells, bought)
    is_anothers = cells.customer.codes[bought] != cells.customer.codes[before]
    is_apart = cells.ordered_at[bought] - cells.ordered_at[before] > APART
    if is_apart.any() and "status" in file.columns:
        is_apart &= _is_apart_in_status(file, cells, bought)
    places = np.flatnonzero(is_anothers | is_apart)
    errors = [
        _of_another_customer(file, cells, row, first) if is_other else _of_another_time(file, cells, row, first)
        for row, first, is_other in zip(
            bought[places[:KEPT_EXAMPLES]].tolist(),
            before[places[:KEPT_EXAMPLES]].tolist(),
            is_anothers[places[:KEPT_EXAMPLES]].tolist(),
            strict=True,
        )
    ]
    return Contradicting(bought[places], errors)


def _first_of_order(cells: OrderCells, bought: NDArray[np.intp]) -> NDArray[np.intp]:
    """The earliest row of the order of each row."""
    codes = cells.order.codes[bought]
    return bought[first_rows(codes, len(cells.order.ids))[codes]]


def _is_apart_in_status(file: ColumnFile, cells: OrderCells, bought: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each row is apart from the earliest of its order and status."""
    status = file.columns["status"].codes[bought].astype(np.int64)
    keys = np.unique(status * len(cells.order.ids) + cells.order.codes[bought], return_inverse=True)[1]
    before = bought[first_rows(keys, int(keys.max(initial=0)) + 1)[keys]]
    return cells.ordered_at[bought] - cells.ordered_at[before] > APART


def _of_another_customer(file: ColumnFile, cells: OrderCells, row: int, first: int) -> DataError:
    customers = cells.customer
    own, owner, order = customers.ids[customers.codes[row]], customers.ids[customers.codes[first]], _order(cells, row)
    problem = f"customer_id is {shown(own)}, but order {order} is of {shown(owner)} on line {file.lines[first]}"
    return file.error(row, problem, "one customer for each order")


def _of_another_time(file: ColumnFile, cells: OrderCells, row: int, first: int) -> DataError:
    own, before = (f"{cells.ordered_at[each].astype('datetime64[s]')}Z" for each in (row, first))
    problem = f"ordered_at is {own}, but order {_order(cells, row)} is of {before} on line {file.lines[first]}"
    return file.error(row, problem, "one time for each order, give or take a day")


def _order(cells: OrderCells, row: int) -> str:
    return shown(cells.order.ids[cells.order.codes[row]])
