"""What was bought and given back, by a refund or a status of the same order, customer and product."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.datasets.order_cells import OrderCells
from eval.datasets.row_groups import groups_of

ROUNDING = 1e-6
"""What of a quantity may be left by adding: 0.1 and 2.1 of 2.2 given back leave nothing."""


@dataclass(frozen=True)
class Kept:
    """The rows of which something was kept, with how much and for what amount."""

    rows: NDArray[np.intp]
    quantity: NDArray[np.float32]
    amount: NDArray[np.float32]


def kept_of(cells: OrderCells, rows: NDArray[np.intp]) -> Kept:
    """The rows on which something was bought, without what others of them took back, whenever that was."""
    is_back = cells.is_refund[rows] | cells.is_undone[rows]
    bought, back = rows[~is_back & (cells.quantity[rows] > 0)], rows[is_back]
    if len(back) and len(bought):
        bought, quantity = _without(cells, bought, back)
    else:
        quantity = cells.quantity[bought]
    was = cells.quantity[bought]
    share = np.divide(quantity, was, out=np.ones_like(was), where=was != quantity)
    return Kept(bought, quantity, cells.amount[bought] * share)


def _without(
    cells: OrderCells, bought: NDArray[np.intp], back: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    keys = groups_of([cells.order.codes, cells.customer.codes, cells.sku.codes], len(cells.quantity))
    left = _taken(cells, back, keys)
    quantity = cells.quantity[bought]
    is_kept = np.ones(len(bought), np.bool_)
    for place in np.flatnonzero(np.isin(keys[bought], list(left))).tolist():
        key = int(keys[bought[place]])
        taken = min(left[key], float(quantity[place]))
        left[key] -= taken
        is_kept[place] = quantity[place] - taken > ROUNDING * quantity[place]
        quantity[place] -= taken
    return bought[is_kept], quantity[is_kept]


def _taken(cells: OrderCells, back: NDArray[np.intp], keys: NDArray[np.int64]) -> dict[int, float]:
    """How much was given back of what; what is written both as a refund and as a status was given back once."""
    refunded: defaultdict[int, float] = defaultdict(float)
    undone: defaultdict[int, float] = defaultdict(float)
    quantities = np.abs(cells.quantity[back]).tolist()
    for key, quantity, is_refund in zip(keys[back].tolist(), quantities, cells.is_refund[back].tolist(), strict=True):
        (refunded if is_refund else undone)[key] += quantity
    return {key: max(refunded[key], undone[key]) for key in {*refunded, *undone}}
