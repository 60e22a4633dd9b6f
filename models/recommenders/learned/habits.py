"""What every customer does with every item that they bought before."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.recommenders.lines import PurchaseLines

SPANS = (28.0, 112.0)
HALF_LIVES = (10.0, 30.0, 90.0)
HABIT_FEATURES = (
    "baskets",
    *(f"baskets_{span:.0f}" for span in SPANS),
    *(f"decayed_{half:.0f}" for half in HALF_LIVES),
    "share",
    "share_lately",
    "periods",
    "days_since",
    "interval",
    "due",
    "rank",
)
CUSTOMER_FEATURES = ("orders", "orders_28", "orders_84", "order_size", "days_since_order")
PERIOD_DAYS = 28.0
N_PERIODS = 10
LATELY = 0.95
"""What a basket counts for against the one after it, for `share_lately`."""
NEVER = 9_999.0
LONG_OVERDUE = 20.0
LAST_RANK = 500.0
USUAL_WEIGHT = 2.0
"""How many of a customer's own intervals the usual interval of an item weighs."""


@dataclass(frozen=True)
class Habits:
    """Distinct pairs of customer and item, ordered by both, and what is known of customers.

    Attributes:
        customers: shape (n_pairs,).
        items: shape (n_pairs,).
        values: shape (n_pairs, len(HABIT_FEATURES)).
        of_customers: shape (n_customers, len(CUSTOMER_FEATURES)).
    """

    customers: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float32]
    of_customers: NDArray[np.float32]

    @classmethod
    def of(cls, histories: PurchaseLines, today: float, usual_days: NDArray[np.float32]) -> "Habits":
        """The habits of these histories as of today; `usual_days` between purchases of an item, shape (n_items,).

        What is ahead of today, by a clock that is, counts as of today.
        """
        lines = _distinct(replace(histories, days=np.minimum(histories.days, today)))
        order = np.lexsort((lines.days, lines.items, lines.customers))
        lines = lines.take(order)
        pairs, pair_of = np.unique(lines.customers * histories.n_items + lines.items, return_inverse=True)
        customers, items = pairs // max(1, histories.n_items), pairs % max(1, histories.n_items)
        baskets = _Baskets.of(lines, today)
        values = _pair_values(lines, pair_of, customers, baskets, today, usual_days[items])
        return cls(customers, items, values, baskets.features(lines))

    def absent(self, usual_days: NDArray[np.float32]) -> NDArray[np.float32]:
        """The features of pairs that never were, given the usual interval of their items, shape (n_pairs,)."""
        values = np.zeros((len(usual_days), len(HABIT_FEATURES)), np.float32)
        values[:, HABIT_FEATURES.index("days_since")] = NEVER
        values[:, HABIT_FEATURES.index("interval")] = usual_days
        values[:, HABIT_FEATURES.index("due")] = LONG_OVERDUE
        values[:, HABIT_FEATURES.index("rank")] = LAST_RANK
        return values


