"""Pairs of customer and item worth scoring, with all that is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.recommenders.learned.habits import CUSTOMER_FEATURES, HABIT_FEATURES, Habits
from models.recommenders.learned.profiles import N_TAGGED, PROFILE_FEATURES, Tagged
from models.recommenders.learned.pulls import PULL_FEATURES, Pulls
from models.recommenders.learned.trends import TREND_FEATURES, Trends
from models.recommenders.lines import PurchaseLines

FEATURES = HABIT_FEATURES + CUSTOMER_FEATURES + TREND_FEATURES + PULL_FEATURES + PROFILE_FEATURES
GROUPS: Mapping[str, Sequence[str]] = {
    "habit": HABIT_FEATURES,
    "activity": CUSTOMER_FEATURES,
    "trend": TREND_FEATURES,
    "pull": PULL_FEATURES,
    "profile": PROFILE_FEATURES,
}
"""What features are about, as people are told."""
N_HABITS, N_PULLED, N_SELLING = 60, 40, 20
"""Candidates of each customer: the strongest habits, the best new items by each pull, and by what sells lately."""
_RANK = HABIT_FEATURES.index("rank")


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


def candidate_table(
    histories: PurchaseLines,
    today: float,
    trends: Trends,
    pulls: Pulls,
    tagged: Tagged | None = None,
) -> Table:
    """The candidates of each history as of today.

    `tagged` are the customers of the histories with their tags, where these are used.
    """
    habits = Habits.of(histories, today, trends.usual_days)
    pulled = pulls.of(histories, today)
    n = histories.n_items
    owned = habits.customers * n + habits.items
    strong = habits.values[:, _RANK] < N_HABITS
    known = _known(owned, pulls.items, histories)
    new = [_selling(trends, histories), *_pulled_most(pulled, known, pulls.items, n)]
    if tagged is not None:
        new.append(_suiting(tagged, tagged.thin(habits.of_customers[:, 0]), known, pulls.items, n))
    keys = np.union1d(owned[strong], np.setdiff1d(np.concatenate(new), owned))
    customers, items = keys // max(1, n), keys % max(1, n)
    rows = [
        _habit_rows(keys, owned, habits, trends.usual_days[items]),
        habits.of_customers[customers],
        trends.values[items],
        _pull_rows(customers, items, pulled, pulls.items),
        np.zeros((len(keys), len(PROFILE_FEATURES)), np.float32) if tagged is None else tagged.rows(customers, items),
    ]
    return Table(customers, items, np.hstack(rows))


def _selling(trends: Trends, histories: PurchaseLines) -> NDArray[np.int64]:
    """Keys of what sells lately, for everybody."""
    everyone = np.arange(histories.n_customers)[:, None]
    keys: NDArray[np.int64] = (everyone * histories.n_items + trends.selling[None, :N_SELLING]).ravel()
    return keys


def _known(owned: NDArray[np.int64], modelled: NDArray[np.int64], histories: PurchaseLines) -> NDArray[np.bool_]:
    """Which modelled items are nothing new to a customer, shape (n_customers, n_modelled)."""
    known = np.zeros((histories.n_customers, len(modelled)), np.bool_)
    if len(modelled):
        known[_places(owned, modelled, histories.n_items)] = True
    return known


def _pulled_most(
    pulled: NDArray[np.float32], known: NDArray[np.bool_], modelled: NDArray[np.int64], n_items: int
) -> list[NDArray[np.int64]]:
    """Keys of the best by each pull."""
    everyone = np.arange(len(known))
    if not len(modelled):
        return []
    return [_best_keys(np.where(known, -np.inf, scores), everyone, N_PULLED, modelled, n_items) for scores in pulled]


def _suiting(
    tagged: Tagged,
    customers: NDArray[np.int64],
    known: NDArray[np.bool_],
    modelled: NDArray[np.int64],
    n_items: int,
) -> NDArray[np.int64]:
    """Keys of what is liked most by the tags of these customers."""
    if not len(modelled) or not len(customers):
        return np.zeros(0, np.int64)
    scores = np.where(known[customers], -np.inf, tagged.suited(customers))
    return _best_keys(scores, customers, N_TAGGED, modelled, n_items)


def _places(
    keys: NDArray[np.int64], modelled: NDArray[np.int64], n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of keys among the modelled items; keys of others are left out."""
    items = keys % max(1, n_items)
    places = np.minimum(np.searchsorted(modelled, items), max(0, len(modelled) - 1))
    known = modelled[places] == items
    return keys[known] // max(1, n_items), places[known]


def _best_keys(
    scores: NDArray[np.float32],
    customers: NDArray[np.int64],
    k: int,
    modelled: NDArray[np.int64],
    n_items: int,
) -> NDArray[np.int64]:
    """Keys of the best modelled items of each row of scores, one row for each of the customers."""
    k = min(k, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    rows = np.repeat(np.arange(len(scores)), k)
    columns = best.ravel()
    real = np.isfinite(scores[rows, columns])
    keys: NDArray[np.int64] = customers[rows[real]] * n_items + modelled[columns[real]]
    return keys


def _habit_rows(
    keys: NDArray[np.int64], owned: NDArray[np.int64], habits: Habits, usual_days: NDArray[np.float32]
) -> NDArray[np.float32]:
    rows = habits.absent(usual_days)
    _, here, there = np.intersect1d(keys, owned, assume_unique=True, return_indices=True)
    rows[here] = habits.values[there]
    return rows


def _pull_rows(
    customers: NDArray[np.int64],
    items: NDArray[np.int64],
    pulled: NDArray[np.float32],
    modelled: NDArray[np.int64],
) -> NDArray[np.float32]:
    rows = np.zeros((len(items), len(PULL_FEATURES)), np.float32)
    if len(modelled):
        places = np.minimum(np.searchsorted(modelled, items), len(modelled) - 1)
        known = modelled[places] == items
        rows[known] = pulled[:, customers[known], places[known]].T
    return rows
