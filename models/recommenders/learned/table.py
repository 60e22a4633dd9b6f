"""Pairs of customer and item worth scoring, with all that is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.recommenders.learned.habits import CUSTOMER_FEATURES, HABIT_FEATURES, Habits
from models.recommenders.learned.pulls import PULL_FEATURES, Pulls
from models.recommenders.learned.trends import TREND_FEATURES, Trends
from models.recommenders.lines import PurchaseLines

FEATURES = HABIT_FEATURES + CUSTOMER_FEATURES + TREND_FEATURES + PULL_FEATURES
GROUPS: Mapping[str, Sequence[str]] = {
    "habit": HABIT_FEATURES,
    "activity": CUSTOMER_FEATURES,
    "trend": TREND_FEATURES,
    "pull": PULL_FEATURES,
}
"""What features are about, as people are told."""
N_HABITS, N_PULLED, N_SELLING = 60, 40, 20
"""Candidates of each customer: the strongest habits, the best new items by each pull, and by what sells lately."""
_RANK = HABIT_FEATURES.index("rank")
_SOLD_LATELY = TREND_FEATURES.index("sold_28")


@dataclass(frozen=True)
class Table:
    """Candidates of some customers, ordered by customer.

    Attributes:
        customers: shape (n_rows,).
        items: shape (n_rows,).
        rows: shape (n_rows, len(FEATURES)).
    """

    customers: NDArray[np.int64]
    items: NDArray[np.int64]
    rows: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.items)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Table":
        """Some of the candidates."""
        return Table(self.customers[which], self.items[which], self.rows[which])


def candidate_table(
    histories: PurchaseLines,
    today: float,
    trends: Trends,
    pulls: Pulls,
    allowed: NDArray[np.bool_] | None = None,
) -> Table:
    """The candidates of each history as of today; with `allowed`, shape (n_items,), only among these items."""
    habits = Habits.of(histories, today, trends.usual_days)
    pulled = pulls.of(histories, today)
    n = histories.n_items
    owned = habits.customers * n + habits.items
    ok = np.ones(n, np.bool_) if allowed is None else allowed
    kept = (habits.values[:, _RANK] < N_HABITS) if allowed is None else ok[habits.items]
    new = _new_candidates(pulled, pulls.items, trends, owned, ok, histories.n_customers)
    keys = np.union1d(owned[kept], np.setdiff1d(new, owned))
    customers, items = keys // max(1, n), keys % max(1, n)
    return Table(customers, items, _rows(keys, customers, items, habits, owned, trends, pulled, pulls.items))


def _new_candidates(
    pulled: NDArray[np.float32],
    modelled: NDArray[np.int64],
    trends: Trends,
    owned: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    n_customers: int,
) -> NDArray[np.int64]:
    """Keys of what each customer never bought: the best by each pull, and what sells lately."""
    n_items = len(allowed)
    selling = np.argsort(np.where(allowed, -trends.values[:, _SOLD_LATELY], np.inf), kind="stable")[:N_SELLING]
    selling = selling[allowed[selling]]
    everyone = np.arange(n_customers)[:, None]
    found = [(everyone * n_items + selling[None, :]).ravel()]
    if len(modelled):
        closed = np.tile(~allowed[modelled], (n_customers, 1))
        rows, places = _places(owned, modelled, n_items)
        closed[rows, places] = True
        for scores in pulled:
            found.append(_best_keys(np.where(closed, -np.inf, scores), modelled, n_items))
    return np.unique(np.concatenate(found))


def _places(
    keys: NDArray[np.int64], modelled: NDArray[np.int64], n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of keys among the modelled items; keys of others are left out."""
    items = keys % max(1, n_items)
    places = np.minimum(np.searchsorted(modelled, items), max(0, len(modelled) - 1))
    known = modelled[places] == items
    return keys[known] // max(1, n_items), places[known]


def _best_keys(scores: NDArray[np.float32], modelled: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    k = min(N_PULLED, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    rows = np.repeat(np.arange(len(scores)), k)
    columns = best.ravel()
    real = np.isfinite(scores[rows, columns])
    keys: NDArray[np.int64] = rows[real] * n_items + modelled[columns[real]]
    return keys


def _rows(  # every part of a row, each by its name
    keys: NDArray[np.int64],
    customers: NDArray[np.int64],
    items: NDArray[np.int64],
    habits: Habits,
    owned: NDArray[np.int64],
    trends: Trends,
    pulled: NDArray[np.float32],
    modelled: NDArray[np.int64],
) -> NDArray[np.float32]:
    of_habits = habits.absent(trends.usual_days[items])
    _, here, there = np.intersect1d(keys, owned, assume_unique=True, return_indices=True)
    of_habits[here] = habits.values[there]
    of_pulls = np.zeros((len(keys), len(PULL_FEATURES)), np.float32)
    if len(modelled):
        places = np.minimum(np.searchsorted(modelled, items), len(modelled) - 1)
        known = modelled[places] == items
        of_pulls[known] = pulled[:, customers[known], places[known]].T
    return np.hstack([of_habits, habits.of_customers[customers], trends.values[items], of_pulls])