@dataclass(frozen=True)
class _Baskets:
    """The baskets of each customer: which a line belongs to, how old it is, how many came after it."""

    of_line: NDArray[np.int64]
    customers: NDArray[np.int64]
    ages: NDArray[np.float64]
    n_later: NDArray[np.int64]
    n_customers: int

    @classmethod
    def of(cls, lines: PurchaseLines, today: float) -> "_Baskets":
        _, first, of_line = np.unique(lines.baskets, return_index=True, return_inverse=True)
        customers, ages = lines.customers[first], today - lines.days[first]
        order = np.lexsort((ages, customers))
        starts = np.searchsorted(customers[order], customers[order])
        n_later = np.empty(len(order), np.int64)
        n_later[order] = np.arange(len(order)) - starts
        return cls(of_line.astype(np.int64), customers, ages, n_later, lines.n_customers)

    def count(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Baskets of each customer, or the sum of weights of baskets, shape (n_customers,)."""
        return np.bincount(self.customers, weights, self.n_customers).astype(np.float64)

    def features(self, lines: PurchaseLines) -> NDArray[np.float32]:
        n = self.count()
        last = np.full(self.n_customers, NEVER)
        np.minimum.at(last, self.customers, self.ages)
        size = np.bincount(lines.customers, minlength=self.n_customers) / np.maximum(1.0, n)
        lately = [self.count((self.ages <= days).astype(np.float64)) for days in (28.0, 84.0)]
        return np.column_stack([n, *lately, size, last]).astype(np.float32)


def _distinct(lines: PurchaseLines) -> PurchaseLines:
    """Each item of a basket once."""
    order = np.lexsort((lines.items, lines.baskets))
    again = np.zeros(len(order), np.bool_)
    again[1:] = (np.diff(lines.baskets[order]) == 0) & (np.diff(lines.items[order]) == 0)
    return lines.take(order[~again])


def _pair_values(
    lines: PurchaseLines,
    pair_of: NDArray[np.intp],
    customers: NDArray[np.int64],
    baskets: _Baskets,
    today: float,
    usual_days: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The features of each pair; lines are ordered by pair, then day."""
    n_pairs, ages = len(customers), today - lines.days
    n = np.bincount(pair_of, minlength=n_pairs).astype(np.float64)
    spans = [np.bincount(pair_of, ages <= span, n_pairs) for span in SPANS]
    decayed = [np.bincount(pair_of, np.exp2(-ages / half), n_pairs) for half in HALF_LIVES]
    weights = np.power(LATELY, baskets.n_later.astype(np.float64))
    lately = np.bincount(pair_of, weights[baskets.of_line], n_pairs)
    all_lately = baskets.count(weights)[customers]
    last = np.full(n_pairs, NEVER)
    np.minimum.at(last, pair_of, ages)
    interval = _interval(lines, pair_of, usual_days)
    columns = [
        *(n, *spans, *decayed),
        n / np.maximum(1.0, baskets.count()[customers]),
        lately / (all_lately + 1.0),
        _periods(lines, ages, pair_of, customers),
        *(last, interval, np.minimum(last / interval, LONG_OVERDUE)),
        _rank(customers, decayed[-1].astype(np.float64)),
    ]
    return np.column_stack(columns).astype(np.float32)


def _interval(lines: PurchaseLines, pair_of: NDArray[np.intp], usual_days: NDArray[np.float32]) -> NDArray[np.float64]:
    """Days between purchases of each pair: the customer's own, drawn towards what is usual for the item."""
    gaps = np.diff(lines.days)
    own = (np.diff(pair_of) == 0) & (gaps >= 0.5)
    n_gaps = np.bincount(pair_of[1:][own], minlength=len(usual_days))
    days = np.bincount(pair_of[1:][own], gaps[own], len(usual_days))
    drawn: NDArray[np.float64] = (days + USUAL_WEIGHT * usual_days) / (n_gaps + USUAL_WEIGHT)
    return drawn


def _periods(
    lines: PurchaseLines, ages: NDArray[np.float64], pair_of: NDArray[np.intp], customers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """In what share of the last four-week periods in which the customer bought anything this item was bought."""
    period = (ages // PERIOD_DAYS).astype(np.int64)
    known = period < N_PERIODS
    with_item = np.unique(pair_of[known] * N_PERIODS + period[known]) // N_PERIODS
    with_any = np.unique(lines.customers[known] * N_PERIODS + period[known]) // N_PERIODS
    n_any = np.bincount(with_any, minlength=lines.n_customers)[customers]
    return np.bincount(with_item, minlength=len(customers)) / np.maximum(1, n_any)


def _rank(customers: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of each pair among its customer's, the weightiest first."""
    order = np.lexsort((-weight, customers))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) - np.searchsorted(customers[order], customers[order])
    return np.minimum(rank, LAST_RANK)
