"""Many tests at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from eval.errors import EvalError
from eval.statistics.correction import CORRECTIONS, benjamini_hochberg, holm

p_lists = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_holm_multiplies_by_the_tests_that_are_left_and_never_falls() -> None:
    # sorted .01 .02 .03 .04 -> .04 .06 .06 .04, made to rise: .04 .06 .06 .06
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1, 1])


def test_holm_with_weights_spends_more_on_the_heavier() -> None:
    # shares 1/2, 1/4, 1/4; p / share: .02 .08 .16; times what is left: 1, 1/2, 1/4 -> .02 .04 .04
    np.testing.assert_allclose(holm([0.01, 0.02, 0.04], [2, 1, 1]), [0.02, 0.04, 0.04])


def test_benjamini_hochberg_scales_by_rank_and_never_rises_downwards() -> None:
    # sorted .01 .02 .03 .5 times 4/1 4/2 4/3 4/4 -> .04 .04 .04 .5
    np.testing.assert_allclose(benjamini_hochberg([0.5, 0.01, 0.03, 0.02]), [0.5, 0.04, 0.04, 0.04])


@settings(deadline=None)
@given(p_lists)
def test_benjamini_hochberg_equals_scipy(p_values: list[float]) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p_values), false_discovery_control(p_values), atol=1e-12)


@settings(deadline=None)
@given(p_lists, st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values: list[float], alpha: float) -> None:
    rejected = set()
    for step, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[place] * (len(p_values) - step) > alpha:
            break
        rejected.add(place)
    assert set(np.flatnonzero(holm(p_values) <= alpha).tolist()) == rejected


@settings(deadline=None)
@given(p_lists, st.data())
def test_weighted_holm_rejects_what_the_weighted_procedure_rejects(p_values: list[float], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 8), min_size=len(p_values), max_size=len(p_values)))
    left, rejected = set(range(len(p_values))), set()
    while left:
        place = min(left, key=lambda i: (p_values[i] / weights[i], i))
        if p_values[place] / weights[place] * sum(weights[i] for i in left) > 0.05:
            break
        left.remove(place)
        rejected.add(place)
    assert set(np.flatnonzero(holm(p_values, weights) <= 0.05).tolist()) == rejected


@settings(deadline=None)
@given(p_lists)
def test_corrections_only_raise_and_benjamini_hochberg_raises_less(p_values: list[float]) -> None:
    strict, loose = holm(p_values), benjamini_hochberg(p_values)
    assert (np.array(p_values) <= loose + 1e-12).all()
    assert (loose <= strict + 1e-12).all()
    assert (strict <= 1).all()


@pytest.mark.parametrize("correction", CORRECTIONS.values())
def test_no_tests_need_no_correction_and_strange_p_values_are_refused(correction: object) -> None:
    assert correction([]).tolist() == []  # type: ignore[operator]
    for strange in ([1.2], [-0.1], [float("nan")], [[0.5]]):
        with pytest.raises(EvalError, match="expected a list of numbers from 0 to 1"):
            correction(strange)  # type: ignore[operator]


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1]])
def test_weights_that_cannot_be_shares_are_refused(weights: list[float]) -> None:
    with pytest.raises(EvalError, match="expected one positive number each"):
        holm([0.1, 0.2], weights)
