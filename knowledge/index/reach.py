"""How far from a query an inverted file must look, measured on the field's own rows.

A list's centre scores against the query like a row does. Looking into every list whose centre scores within `width` of
the best centre costs an easy query few lists and a hard one many; at equal recall the median query reads half of what a
fixed number of lists reads. The fewer rows a filter lets through, the further away the nearest of them lie, so the
width is measured for filters that let through all, 1/2, 1/4 … of the items.

Those filters are random. One that lets through only what is far from the query shows in the result: its best rows
score low against the border of what was looked into. `gap` is the least usual distance; below it, more is looked into.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import faiss

DEPTH = 10
N_QUERIES = 256
COVERAGE = 0.995
"""The part of the true nearest rows whose lists are looked into."""
USUAL = 0.05
PERTURBATION = 0.3


@dataclass(frozen=True)
class Reach:
    """What to look into when at least `share` of the items is allowed."""

    share: float
    width: float
    gap: float


def measure_reach(
    quantiser: "faiss.IndexFlatIP",
    vectors: NDArray[np.float32],
    owners: NDArray[np.int32],
    least_share: float,
    random: np.random.Generator,
) -> tuple[Reach, ...]:
    """The reach for each share from 1 down to `least_share`."""
    queries = _sample_queries(vectors, random)
    shares = list(_shares(least_share))
    ranks = random.random(int(owners[-1]) + 1)[owners]
    truths = _nearest_rows(queries, vectors, ranks, shares)
    return tuple(
        _reach_of(quantiser, vectors, queries, share, truth) for share, truth in zip(shares, truths, strict=True)
    )


def _sample_queries(vectors: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Rows pushed away from themselves, as a message differs from the trigger it means."""
    chosen = vectors[random.integers(len(vectors), size=(3, N_QUERIES))]
    queries: NDArray[np.float32] = chosen[0] + np.float32(PERTURBATION) * (chosen[1] - chosen[2])
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
    return queries


def _shares(least_share: float) -> Iterator[float]:
    share = 1.0
    while share > least_share:
        yield share
        share /= 2
    yield min(1.0, least_share)


def _nearest_rows(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], ranks: NDArray[np.float64], shares: list[float]
) -> list[NDArray[np.intp]]:
    """For each share, shape (n_queries, depth): the truly nearest rows among those ranked below it."""
    found: list[list[NDArray[np.intp]]] = [[] for _ in shares]
    for start in range(0, len(queries), 32):
        rows = np.arange(len(vectors))
        scores = queries[start : start + 32] @ vectors.T
        for truth, share in zip(found, shares, strict=True):
            kept = np.flatnonzero(ranks[rows] < share)
            rows, scores = rows[kept], scores[:, kept]
            depth = min(DEPTH, len(rows))
            truth.append(rows[np.argpartition(-scores, depth - 1, axis=1)[:, :depth]])
    return [np.concatenate(truth) for truth in found]


def _reach_of(
    quantiser: "faiss.IndexFlatIP",
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    share: float,
    truth: NDArray[np.intp],
) -> Reach:
    _, lists = quantiser.search(vectors[truth.ravel()], 1)
    centres = quantiser.reconstruct_n(0, quantiser.ntotal)
    centre_scores = queries @ centres.T
    best = centre_scores.max(axis=1, keepdims=True)
    width = float(np.quantile(best - np.take_along_axis(centre_scores, lists.reshape(truth.shape), axis=1), COVERAGE))
    worst_true = np.einsum("qtd,qd->qt", vectors[truth], queries).min(axis=1, keepdims=True)
    return Reach(share, width, float(np.quantile(worst_true - (best - width), USUAL)))
