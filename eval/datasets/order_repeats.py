"""Rows of an orders file that say again what another one says."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.datasets.columns import ColumnFile
from eval.datasets.order_cells import COLUMNS, OrderCells
from eval.datasets.row_groups import crowded, groups_of, occurrences

CHANGING = ("status", "ordered_at")
"""What differs where a row is the same line at a later time."""


def repeated_rows(file: ColumnFile, cells: OrderCells, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of some rows that are like an earlier one in every column, or are the same line with a later status."""
    near = rows[crowded(groups_of([cells.order.codes[rows], cells.sku.codes[rows]], len(rows)))]
    if not len(near):
        return near
    again = near[occurrences(groups_of(_codes(file, list(file.columns), near), len(near))) > 0]
    if "status" not in file.columns:
        return again
    return np.union1d(again, _later_statuses(file, cells, np.setdiff1d(near, again)))


def _later_statuses(file: ColumnFile, cells: OrderCells, near: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rows that repeat another one but for the status: what was bought twice has every status twice.

    Columns that we do not know may change with it. What was bought and what came to nothing are apart: the one is taken
    off the other.
    """
    near = near[~cells.is_refund[near]]
    near = near[np.argsort(cells.ordered_at[near], kind="stable")]
    names = [name for name in COLUMNS if name in file.columns and name not in CHANGING]
    lines = groups_of([*_codes(file, names, near), cells.is_undone[near].astype(np.int32)], len(near))
    statuses = groups_of([_dense(lines), *_codes(file, ["status"], near)], len(near))
    return near[occurrences(groups_of([_dense(lines), occurrences(statuses)], len(near))) > 0]


def _codes(file: ColumnFile, names: Sequence[str], rows: NDArray[np.intp]) -> list[NDArray[np.int32]]:
    return [file.columns[name].codes[rows] for name in names]


def _dense(keys: NDArray[np.int64]) -> NDArray[np.int32]:
    dense: NDArray[np.int32] = np.unique(keys, return_inverse=True)[1].astype(np.int32)
    return dense
