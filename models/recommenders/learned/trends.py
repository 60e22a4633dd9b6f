"""What everybody does with every item lately."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.recommenders.lines import PurchaseLines

TREND_FEATURES = ("sold_14", "sold_28", "sold", "buyers_28", "rebought", "first_bought")
PERIOD_DAYS = 28.0
UNKNOWN_DAYS = 60.0
"""Between purchases of an item that nobody bought twice."""
FIRM = 5.0
"""How many buyers the belief that nobody buys again is worth."""


@dataclass(frozen=True)
class Trends:
    """Items as of one day.

    Attributes:
        values: shape (n_items, len(TREND_FEATURES)); shares of all that was sold or of all who bought, from 0 to 1.
        usual_days: between two purchases of an item by one customer, shape (n_items,), their geometric mean.
    """

    values: NDArray[np.float32]
    usual_days: NDArray[np.float32]

    @cached_property
    def selling(self) -> NDArray[np.int64]:
        """All items by what was sold of them lately, the most first, shape (n_items,)."""
        return np.argsort(-self.values[:, TREND_FEATURES.index("sold_28")], kind="stable")

    @classmethod
    def of(cls, lines: PurchaseLines, today: float) -> Self:
        """The trends of everybody's lines before today."""
        ages, n = today - lines.days, lines.n_items
        lately = ages <= PERIOD_DAYS
        before = (ages > PERIOD_DAYS) & (ages <= 2 * PERIOD_DAYS)
        now, earlier = _buyers(lines, lately), _buyers(lines, before)
        ever_earlier = _buyers(lines, ~lately)
        again = _per_item(np.intersect1d(now, earlier), n) / (_per_item(earlier, n) + FIRM)
        n_buying = max(1, len(np.unique(lines.customers[lately])))
        columns = [
            *(_share(lines.items[part], n) for part in (ages <= 14.0, lately, slice(None))),
            _per_item(now, n) / n_buying,
            again,
            _per_item(np.setdiff1d(now, ever_earlier), n) / n_buying,
        ]
        return cls(np.column_stack(columns).astype(np.float32), _usual_days(lines))


def _share(items: NDArray[np.int64], n_items: int) -> NDArray[np.float64]:
    return np.bincount(items, minlength=n_items) / max(1, len(items))


def _buyers(lines: PurchaseLines, part: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Who bought what, each pair once, as one number."""
    return np.unique(lines.customers[part] * lines.n_items + lines.items[part])


def _per_item(pairs: NDArray[np.int64], n_items: int) -> NDArray[np.float64]:
    return np.bincount(pairs % max(1, n_items), minlength=n_items).astype(np.float64)


def _usual_days(lines: PurchaseLines) -> NDArray[np.float32]:
    order = np.lexsort((lines.days, lines.customers, lines.items))
    items, customers = lines.items[order], lines.customers[order]
    gaps = np.diff(lines.days[order])
    again = (np.diff(items) == 0) & (np.diff(customers) == 0) & (gaps >= 0.5)
    n_gaps = np.bincount(items[1:][again], minlength=lines.n_items)
    logs = np.bincount(items[1:][again], np.log(gaps[again]), lines.n_items)
    usual = np.where(n_gaps > 0, np.exp(logs / np.maximum(1, n_gaps)), UNKNOWN_DAYS)
    return usual.astype(np.float32)
