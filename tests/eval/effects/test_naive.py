"""The naive methods do what dashboards do, and fail where they should."""

import numpy as np
import pytest
from scipy.stats import norm

from eval.effects.exposures import Exposures
from eval.effects.naive import favourites_of_the_best, raw_difference
from eval.effects.synthetic import ConfoundedWorld
from eval.errors import EvalError, NothingMeasuredError


def exposures_of(treated: list[int], outcome: list[float]) -> Exposures:
    n, codes = len(treated), np.arange(len(treated))
    return Exposures(np.array(treated, np.bool_), np.array(outcome), np.zeros((n, 0), np.float32), codes, codes, codes)


def test_the_raw_difference_is_a_z_test_of_two_rates() -> None:
    """3 of 4 against 1 of 4: 0.5, pooled rate 1/2, error √(1/4 · 1/2)."""
    found = raw_difference(exposures_of([1] * 4 + [0] * 4, [1.0, 1, 1, 0, 1, 0, 0, 0]))
    assert found.difference == 0.5
    assert found.p_value == pytest.approx(2 * norm.sf(0.5 / np.sqrt(1 / 8)))


def test_outcomes_that_are_all_alike_differ_in_nothing() -> None:
    assert raw_difference(exposures_of([1, 0], [1.0, 1.0])).p_value == 1


def test_a_raw_difference_needs_both() -> None:
    with pytest.raises(NothingMeasuredError, match="2 uses and 0 ordinary replies"):
        raw_difference(exposures_of([1, 1], [1.0, 0.0]))


def test_a_favourite_of_good_agents_looks_good_without_any_effect() -> None:
    exposures = ConfoundedWorld(effect=0.0).draw(8000, np.random.default_rng(1))
    found = raw_difference(exposures)
    assert found.difference > 0.03
    assert found.p_value < 0.001


def test_favourites_are_counted_among_the_best_quarter() -> None:
    """Rates 1, 1/2, 1/3 and 0: the best of four agents is agent 2, who sent 8 twice, 7 once and typed once."""
    agent = np.array([2, 2, 2, 2, 0, 0, 1, 1, 1, 3])
    outcome = np.array([1.0, 1, 1, 1, 1, 0, 1, 0, 0, 0])
    candidate = np.array([8, 7, 8, -1, 9, 9, 9, 9, 9, 9])
    assert favourites_of_the_best(agent, outcome, candidate) == [8, 7]


def test_favourites_need_a_candidate_a_reply() -> None:
    with pytest.raises(EvalError, match="2, 2 and 1 rows"):
        favourites_of_the_best(np.zeros(2, np.int64), np.zeros(2), np.zeros(1, np.int64))
