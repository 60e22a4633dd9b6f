"""Whether a difference could be chance."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.randomisation import sign_flip_test, smallest_p


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_few_clusters_are_tested_exactly() -> None:
    # sums of ±1 ±2 ±4: 7, 5, 3, 1 and their negatives; 5 or more on either side is 4 of 8
    assert sign_flip_test([-1, 2, 4], ["a", "b", "c"], rng()) == 4 / 8
    # at most 5 below: all but 7
    assert sign_flip_test([-1, 2, 4], ["a", "b", "c"], rng(), side="below") == 7 / 8
    assert sign_flip_test([1, -2, -4], ["a", "b", "c"], rng(), side="below") == 2 / 8
    assert sign_flip_test([-1, -2, -4], ["a", "b", "c"], rng(), side="below") == smallest_p(3) == 1 / 8


def test_queries_of_a_cluster_flip_together() -> None:
    assert sign_flip_test([-1, -1, -1, -1], ["a", "a", "b", "b"], rng()) == 2 / 4
    assert sign_flip_test([-1, -1, -1, -1], ["a", "b", "c", "d"], rng()) == 2 / 16


def test_what_does_not_differ_is_certainly_chance() -> None:
    assert sign_flip_test([0.0] * 100, np.arange(100), rng()) == 1
    assert sign_flip_test([0.0] * 100, np.arange(100), rng(), side="below") == 1
    assert sign_flip_test([1, -1], ["a", "a"], rng()) == 1


def test_nan_is_left_out_and_nothing_else_is_nothing_to_test() -> None:
    assert sign_flip_test([-1, math.nan, -2], ["a", "b", "c"], rng()) == 2 / 4
    with pytest.raises(NothingMeasuredError, match="no differences to test"):
        sign_flip_test([math.nan], ["a"], rng())
    with pytest.raises(EvalError, match="0 flips"):
        sign_flip_test([1], ["a"], rng(), n_flips_closer=0)


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=8), st.sampled_from(["two", "below"]))
def test_exact_p_values_equal_a_count_over_all_signs(differences: list[int], side: str) -> None:
    observed = sum(differences)
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in product((1, -1), repeat=len(differences))
    ]
    extreme = [abs(x) >= abs(observed) if side == "two" else x <= observed for x in sums]
    found = sign_flip_test(differences, np.arange(len(differences)), rng(), side=side)  # type: ignore[arg-type]
    assert found == pytest.approx(np.mean(extreme))


def test_sums_that_are_equal_but_for_rounding_count_as_equal() -> None:
    tenths = [0.1, 0.2, 0.3, -0.6, 0.7, 0.1]
    whole = [round(10 * value) for value in tenths]
    clusters = np.arange(6)
    assert sign_flip_test(tenths, clusters, rng()) == sign_flip_test(whole, clusters, rng())


def test_random_flips_agree_with_the_sign_test() -> None:
    """Differences of one size make the sum a binomial count: 40 of 100 lost or fewer, and as many won."""
    differences = [-1.0] * 60 + [1.0] * 40
    exact = binom.cdf(40, 100, 0.5)
    assert sign_flip_test(differences, np.arange(100), rng(), side="below") == pytest.approx(exact, abs=0.005)
    assert sign_flip_test(differences, np.arange(100), rng()) == pytest.approx(2 * exact, abs=0.007)


def test_random_flips_agree_with_the_normal_law_for_many_clusters() -> None:
    differences = rng(1).normal(-0.03, 1, 3000)
    expected = norm.cdf(differences.sum() / math.sqrt((differences**2).sum()))
    assert sign_flip_test(differences, np.arange(3000), rng(), side="below") == pytest.approx(expected, abs=0.01)


def test_a_small_p_value_is_looked_at_more_closely_when_asked() -> None:
    differences = [-1.0] * 40
    coarse = sign_flip_test(differences, np.arange(40), rng(), side="below")
    closer = sign_flip_test(differences, np.arange(40), rng(), side="below", n_flips_closer=99_999)
    assert (coarse, closer) == (1 / 10_000, 1 / 100_000)


def test_a_large_p_value_costs_no_closer_look() -> None:
    differences, clusters = [-1.0, 1.0] * 20, np.arange(40)
    coarse = sign_flip_test(differences, clusters, rng())
    assert sign_flip_test(differences, clusters, rng(), n_flips_closer=10**9) == coarse


def test_the_same_seed_gives_the_same_p_value() -> None:
    differences = rng(1).normal(size=100)
    assert sign_flip_test(differences, np.arange(100), rng(5)) == sign_flip_test(differences, np.arange(100), rng(5))


@pytest.mark.parametrize("n_clusters", [8, 60])
def test_under_the_hypothesis_small_p_values_are_no_more_frequent_than_they_say(n_clusters: int) -> None:
    chance = rng(n_clusters)
    clusters = np.repeat(np.arange(n_clusters), 3)
    p_values = []
    for _ in range(300):
        shared = np.repeat(chance.normal(size=n_clusters), 3)
        p_values.append(sign_flip_test(shared + chance.normal(size=3 * n_clusters), clusters, chance))
    for level in (0.05, 0.2, 0.5):
        # three standard errors of a share over 300 repetitions
        assert np.mean(np.array(p_values) <= level) <= level + 3 * math.sqrt(level * (1 - level) / 300)
