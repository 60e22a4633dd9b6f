"""How far from a query an inverted file must look, measured on the field's own rows.

A list's centre scores against the query like a row does. First the `N_FIRST_LISTS` best lists are looked into; then
every list whose centre scores at least

    border = (best centre's score + score of the 10th best row found so far) / 2 - width

An easy query so needs few lists and a hard one many; at equal recall, real messages read a half to a third of what a
fixed number of lists reads. When a filter lets through only what is far from the query, the rows found score low and
the border sinks by itself. The fewer rows a filter lets through, the further apart the nearest lie: so the width is
measured for (random) filters that let through all, 1/2, 1/4 … of the items, and never falls from one to the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

DEPTH = 10
N_FIRST_LISTS = 16
N_QUERIES = 384
COVERAGE = 0.997
"""The part of the true nearest rows whose lists are looked into."""
PERTURBATION = 0.4
_QUERIES_AT_ONCE = 32


@dataclass(frozen=True)
class Reach:
    """What to look into when at least `share` of the items is allowed."""

    share: float
    width: float

    def border(self, best_centre: float, tenth_row: float) -> float:
        """The least score of the centre of a list worth looking into; -inf when fewer than ten rows were found."""
        return (best_centre + tenth_row) / 2 - self.width


@dataclass(frozen=True)
class Placement:
    """Which list each row lies in, shape (n_rows,), and the lists' centres, shape (n_lists, dim)."""

    lists: NDArray[np.int64]
    centres: NDArray[np.float32]


def measure_reach(
    placement: Placement,
    vectors: NDArray[np.float32],
    owners: NDArray[np.int32],
    least_share: float,
    random: np.random.Generator,
) -> tuple[Reach, ...]:
    """The reach for each share from 1 down to `least_share`."""
    queries = _sample_queries(vectors, random)
    shares = list(_shares(least_share))
    ranks = random.random(int(owners[-1]) + 1)[owners]
    widths: list[list[NDArray[np.float32]]] = [[] for _ in shares]
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        rows, some = np.arange(len(vectors)), queries[start : start + _QUERIES_AT_ONCE]
        scores = some @ vectors.T
        for share, found in zip(shares, widths, strict=True):
            kept = np.flatnonzero(ranks[rows] < share)
            rows, scores = rows[kept], scores[:, kept]
            found.append(_needed_widths(some @ placement.centres.T, scores, placement.lists[rows]))
    quantiles = [float(np.quantile(np.concatenate(found), COVERAGE)) for found in widths]
    return tuple(map(Reach, shares, accumulate(quantiles, max)))


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


def _needed_widths(
    centre_scores: NDArray[np.float32], scores: NDArray[np.float32], lists: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The width at which each true nearest row is reached; shape (n_queries * depth,), -1 when it is reached anyway."""
    depth, n_first = min(DEPTH, scores.shape[1]), min(N_FIRST_LISTS, centre_scores.shape[1])
    nearest = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    first_border = -np.partition(-centre_scores, n_first - 1, axis=1)[:, n_first - 1 : n_first]
    is_first = centre_scores >= first_border
    found_first = np.where(np.take_along_axis(is_first, lists[np.newaxis], axis=1), scores, -np.inf)
    tenth = -np.partition(-found_first, depth - 1, axis=1)[:, depth - 1 : depth]
    middle = (centre_scores.max(axis=1, keepdims=True) + tenth) / 2
    needed = middle - np.take_along_axis(centre_scores, lists[nearest], axis=1)
    reached_anyway = np.take_along_axis(is_first, lists[nearest], axis=1) | ~np.isfinite(needed)
    return np.where(reached_anyway, np.float32(-1), needed).ravel()
