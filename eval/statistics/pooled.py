"""Intervals of numbers that are no mean over queries, such as the area under a curve."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.bootstrap import N_RESAMPLES, WEIGHTS_AT_ONCE, expanded_tail, resampled_sums, resampling_weights
from eval.statistics.clusters import cluster_sums
from eval.statistics.estimate import Estimate

Statistics = Callable[[NDArray[np.intp]], ArrayLike]
"""Numbers, always as many, of the rows at these positions; a row may come more than once. NaN is undefined."""

WeightedStatistics = Callable[[NDArray[np.intp]], NDArray[np.float64]]
"""Numbers, shape (n_samples, n_statistics), of all rows when each counts as often as its weight says, shape
(n_samples, n_rows). NaN is undefined."""


def statistic_estimates(
    statistics: Statistics, clusters: ArrayLike, rng: np.random.Generator, *, n_resamples: int = N_RESAMPLES
) -> list[Estimate | None]:
    """Each statistic of all rows and its 95 % interval by cluster bootstrap, None where it is undefined.

    The interval lies between the same percentiles as that of a mean; resamples in which the statistic is undefined are
    left out. With one cluster, or where it is undefined in most resamples, the interval is the whole of the numbers.
    `n` is the number of rows.

    Raises:
        NothingMeasuredError: there are no rows.
    """
    names = np.asarray(clusters)
    if not len(names):
        raise NothingMeasuredError("no rows to take a statistic of")
    found = np.asarray(statistics(np.arange(len(names))), np.float64)
    members = _members(names)
    drawn = np.array([statistics(_draw(members, rng)) for _ in range(n_resamples if len(members) > 1 else 0)])
    columns = drawn.reshape(-1, len(found)).T
    return [
        _estimate(value, column, len(members), len(names))
        for value, column in zip(found.tolist(), columns, strict=True)
    ]


def weighted_estimates(
    statistics: WeightedStatistics, clusters: ArrayLike, rng: np.random.Generator, *, n_resamples: int = N_RESAMPLES
) -> list[Estimate | None]:
    """As `statistic_estimates`, and much faster, for statistics that take all resamples at once as weights of the rows.

    Raises:
        NothingMeasuredError: there are no rows.
    """
    known, members = np.unique(np.asarray(clusters), return_inverse=True)
    if not len(members):
        raise NothingMeasuredError("no rows to take a statistic of")
    (found,) = statistics(np.ones((1, len(members)), np.intp))
    if len(known) < 2:
        return [_estimate(value, np.empty(0), 1, len(members)) for value in found.tolist()]
    batches = resampling_weights(len(known), rng, n_resamples, WEIGHTS_AT_ONCE // len(members))
    drawn = np.concatenate([statistics(weights[:, members]) for weights in batches])
    return [
        _estimate(value, column, len(known), len(members))
        for value, column in zip(found.tolist(), drawn.T, strict=True)
    ]


def gap_estimate(
    gaps: NDArray[np.float64], clusters: ArrayLike, rng: np.random.Generator, *, n_resamples: int = N_RESAMPLES
) -> Estimate:
    """The sum over columns of the absolute column mean of gaps, shape (n_rows, n_columns), and its 95 % interval.

    Of gaps per bin this is the calibration error. Noise adds to it, so that percentiles of resamples, twice noisy, can
    leave out the truth every time. Instead the low end is the error less the 97.5th percentile of Σ|g* - g|, and at
    least 0: by the triangle inequality no truth within that distance has a smaller error. The high end is the error
    plus what the 97.5th percentile of the resampled errors lies above their mean. In simulations of 100 to 5,000
    queries, calibrated or not, 94-100 % of such intervals covered the truth.

    Raises:
        NothingMeasuredError: there are no rows.
        EvalError: a gap is not finite.
    """
    if not len(gaps):
        raise NothingMeasuredError("no rows to take a calibration error of")
    if np.isnan(gaps).any():
        raise EvalError("a gap is NaN; expected a number in every bin")
    totals = cluster_sums(np.asarray(gaps), clusters)
    means = totals.sums.sum(axis=0) / len(gaps)
    found = float(np.abs(means).sum())
    if len(totals.sums) < 2:
        return Estimate(found, 0.0, math.inf, len(gaps))
    drawn = resampled_sums(np.column_stack([totals.sums, totals.counts[:, 0]]), rng, n_resamples)
    redrawn = drawn[:, :-1] / drawn[:, -1:]
    errors, distances = np.abs(redrawn).sum(axis=1), np.abs(redrawn - means).sum(axis=1)
    tail = expanded_tail(len(totals.sums))
    low = max(0.0, found - float(np.quantile(distances, 1 - tail)))
    return Estimate(found, low, found + float(np.quantile(errors, 1 - tail) - errors.mean()), len(gaps))


def _members(clusters: NDArray[np.generic]) -> list[NDArray[np.intp]]:
    """The rows of each cluster."""
    known, members = np.unique(clusters, return_inverse=True)
    order = np.argsort(members, kind="stable")
    return np.split(order, np.cumsum(np.bincount(members, minlength=len(known)))[:-1])


def _draw(members: list[NDArray[np.intp]], rng: np.random.Generator) -> NDArray[np.intp]:
    return np.concatenate([members[cluster] for cluster in rng.integers(len(members), size=len(members))])


def _estimate(value: float, drawn: NDArray[np.float64], n_clusters: int, n_rows: int) -> Estimate | None:
    return None if math.isnan(value) else Estimate(value, *_interval(drawn, n_clusters), n_rows)


def _interval(drawn: NDArray[np.float64], n_clusters: int) -> tuple[float, float]:
    defined = drawn[~np.isnan(drawn)]
    if n_clusters < 2 or 2 * len(defined) < len(drawn):
        return -math.inf, math.inf
    tail = expanded_tail(n_clusters)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
