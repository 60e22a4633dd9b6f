"""Intervals by drawing whole clusters anew, since the queries of one conversation are no independent witnesses."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.clusters import cluster_sums
from eval.statistics.estimate import Estimate

LEVEL = 0.95
N_RESAMPLES = 2000
WEIGHTS_AT_ONCE = 2_000_000
"""Limits the memory that one batch of resamples takes to a few dozen megabytes."""

Range = tuple[float, float]


def mean_estimate(
    values: ArrayLike,
    clusters: ArrayLike,
    rng: np.random.Generator,
    *,
    limits: Range | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Estimate:
    """The mean of one value a query and its 95 % interval, as `mean_estimates` gives it.

    Raises:
        NothingMeasuredError: every value is NaN.
        EvalError: values and clusters differ in number, or a value is infinite.
    """
    columns = np.asarray(values, np.float64)[:, np.newaxis]
    return mean_estimates(columns, clusters, rng, limits=[limits], n_resamples=n_resamples)[0]


def mean_estimates(
    values: ArrayLike,
    clusters: ArrayLike,
    rng: np.random.Generator,
    *,
    limits: Sequence[Range | None] | None = None,
    n_resamples: int = N_RESAMPLES,
) -> list[Estimate]:
    """The mean of each column of values, shape (n_rows, n_columns), and its 95 % interval by cluster bootstrap.

    NaN values are left out, and with them clusters that have no other; `n` counts the values that remain. A resample
    draws as many clusters as there are, with replacement, and takes the mean over all their values.

    The interval lies between percentiles a little further out than 2.5 and 97.5, which make up for the spread of few
    clusters being estimated and too small by √((G - 1) / G): Φ(-t √(G / (G - 1))), where t is Student's quantile
    (Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 5.3). In simulated worlds of 10 to 50
    clusters of uneven size it covered the true mean in 92-95 % of cases, plain percentiles in 89-94 %, bias-corrected
    and accelerated ones in 88-94 %. Studentised intervals cover as much, but are wider and without end where a resample
    has no spread.

    Resampling cannot show what was never seen. Where all values are alike and the metric has `limits`, the interval
    reaches towards both as far as if a share u of clusters had the extreme value, of which G clusters miss all with a
    chance of 2.5 %: u = 1 - 0.025^(1/G) (Clopper and Pearson, 1934). One cluster says nothing of others: its interval
    is the whole of `limits`, or of the numbers where there are none.

    Raises:
        NothingMeasuredError: a column is NaN throughout.
        EvalError: rows and clusters differ in number, or a value is infinite.
    """
    columns = np.asarray(values, np.float64)
    totals = cluster_sums(columns, clusters)
    if columns.shape[1] and not totals.n_clusters.all():
        raise NothingMeasuredError(f"column {int(np.argmin(totals.n_clusters))} has no value; expected at least one")
    present = totals.counts > 0
    estimates: dict[int, Estimate] = {}
    for together in _alike(present):
        kept = present[:, together[0]]
        means = _resampled_means(totals.sums[kept][:, together], totals.counts[kept][:, together], rng, n_resamples)
        for column, drawn in zip(together, means.T, strict=True):
            low, high = _interval(columns[:, column], drawn, int(kept.sum()), limits[column] if limits else None)
            n = int(totals.counts[:, column].sum())
            mean = float(totals.sums[:, column].sum()) / n
            # Rounding may put the mean of equal values beside the one point that resampling found.
            estimates[column] = Estimate(mean, min(low, mean), max(high, mean), n)
    return [estimates[column] for column in range(columns.shape[1])]


def resampled_sums(totals: NDArray[np.float64], rng: np.random.Generator, n_resamples: int) -> NDArray[np.float64]:
    """Column sums of as many rows as there are, drawn with replacement, shape (n_resamples, n_columns)."""
    n_at_once = WEIGHTS_AT_ONCE // len(totals)
    return np.concatenate(
        [weights @ totals for weights in resampling_weights(len(totals), rng, n_resamples, n_at_once)]
    )


def resampling_weights(
    n_clusters: int, rng: np.random.Generator, n_resamples: int, n_at_once: int
) -> Iterator[NDArray[np.intp]]:
    """How often each cluster is drawn in each resample, in batches of shape (up to n_at_once, n_clusters).

    Raises:
        EvalError: no resamples are asked for.
    """
    if n_resamples < 1:
        raise EvalError(f"{n_resamples} resamples; expected at least 1")
    for start in range(0, n_resamples, max(1, n_at_once)):
        n = min(max(1, n_at_once), n_resamples - start)
        drawn = rng.integers(n_clusters, size=(n, n_clusters)) + n_clusters * np.arange(n)[:, np.newaxis]
        yield np.bincount(drawn.ravel(), minlength=n * n_clusters).reshape(n, n_clusters)


def expanded_tail(n_clusters: int) -> float:
    """The share of resamples to leave out on each side, see `mean_estimates`; at least two clusters."""
    quantile = float(t.ppf((1 + LEVEL) / 2, n_clusters - 1))
    return float(norm.cdf(-quantile * math.sqrt(n_clusters / (n_clusters - 1))))


def _alike(present: NDArray[np.bool_]) -> list[list[int]]:
    """The columns that have values in the same clusters, so that one set of draws serves them all."""
    groups: dict[bytes, list[int]] = {}
    for column in range(present.shape[1]):
        groups.setdefault(present[:, column].tobytes(), []).append(column)
    return list(groups.values())


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], rng: np.random.Generator, n_resamples: int
) -> NDArray[np.float64]:
    drawn = resampled_sums(np.hstack([sums, counts]), rng, n_resamples)
    return np.asarray(drawn[:, : sums.shape[1]] / drawn[:, sums.shape[1] :], np.float64)


def _interval(
    values: NDArray[np.float64], means: NDArray[np.float64], n_clusters: int, limits: Range | None
) -> tuple[float, float]:
    if n_clusters < 2:
        return limits or (-math.inf, math.inf)
    low, high = np.nanmin(values), np.nanmax(values)
    if low == high and limits is not None:
        unseen = 1 - ((1 - LEVEL) / 2) ** (1 / n_clusters)
        return float(low - unseen * (low - limits[0])), float(high + unseen * (limits[1] - high))
    tail = expanded_tail(n_clusters)
    ends = np.quantile(means, [tail, 1 - tail])
    return float(ends[0]), float(ends[1])
