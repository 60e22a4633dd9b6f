"""A ratio of sums and its error, against formulas and by hand."""

import numpy as np
import pytest
from scipy.stats import t

from eval.effects.linear import ratio_estimate


def test_a_mean_has_the_error_of_a_mean() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    found = ratio_estimate(values, np.ones(8), np.arange(8))
    # residuals of ±1/2: sum of squares 2, times 8/7 for the mean that was fitted to eight clusters
    error = np.sqrt(2 * 8 / 7) / 8
    assert (found.estimate.mean, found.estimate.n) == (0.5, 8)
    assert found.standard_error == pytest.approx(error)
    # all squares alike: 3 (8 u²)² / (8 u⁴) = 24, but no more than the clusters less one
    assert found.degrees == 7
    assert found.estimate.high == pytest.approx(0.5 + t.ppf(0.975, 7) * error)
    assert found.p_value == pytest.approx(2 * t.sf(0.5 / error, 7))


def test_one_cluster_that_carries_the_error_leaves_three_degrees() -> None:
    """A normal's fourth moment is three times its squared second, so one square says as much as 3 x⁴ / x⁴ = 3."""
    found = ratio_estimate(np.array([5.0, -1e-9] + [0.0] * 20) - 5 / 22, np.ones(22), np.arange(22))
    assert 3 <= found.degrees < 4


def test_rows_without_weight_do_not_count() -> None:
    numerators, weights, cluster = np.array([1.0, 0.0, 1.0, 9.0]), np.array([2.0, 1.0, 1.0, 0.0]), np.arange(4)
    found = ratio_estimate(numerators, weights, cluster)
    assert (found.estimate.mean, found.estimate.n) == (0.5, 3)


def test_fitted_numbers_widen_the_error() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=100)
    free, fitted = (ratio_estimate(values, np.ones(100), np.arange(100), n_fitted=k) for k in (0, 19))
    assert fitted.standard_error == pytest.approx(free.standard_error * np.sqrt(99 / 80))


def test_values_without_spread_are_certain() -> None:
    assert ratio_estimate(np.ones(5), np.ones(5), np.arange(5)).p_value == 0
    assert ratio_estimate(np.zeros(5), np.ones(5), np.arange(5)).p_value == 1
