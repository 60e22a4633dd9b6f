"""Intervals of numbers that are no means over queries."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.errors import EvalError, NothingMeasuredError
from eval.metrics.calibration import calibration_gaps, expected_calibration_error
from eval.metrics.classification import auroc
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.pooled import gap_estimate, statistic_estimates, weighted_estimates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_mean_as_a_statistic_has_about_the_interval_of_a_mean() -> None:
    values, clusters = rng(1).random(200), np.repeat(np.arange(50), 4)
    (found,) = statistic_estimates(lambda rows: [values[rows].mean()], clusters, rng(2), n_resamples=4000)
    expected = mean_estimate(values, clusters, rng(3), n_resamples=4000)
    assert found is not None
    assert (found.mean, found.n) == (pytest.approx(expected.mean), 200)
    assert found.low == pytest.approx(expected.low, abs=0.005)
    assert found.high == pytest.approx(expected.high, abs=0.005)


def test_whole_clusters_are_drawn() -> None:
    clusters = np.array(["a", "b", "a", "b", "b"])
    drawn: list[list[int]] = []

    def note(rows: NDArray[np.intp]) -> list[float]:
        drawn.append(sorted(rows.tolist()))
        return [0.0]

    statistic_estimates(note, clusters, rng(), n_resamples=40)
    assert drawn[0] == [0, 1, 2, 3, 4]
    assert {tuple(rows) for rows in drawn[1:]} == {(0, 0, 2, 2), (0, 1, 2, 3, 4), (1, 1, 3, 3, 4, 4)}


def test_an_undefined_statistic_has_no_estimate_and_undefined_resamples_are_left_out() -> None:
    scores, labels = np.array([0.9, 0.1, 0.4, 0.3]), np.array([1, 0, 0, 0])
    found, undefined = statistic_estimates(
        lambda rows: [auroc(scores[rows], labels[rows]), math.nan], np.arange(4), rng(), n_resamples=200
    )
    assert undefined is None
    assert found is not None  # the one positive is missing from (3/4)^4 = 32 % of the resamples
    assert (found.mean, found.low, found.high) == (1, 1, 1)


def test_a_statistic_of_one_cluster_may_be_anything() -> None:
    (found,) = statistic_estimates(lambda rows: [float(len(rows))], ["a", "a"], rng())
    assert found is not None
    assert (found.mean, found.low, found.high) == (2, -math.inf, math.inf)


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(NothingMeasuredError):
        statistic_estimates(lambda rows: [float(len(rows))], [], rng())
    with pytest.raises(NothingMeasuredError):
        gap_estimate(np.zeros((0, 3)), [], rng())
    with pytest.raises(EvalError, match="a gap is NaN"):
        gap_estimate(np.array([[math.nan]]), ["a"], rng())


def test_the_gap_is_the_calibration_error() -> None:
    probabilities, correct = rng(1).random(100), rng(2).integers(0, 2, 100)
    found = gap_estimate(calibration_gaps(probabilities, correct), np.arange(100), rng())
    assert found.mean == pytest.approx(expected_calibration_error(probabilities, correct))
    assert 0 <= found.low <= found.mean <= found.high
    assert found.n == 100


def test_the_gap_of_one_cluster_may_be_anything_from_zero() -> None:
    found = gap_estimate(np.array([[0.2], [0.4]]), ["a", "a"], rng())
    assert (found.mean, found.low, found.high) == (pytest.approx(0.3), 0, math.inf)


@pytest.mark.slow
@pytest.mark.parametrize("n_queries", [200, 2000])
@pytest.mark.parametrize("bend", [0.0, 0.1, 0.3])
def test_intervals_of_the_calibration_error_cover_the_truth_even_where_it_is_zero(n_queries: int, bend: float) -> None:
    """Probability p is right in p + bend p (1 - p) of cases; the error of ten large bins is known from many p."""
    many = np.sort(rng(0).beta(2, 1, 1_000_000))
    truth = np.abs((bend * many * (1 - many)).reshape(10, -1).mean(axis=1)).mean()
    chance = rng(n_queries)
    n_worlds = 400
    n_covered = 0
    for _ in range(n_worlds):
        p = chance.beta(2, 1, n_queries)
        correct = chance.random(n_queries) < p + bend * p * (1 - p)
        found = gap_estimate(calibration_gaps(p, correct), np.arange(n_queries), chance, n_resamples=400)
        n_covered += found.low <= truth <= found.high
    assert n_covered / n_worlds >= 0.93


def test_weights_give_the_intervals_of_repeated_rows() -> None:
    values, clusters = rng(1).random(60), np.repeat(np.arange(20), 3)
    repeated = statistic_estimates(lambda rows: [values[rows].mean()], clusters, rng(2), n_resamples=4000)
    weighted = weighted_estimates(
        lambda weights: (weights @ values / weights.sum(axis=1))[:, np.newaxis], clusters, rng(3), n_resamples=4000
    )
    assert repeated[0] is not None
    assert weighted[0] is not None
    assert (weighted[0].mean, weighted[0].n) == (pytest.approx(repeated[0].mean), 60)
    assert weighted[0].low == pytest.approx(repeated[0].low, abs=0.01)
    assert weighted[0].high == pytest.approx(repeated[0].high, abs=0.01)


def test_weights_of_one_cluster_or_of_nothing_say_nothing() -> None:
    def mean_and_undefined(weights: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.column_stack([weights.mean(axis=1), np.full(len(weights), math.nan)])

    found, undefined = weighted_estimates(mean_and_undefined, ["a", "a"], rng())
    assert undefined is None
    assert found is not None
    assert (found.mean, found.low, found.high) == (1, -math.inf, math.inf)
    with pytest.raises(NothingMeasuredError):
        weighted_estimates(mean_and_undefined, [], rng())
