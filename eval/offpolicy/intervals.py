"""95 % intervals: the studentised bootstrap over clusters, and empirical Bernstein where the range is known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.datasets.decisions import Decisions, Floats
from eval.errors import DataError
from eval.offpolicy.terms import Terms, decision_rewards
from eval.statistics.estimate import Estimate

N_RESAMPLES = 1000
DRAWS_AT_ONCE = 1 << 22
ALPHA = 0.05

PAIRS = np.triu_indices(5)
Statistic = Callable[[Floats], tuple[Floats, Floats]]
"""From totals, shape (..., 5), to the value, shape (...), and its gradient, shape (..., 5)."""


@dataclass(frozen=True)
class Bounds:
    """What is known before looking at the log: the range of a reward, and the largest weight there can be."""

    reward: tuple[float, float]
    weight: float | None = None


def policy_value(totals: Floats) -> tuple[Floats, Floats]:
    """What the target policy earns per round: base / n + top / bottom."""
    base, n, top, bottom, _ = np.moveaxis(totals, -1, 0)
    gradient = np.stack([1 / n, -base / n**2, 1 / bottom, -top / bottom**2, np.zeros_like(n)], axis=-1)
    return base / n + top / bottom, gradient


def relative_value(totals: Floats) -> tuple[Floats, Floats]:
    """The policy's value over what the logging policy earned per round."""
    n, reward = totals[..., 1], totals[..., 4]
    value, gradient = policy_value(totals)
    scaled = gradient * (n / reward)[..., None]
    scaled[..., 1] += value / reward
    scaled[..., 4] -= value * n / reward**2
    return value * n / reward, scaled


def logged_value(totals: Floats) -> tuple[Floats, Floats]:
    """What the logging policy earned per round."""
    n, reward = totals[..., 1], totals[..., 4]
    zero = np.zeros_like(n)
    return reward / n, np.stack([zero, -reward / n**2, zero, zero, 1 / n], axis=-1)


def cluster_totals(terms: Terms, decisions: Decisions) -> Floats:
    """Per cluster the sums of base, one, top, bottom and reward, shape (n_clusters, 5)."""
    columns = (terms.base, np.ones(decisions.n_rounds), terms.top, terms.bottom, decision_rewards(decisions))
    return np.column_stack([np.bincount(decisions.clusters, weights=column) for column in columns])


