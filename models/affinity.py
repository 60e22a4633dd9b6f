"""What is bought together, and how long products last: learned from order lines."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

MAX_BASKET = 60
"""Longer baskets say little about pairs and cost their square; they are left out of pairs."""
MIN_TOGETHER = 2
FILE_NAME = "affinity.npz"


@dataclass(frozen=True)
class Affinity:
    """Neighbours by co-purchase and the usual time between purchases, for `n_items` items.

    Attributes:
        neighbours: shape (n_items, n_neighbours), item numbers, best first, -1 where there are fewer.
        n_together: shape (n_items, n_neighbours), baskets that hold both.
        n_baskets: shape (n_items,), baskets that hold the item.
        gap_days: shape (n_items,), median days between two purchases of the item by one customer; NaN when unknown.
        n_gaps: shape (n_items,), how many such gaps were seen.
    """

    skus: tuple[str, ...]
    neighbours: NDArray[np.int32]
    n_together: NDArray[np.int32]
    n_baskets: NDArray[np.int32]
    gap_days: NDArray[np.float32]
    n_gaps: NDArray[np.int32]

    @classmethod
    def empty(cls) -> "Affinity":
        """Nothing learned yet."""
        none = np.zeros(0, np.int32)
        pairs = np.zeros((0, 0), np.int32)
        return cls((), pairs, pairs, none, np.zeros(0, np.float32), none)

    @classmethod
    def fit(
        cls,
        skus: tuple[str, ...],
        baskets: NDArray[np.int64],
        customers: NDArray[np.int64],
        items: NDArray[np.int64],
        days: NDArray[np.float64],
        n_neighbours: int = 20,
    ) -> "Affinity":
        """Learn from order lines: parallel arrays of shape (n_lines,); `items` index `skus`, `days` count from one day.

        Raises:
            ModelError: the arrays differ in length or an item number has no sku.
        """
        if len({len(baskets), len(customers), len(items), len(days)}) != 1:
            raise ModelError(f"order lines differ in length: {[len(baskets), len(customers), len(items), len(days)]}")
        if len(items) and not 0 <= items.min() <= items.max() < len(skus):
            raise ModelError(f"item numbers must lie in 0..{len(skus) - 1}, got {items.min()}..{items.max()}")
        neighbours, n_together, n_baskets = co_purchases(baskets, items, len(skus), n_neighbours)
        gap_days, n_gaps = repurchase_gaps(customers, items, days, len(skus))
        return cls(skus, neighbours, n_together, n_baskets, gap_days, n_gaps)

    def save(self, folder: Path) -> None:
        """Write the model beside its place and move it there."""
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f"{FILE_NAME}.new.npz"
        arrays = {name: getattr(self, name) for name in ("neighbours", "n_together", "n_baskets", "gap_days", "n_gaps")}
        np.savez(aside, skus=np.array(self.skus, dtype=np.str_), **arrays)
        aside.replace(folder / FILE_NAME)

    @classmethod
    def load(cls, folder: Path) -> "Affinity":
        """The saved model; the empty one when none was saved.

        Raises:
            ModelError: the file is not one that `save` wrote.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return cls.empty()
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            skus = tuple(arrays.pop("skus").tolist())
            return cls(skus, **arrays)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ModelError(f"{path} cannot be read ({error}); run: copilot index build") from error


def co_purchases(
    baskets: NDArray[np.int64], items: NDArray[np.int64], n_items: int, n_neighbours: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """For each item the items most typical of the same basket: neighbours, baskets together, baskets of each item.

    Pairs are ordered by n_together / sqrt(n_a * n_b), the cosine of item-based collaborative filtering
    (Sarwar et al., 2001), among pairs seen together at least twice.
    """
    from scipy.sparse import csr_matrix

    if len(items) == 0:
        return (
            np.full((n_items, n_neighbours), -1, np.int32),
            np.zeros((n_items, n_neighbours), np.int32),
            _zeros(n_items),
        )
    _, basket_numbers = np.unique(baskets, return_inverse=True)
    holds = csr_matrix(
        (np.ones(len(items), np.float32), (basket_numbers, items)), shape=(basket_numbers.max() + 1, n_items)
    )
    holds.sum_duplicates()
    holds.data[:] = 1.0
    n_baskets = np.asarray(holds.sum(axis=0)).ravel().astype(np.int32)
    usable = holds[np.flatnonzero(np.diff(holds.indptr) <= MAX_BASKET)]
    together = (usable.T @ usable).tocsr()
    neighbours = np.full((n_items, n_neighbours), -1, np.int32)
    n_together = np.zeros((n_items, n_neighbours), np.int32)
    for item in range(n_items):
        others = together.indices[together.indptr[item] : together.indptr[item + 1]]
        counts = together.data[together.indptr[item] : together.indptr[item + 1]]
        typical = (others != item) & (counts >= MIN_TOGETHER)
        others, counts = others[typical], counts[typical]
        best = np.lexsort((others, -counts / np.sqrt(n_baskets[others] * float(n_baskets[item]))))[:n_neighbours]
        neighbours[item, : len(best)] = others[best]
        n_together[item, : len(best)] = counts[best]
    return neighbours, n_together, n_baskets


def repurchase_gaps(
    customers: NDArray[np.int64], items: NDArray[np.int64], days: NDArray[np.float64], n_items: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The median days between purchases of each item by the same customer, and how many gaps were seen."""
    gap_days = np.full(n_items, np.nan, np.float32)
    n_gaps = _zeros(n_items)
    if len(items) < 2:
        return gap_days, n_gaps
    order = np.lexsort((days, customers, items))
    same = (np.diff(items[order]) == 0) & (np.diff(customers[order]) == 0)
    gaps = np.diff(days[order])
    real = same & (gaps >= 1.0)
    if not real.any():
        return gap_days, n_gaps
    gap_items, gap_values = items[order][1:][real], gaps[real]
    by_item = np.lexsort((gap_values, gap_items))
    gap_items, gap_values = gap_items[by_item], gap_values[by_item]
    found, starts = np.unique(gap_items, return_index=True)
    for item, values in zip(found, np.split(gap_values, starts[1:]), strict=True):
        gap_days[item] = np.median(values)
        n_gaps[item] = len(values)
    return gap_days, n_gaps


def _zeros(n_items: int) -> NDArray[np.int32]:
    return np.zeros(n_items, np.int32)
