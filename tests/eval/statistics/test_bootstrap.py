"""Intervals of means by cluster bootstrap."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm, t

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.bootstrap import expanded_tail, mean_estimate, mean_estimates, resampled_sums


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_mean_is_over_values_not_over_clusters() -> None:
    found = mean_estimate([1, 0, 0, 1], ["a", "a", "a", "b"], rng())
    assert (found.mean, found.n) == (1 / 2, 4)
    # the two clusters can be drawn as aa, ab, ba, bb: means 1/3, 1/2, 1/2, 1
    assert (found.low, found.high) == (pytest.approx(1 / 3), 1)


def test_nan_is_left_out_with_clusters_that_have_nothing_else() -> None:
    nan = math.nan
    with_nan = mean_estimate([1, nan, 0, 1, nan, 0], ["a", "a", "b", "c", "d", "e"], rng())
    assert with_nan == mean_estimate([1, 0, 1, 0], ["a", "b", "c", "e"], rng())
    assert with_nan.n == 4


def test_the_interval_agrees_with_the_exact_distribution_of_few_clusters() -> None:
    """All 3^3 ways to draw three clusters, each as likely, have these means; the tail takes in the outermost."""
    found = mean_estimate([0.0, 0.3, 0.9], ["a", "b", "c"], rng(), n_resamples=4000)
    assert expanded_tail(3) < 1 / 27
    assert (found.low, found.high) == (0.0, pytest.approx(0.9))


def test_the_interval_of_many_clusters_agrees_with_the_normal_one() -> None:
    values = rng(1).normal(2.0, 3.0, 4000)
    found = mean_estimate(values, np.arange(4000), rng(), n_resamples=8000)
    half = 1.96 * values.std(ddof=1) / math.sqrt(4000)
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_queries_of_one_conversation_count_as_one_witness() -> None:
    values = np.repeat(rng(1).integers(0, 2, 50).astype(float), 20)
    alone = mean_estimate(values, np.arange(1000), rng())
    together = mean_estimate(values, np.repeat(np.arange(50), 20), rng())
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(math.sqrt(20), rel=0.15)


def test_tails_are_further_out_for_few_clusters() -> None:
    for n in (2, 5, 30):
        assert expanded_tail(n) == pytest.approx(norm.cdf(-t.ppf(0.975, n - 1) * math.sqrt(n / (n - 1))))
    assert expanded_tail(10_000) == pytest.approx(0.025, abs=1e-4)
    assert expanded_tail(5) < expanded_tail(30) < 0.025


def test_one_cluster_says_nothing_of_others() -> None:
    found = mean_estimate([1, 0], ["a", "a"], rng())
    assert (found.mean, found.low, found.high, found.n) == (0.5, -math.inf, math.inf, 2)
    bounded = mean_estimate([1, 0], ["a", "a"], rng(), limits=(0, 1))
    assert (bounded.low, bounded.high) == (0, 1)


def test_equal_values_of_a_metric_with_limits_leave_room_for_what_was_not_seen() -> None:
    found = mean_estimate([1.0] * 20, np.arange(20), rng(), limits=(0, 1))
    # a share u of failures is missed by 20 clusters with a chance of (1 - u)^20 = 2.5 %
    assert found.high == 1
    assert (found.low) ** 20 == pytest.approx(0.025)
    middle = mean_estimate([0.5] * 20, np.arange(20), rng(), limits=(0, 1))
    assert (middle.low, middle.high) == (pytest.approx(found.low / 2), pytest.approx(1 - found.low / 2))


def test_equal_values_without_limits_are_a_point() -> None:
    found = mean_estimate([0.1] * 30, np.arange(30), rng())
    assert found.low <= found.mean <= found.high
    assert found.high - found.low < 1e-12


def test_columns_are_estimated_together_as_alone() -> None:
    values = np.column_stack([rng(1).random(30), rng(2).random(30)])
    clusters = rng(3).integers(0, 10, 30)
    both = mean_estimates(values, clusters, rng())
    assert both == [mean_estimate(values[:, column], clusters, rng()) for column in (0, 1)]


def test_the_same_seed_gives_the_same_interval() -> None:
    values = rng(1).random(50)
    assert mean_estimate(values, np.arange(50), rng(5)) == mean_estimate(values, np.arange(50), rng(5))
    assert mean_estimate(values, np.arange(50), rng(5)) != mean_estimate(values, np.arange(50), rng(6))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1) | st.just(math.nan)), min_size=1, max_size=30),
    st.integers(0, 3),
)
def test_the_interval_holds_the_mean_and_stays_within_the_values_or_limits(
    rows: list[tuple[int, float]], seed: int
) -> None:
    values, clusters = [value for _, value in rows], [cluster for cluster, _ in rows]
    seen = [value for value in values if not math.isnan(value)]
    if not seen:
        with pytest.raises(NothingMeasuredError, match="column 0 has no value"):
            mean_estimate(values, clusters, rng(seed))
        return
    found = mean_estimate(values, clusters, rng(seed), limits=(0, 1), n_resamples=50)
    assert found.n == len(seen)
    assert found.mean == pytest.approx(sum(seen) / len(seen))
    assert -1e-12 <= found.low <= found.mean <= found.high <= 1 + 1e-12


def test_resamples_do_not_depend_on_how_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = rng(1).integers(0, 5, (7, 2)).astype(float)
    at_once = resampled_sums(totals, rng(), 20)
    monkeypatch.setattr("eval.statistics.bootstrap.WEIGHTS_AT_ONCE", 10)
    assert resampled_sums(totals, rng(), 20).tolist() == at_once.tolist()
    assert at_once.shape == (20, 2)


def test_each_resample_draws_as_many_rows_as_there_are() -> None:
    totals = np.column_stack([np.ones(9), np.eye(9)])
    drawn = resampled_sums(totals, rng(), 3000)
    assert (drawn[:, 0] == 9).all()
    # each row is drawn Binomial(9, 1/9) times
    np.testing.assert_allclose(drawn[:, 1:].mean(axis=0), 1, atol=0.1)
    np.testing.assert_allclose(drawn[:, 1:].var(axis=0), 8 / 9, atol=0.12)


def test_no_resamples_are_refused() -> None:
    with pytest.raises(EvalError, match="0 resamples"):
        mean_estimate([1, 0], ["a", "b"], rng(), n_resamples=0)


World = Callable[[int, np.random.Generator], tuple[NDArray[np.float64], NDArray[np.intp]]]


def alike_within(n_clusters: int, chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Right or wrong, with conversations that go well or badly as a whole; the mean is 0.6."""
    sizes = chance.geometric(0.25, n_clusters)
    share = np.repeat(chance.beta(5.4, 3.6, n_clusters), sizes)
    return (chance.random(len(share)) < share).astype(float), np.repeat(np.arange(n_clusters), sizes)


def long_and_bad(n_clusters: int, chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Right or wrong, the longer the conversation the worse; the mean is Σ n p(n) / Σ n over the geometric n."""
    sizes = chance.geometric(0.25, n_clusters)
    share = np.repeat(1 / (1 + 0.3 * sizes), sizes)
    return (chance.random(len(share)) < share).astype(float), np.repeat(np.arange(n_clusters), sizes)


def long_and_bad_mean() -> float:
    n = np.arange(1, 400)
    weight = 0.25 * 0.75 ** (n - 1)
    return float((weight * n / (1 + 0.3 * n)).sum() / (weight * n).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("world", "truth"), [(alike_within, 0.6), (long_and_bad, long_and_bad_mean())])
@pytest.mark.parametrize("n_clusters", [10, 20, 50, 200])
def test_intervals_cover_the_true_mean_as_often_as_documented(world: World, truth: float, n_clusters: int) -> None:
    chance = rng(n_clusters)
    n_worlds = 1000
    n_covered = 0
    for _ in range(n_worlds):
        values, clusters = world(n_clusters, chance)
        found = mean_estimate(values, clusters, chance, n_resamples=1000)
        n_covered += found.low <= truth <= found.high
    assert 0.91 <= n_covered / n_worlds <= 0.97
