"""What one search of one field found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hits:
    """The best items of one search, best first; equal scores are ordered by item.

    `items` are ordinals within the field, each at most once; `rows` says which row (text) of the item matched.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    rows: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.items)

    @classmethod
    def none(cls) -> "Hits":
        """A search that found nothing."""
        return cls(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int32))

    @classmethod
    def best(cls, items: NDArray[np.int32], scores: NDArray[np.float32], rows: NDArray[np.int32], k: int) -> "Hits":
        """The `k` best of candidates (each item at most once), in the order hits have."""
        keep = np.arange(len(items)) if len(items) <= k else _indices_of_best(scores, k)
        order = keep[np.lexsort((items[keep], -scores[keep]))][:k]
        return cls(items[order], scores[order], rows[order])


def _indices_of_best(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Every index whose score is at least the k-th best, so that a tie at the border is not cut by chance."""
    border = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= border)