def bootstrap(
    totals: Sequence[Floats], statistics: Sequence[Statistic], rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> list[list[Estimate]]:
    """For each table of cluster totals, the estimate of each statistic; all are resampled together.

    Clusters are drawn with replacement, each statistic is studentised by its linearisation, and the interval reaches
    as far to either side as 95 % of the studentised resamples do. Its coverage is off by the order of n⁻², that of
    equal tails by n⁻¹ (Hall 1988).
    """
    drawn = _resampled(totals, rng, n_resamples)
    return [
        [_studentised(_moments(table).sum(axis=0), sums, len(table), statistic) for statistic in statistics]
        for table, sums in zip(totals, drawn, strict=True)
    ]


def empirical_bernstein(terms: Terms, decisions: Decisions, bounds: Bounds) -> Estimate | None:
    """An interval that holds for every n, where the terms' range is known and rounds are independent; else nothing.

    Maurer and Pontil 2009, theorem 4. What a clipped estimate loses above its threshold is at most the mean lost weight
    times the largest reward, and the interval reaches out by the upper bound of that (Bottou et al. 2013).
    """
    cap = terms.cap if terms.cap is not None else bounds.weight
    if cap is None or not terms.weighted or decisions.n_clusters < decisions.n_rounds:
        return None
    _check_bounds(terms, decisions, bounds)
    low, high = min(0.0, bounds.reward[0]), max(0.0, bounds.reward[1])
    alpha = ALPHA / (2 if terms.cap is None else 3)
    reach = _bernstein_reach(terms.base, decisions.n_places * cap * (high - low), alpha)
    lost = 0.0
    if terms.cap is not None:
        weights = 1 - np.minimum(terms.weights[:, 0], cap)
        lost = max(0.0, float(weights.mean()) + _bernstein_reach(weights, cap, alpha))
    mean = terms.value
    return Estimate(mean, mean - reach + low * lost, mean + reach + high * lost, decisions.n_rounds)


def _bernstein_reach(values: Floats, span: float, alpha: float) -> float:
    """How far the mean of independent values within a span may lie above their sample's, but with probability alpha."""
    n, log = len(values), math.log(2 / alpha)
    return math.sqrt(2 * float(values.var(ddof=1)) * log / n) + 7 * span * log / (3 * (n - 1))


def _check_bounds(terms: Terms, decisions: Decisions, bounds: Bounds) -> None:
    rewards = decisions.rewards[decisions.shown]
    if rewards.min() < bounds.reward[0] or rewards.max() > bounds.reward[1]:
        seen = f"rewards from {rewards.min():g} to {rewards.max():g}"
        raise DataError(decisions.source, None, seen, f"the range {bounds.reward[0]:g} to {bounds.reward[1]:g}")
    largest = float(np.nanmax(terms.weights))
    if bounds.weight is not None and terms.cap is None and largest > bounds.weight:
        raise DataError(decisions.source, None, f"a weight of {largest:g}", f"at most {bounds.weight:g}")


def _resampled(tables: Sequence[Floats], rng: np.random.Generator, n_resamples: int) -> list[Floats]:
    """For each table the sums of its moments in every resample of the clusters, shape (n_resamples, 20)."""
    n = len(tables[0])
    at_once = max(1, DRAWS_AT_ONCE // n)
    sums: list[list[Floats]] = [[] for _ in tables]
    for start in range(0, n_resamples, at_once):
        size = min(at_once, n_resamples - start)
        drawn = rng.integers(n, size=(size, n)) + (np.arange(size) * n)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
        for found, table in zip(sums, tables, strict=True):
            found.append(
                counts @ _moments(table)
            )  # again in every round of few: a long log has no room for all at once
    return [np.concatenate(found) for found in sums]


def _moments(table: Floats) -> Floats:
    """The totals of every cluster and their products in pairs, shape (n_clusters, 20)."""
    return np.column_stack([table, table[:, PAIRS[0]] * table[:, PAIRS[1]]])


def _studentised(sums: Floats, drawn: Floats, n_clusters: int, statistic: Statistic) -> Estimate:
    with np.errstate(divide="ignore", invalid="ignore"):  # a reward that sums to zero: nothing is relative to it
        value, error = _with_error(sums, n_clusters, statistic)
        values, errors = _with_error(drawn, n_clusters, statistic)
        pivots = np.abs(np.nan_to_num((values - value) / errors, nan=0.0, posinf=np.inf, neginf=np.inf))
    reach = float(np.quantile(pivots, 1 - ALPHA, method="inverted_cdf") * error)
    return Estimate(float(value), float(value) - reach, float(value) + reach, n_clusters)


def _with_error(sums: Floats, n_clusters: int, statistic: Statistic) -> tuple[Floats, Floats]:
    """The statistic and its standard error from totals and sums of products, shape (..., 20).

    Each statistic stays the same when all totals are doubled, so its gradient times the totals is zero and the sum of
    squares over clusters needs no centring.
    """
    value, gradient = statistic(sums[..., :5])
    products: NDArray[np.float64] = gradient[..., PAIRS[0]] * gradient[..., PAIRS[1]]
    doubled = np.where(PAIRS[0] == PAIRS[1], 1.0, 2.0)
    variance = (products * doubled * sums[..., 5:]).sum(axis=-1) * n_clusters / (n_clusters - 1)
    return value, np.sqrt(np.maximum(variance, 0.0))
