"""How many of the exact nearest neighbours a search found."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 64
TIE = 1e-6
"""Scores this close count as equal: other orders of adding float32 differ by as much."""


def recall_at_k(
    found: Sequence[Sequence[int]], queries: NDArray[np.float32], vectors: NDArray[np.float32], k: int
) -> NDArray[np.float64]:
    """For each query, shape (n_queries, dim), the share of the `k` nearest rows that was found.

    A found row counts when its inner product is at least the k-th best of all, so that equally near rows are as good
    as each other; a row found twice counts once.

    Raises:
        ValueError: there are fewer rows than `k`, or another number of queries than of searches.
    """
    if len(vectors) < k:
        raise ValueError(f"{len(vectors)} rows, expected at least k = {k}")
    if len(found) != len(queries):
        raise ValueError(f"{len(found)} searches for {len(queries)} queries")
    recalls = np.empty(len(queries))
    for start in range(0, len(queries), AT_ONCE):
        scores = queries[start : start + AT_ONCE] @ vectors.T
        least = np.partition(scores, -k, axis=1)[:, -k] - TIE
        for place, (own, border) in enumerate(zip(scores, least, strict=True), start):
            rows = list(dict.fromkeys(found[place]))[:k]
            recalls[place] = np.count_nonzero(own[rows] >= border) / k
    return recalls
