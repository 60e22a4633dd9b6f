"""What every recommender does."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Recommender(Protocol):
    """Scores items for customers."""

    def scores(self, customers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores of all items, shape (n_customers, n_items); -inf for what is not recommended at all."""


def best_items(scores: NDArray[np.float32], k: int) -> list[NDArray[np.int64]]:
    """The `k` best items of each row, best first, ties by number; fewer where fewer have a score."""
    k = min(k, scores.shape[1])
    if not k:
        return [np.zeros(0, np.int64) for _ in scores]
    nearly = np.partition(scores, -k, axis=1)[:, -k] if k < scores.shape[1] else np.full(len(scores), -np.inf)
    return [_best(row, least, k) for row, least in zip(scores, nearly, strict=True)]


def _best(row: NDArray[np.float32], least: np.float32, k: int) -> NDArray[np.int64]:
    candidates = np.flatnonzero((row >= least) & np.isfinite(row))
    order = np.lexsort((candidates, -row[candidates]))
    best: NDArray[np.int64] = candidates[order][:k]
    return best


def without(scores: NDArray[np.float32], owned: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """The scores with each row's owned items taken out."""
    left = scores.copy()
    for row, items in zip(left, owned, strict=True):
        row[items] = -np.inf
    return left
