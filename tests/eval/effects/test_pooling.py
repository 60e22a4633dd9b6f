"""Shrinkage: by Bayes' rule, and with a prior found from noisy values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.effects.pooling import Prior, fit_prior
from eval.errors import EvalError


def test_as_much_noise_as_spread_draws_half_way() -> None:
    found = Prior(0.02, 0.03**2).pooled(0.10, 0.03, 50)
    assert (found.mean, found.n) == (pytest.approx(0.06), 50)
    assert found.high - found.mean == pytest.approx(1.959964 * 0.03 / math.sqrt(2), rel=1e-5)


def test_where_all_are_alike_each_is_the_mean() -> None:
    found = Prior(0.02, 0.0, 0.01**2).pooled(0.5, 0.1, 3)
    assert found.mean == pytest.approx(0.02)
    assert found.high - found.mean == pytest.approx(1.959964 * 0.01, rel=1e-5)


def test_what_is_certain_stays() -> None:
    assert Prior(0.0, 0.01).pooled(0.3, 0.0, 1).mean == pytest.approx(0.3)


def test_what_nothing_is_known_of_is_the_prior() -> None:
    found = Prior(0.02, 0.03**2).pooled(0.0, math.inf, 1)
    assert found.mean == pytest.approx(0.02)
    assert found.high == pytest.approx(0.02 + 1.959964 * 0.03, rel=1e-5)


def test_equal_noise_leaves_the_spread_beyond_it() -> None:
    """Values -3, 0 and 3 have variance 9 (n - 1 below); with errors of 2, restricted maximum likelihood says 9 - 4."""
    prior = fit_prior([-3.0, 0.0, 3.0], [2.0, 2.0, 2.0])
    assert (prior.mean, prior.variance) == (pytest.approx(0, abs=1e-6), pytest.approx(5, rel=1e-3))
    assert prior.mean_variance == pytest.approx(9 / 3, rel=1e-3)


def test_values_nearer_than_their_noise_have_no_spread() -> None:
    assert fit_prior([0.1, 0.11, 0.09], [1.0, 1.0, 1.0]).variance == 0


def test_the_spread_of_many_is_found() -> None:
    rng = np.random.default_rng(0)
    errors = rng.uniform(0.01, 0.05, 3000)
    prior = fit_prior(rng.normal(0.02, 0.04, 3000) + rng.normal(0, errors), errors)
    assert prior.mean == pytest.approx(0.02, abs=0.003)
    assert math.sqrt(prior.variance) == pytest.approx(0.04, rel=0.05)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 1)), min_size=3, max_size=20))
def test_shrinking_never_leaves_the_span_between_value_and_mean(rows: list[tuple[float, float]]) -> None:
    prior = fit_prior([value for value, _ in rows], [error for _, error in rows])
    for value, error in rows:
        low, high = sorted((value, prior.mean))
        assert low - 1e-9 <= prior.pooled(value, error, 1).mean <= high + 1e-9


@pytest.mark.parametrize(("values", "errors"), [([1.0], [1.0]), ([1.0, 2.0, 3.0], [1.0]), ([1.0] * 3, [0.0] * 3)])
def test_too_few_values_or_no_errors_are_refused(values: list[float], errors: list[float]) -> None:
    with pytest.raises(EvalError, match="expected"):
        fit_prior(values, errors)
