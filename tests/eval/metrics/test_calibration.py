"""Stated against actual frequency."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from eval.errors import EvalError
from eval.metrics.calibration import (
    aurc,
    brier,
    brier_parts,
    calibration_gaps,
    debiased_calibration_error,
    equal_mass,
    equal_width,
    expected_calibration_error,
    reliability,
)

rows = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=40)


def test_bins_of_equal_mass_hold_equally_many() -> None:
    bins = reliability([0.1, 0.2, 0.3, 0.9], [0, 1, 1, 1], n_bins=2)
    assert [(one.low, one.high, one.n) for one in bins] == [(0.1, 0.2, 2), (0.3, 0.9, 2)]
    assert [one.mean_probability for one in bins] == [pytest.approx(0.15), pytest.approx(0.6)]
    assert [one.share_correct for one in bins] == [1 / 2, 1]
    error = 2 / 4 * abs(0.15 - 1 / 2) + 2 / 4 * abs(0.6 - 1)
    assert expected_calibration_error([0.1, 0.2, 0.3, 0.9], [0, 1, 1, 1], n_bins=2) == pytest.approx(error)


def test_bins_of_equal_width_cover_equal_parts_and_empty_ones_are_left_out() -> None:
    bins = reliability([0.1, 0.2, 0.3, 1.0], [0, 1, 1, 1], n_bins=4, binning=equal_width)
    assert [(one.low, one.high, one.n) for one in bins] == [(0.1, 0.2, 2), (0.3, 0.3, 1), (1.0, 1.0, 1)]
    error = 2 / 4 * (1 / 2 - 0.15) + 1 / 4 * (1 - 0.3) + 0
    found = expected_calibration_error([0.1, 0.2, 0.3, 1.0], [0, 1, 1, 1], n_bins=4, binning=equal_width)
    assert found == pytest.approx(error)


def test_equal_probabilities_share_a_bin() -> None:
    assert equal_mass(np.array([0.7, 0.2, 0.7, 0.7, 0.9]), 5).tolist() == [1, 0, 1, 1, 4]


def test_over_and_under_confidence_do_not_cancel_between_bins() -> None:
    probabilities, correct = [0.2] * 5 + [0.8] * 5, [0, 1, 0, 1, 0, 1, 1, 1, 0, 0]  # 2/5 and 3/5 right
    assert expected_calibration_error(probabilities, correct, n_bins=2) == pytest.approx(0.2)
    assert expected_calibration_error(probabilities, correct, n_bins=1) == pytest.approx(0)


def test_a_certain_and_right_system_is_perfectly_calibrated() -> None:
    assert expected_calibration_error([1.0, 1.0, 0.0], [1, 1, 0]) == 0


def test_no_queries_have_no_calibration_error() -> None:
    assert reliability([], []) == []
    assert math.isnan(expected_calibration_error([], []))


def test_no_bins_are_refused() -> None:
    with pytest.raises(EvalError, match="0 bins"):
        reliability([0.5], [1], n_bins=0)


@settings(deadline=None)
@given(rows, st.integers(1, 12), st.sampled_from([equal_mass, equal_width]))
def test_the_error_is_the_weighted_gap_of_the_bins(
    pairs: list[tuple[float, bool]], n_bins: int, binning: object
) -> None:
    probabilities, correct = [p for p, _ in pairs], [y for _, y in pairs]
    bins = reliability(probabilities, correct, n_bins=n_bins, binning=binning)  # type: ignore[arg-type]
    gaps = sum(one.n * abs(one.mean_probability - one.share_correct) for one in bins) / len(pairs)
    found = expected_calibration_error(probabilities, correct, n_bins=n_bins, binning=binning)  # type: ignore[arg-type]
    assert found == pytest.approx(gaps)
    assert sum(one.n for one in bins) == len(pairs)
    assert all(one.low <= one.mean_probability + 1e-12 and one.mean_probability <= one.high + 1e-12 for one in bins)
    assert all(one.high < other.low for one, other in pairwise(bins))


def test_each_query_has_its_gap_in_its_own_bin() -> None:
    gaps = calibration_gaps([0.1, 0.9], [1, 1], n_bins=2)
    np.testing.assert_allclose(gaps, [[-0.9, 0], [0, -0.1]])


@settings(max_examples=40, deadline=None)
@given(rows)
def test_brier_equals_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    probabilities, correct = [p for p, _ in pairs], [y for _, y in pairs]
    assert brier(probabilities, correct).mean() == pytest.approx(
        brier_score_loss(correct, probabilities, labels=[0, 1])
    )


def test_brier_is_the_squared_distance_per_query() -> None:
    assert brier([0.8, 0.8], [1, 0]).tolist() == [pytest.approx(0.04), pytest.approx(0.64)]


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(EvalError, match=r"is NaN|expected 0 to 1"):
        expected_calibration_error([0.5, probability], [1, 0])


def test_what_noise_adds_to_a_gap_is_taken_off() -> None:
    # one bin of four, all stated .9, half right: the gap is .4, its noise √(1/4 / 4) = 1/4
    stated, correct = [0.9] * 4, [0, 1, 0, 1]
    ratio = 0.4 / 0.25
    again = 2 * 0.25 * math.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi) + 0.4 * math.erf(ratio / math.sqrt(2))
    assert debiased_calibration_error(stated, correct, n_bins=1) == pytest.approx(2 * 0.4 - again)
    assert debiased_calibration_error([0.9, 0.9], [1, 1]) == pytest.approx(0.1)  # no spread, nothing to take off
    assert math.isnan(debiased_calibration_error([], []))


def test_taking_off_noise_agrees_with_drawing_it() -> None:
    rng = np.random.default_rng(3)
    stated = rng.random(400)
    correct = rng.random(400) < stated**1.3
    bins = reliability(stated, correct)
    drawn = np.array(
        [
            sum(one.n * abs(one.mean_probability - rng.normal(one.share_correct, spread)) for one, spread in spreads)
            for spreads in [
                [(one, math.sqrt(one.share_correct * (1 - one.share_correct) / one.n)) for one in bins]
                for _ in range(4000)
            ]
        ]
    )
    plain = expected_calibration_error(stated, correct)
    expected = 2 * plain - drawn.mean() / 400
    assert debiased_calibration_error(stated, correct) == pytest.approx(expected, abs=0.002)


def test_a_calibrated_system_shows_less_error_once_noise_is_taken_off() -> None:
    rng = np.random.default_rng(4)
    plain, debiased = [], []
    for _ in range(100):
        stated = rng.random(300)
        correct = rng.random(300) < stated
        plain.append(expected_calibration_error(stated, correct))
        debiased.append(debiased_calibration_error(stated, correct))
    assert np.mean(plain) > 0.04
    assert np.mean(debiased) < 0.7 * np.mean(plain)


def test_the_brier_score_falls_into_its_parts() -> None:
    # stated .2 with 1 of 4 right, stated .8 with 3 of 4 right; 1/2 right over all
    parts = brier_parts([0.2] * 4 + [0.8] * 4, [0, 0, 0, 1, 1, 1, 1, 0], n_bins=2)
    assert parts is not None
    assert parts.reliability == pytest.approx((0.2 - 1 / 4) ** 2)
    assert parts.resolution == pytest.approx((1 / 4) ** 2)
    assert parts.uncertainty == pytest.approx(1 / 4)
    assert parts.within == pytest.approx(0)
    assert brier_parts([], []) is None


@settings(max_examples=40, deadline=None)
@given(rows)
def test_the_parts_sum_to_the_brier_score_and_none_of_the_three_is_negative(pairs: list[tuple[float, bool]]) -> None:
    stated, correct = zip(*pairs, strict=True)
    parts = brier_parts(stated, correct)
    assert parts is not None
    assert parts.score == pytest.approx(brier_score_loss(correct, stated, labels=[0, 1]))
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


def test_the_risk_coverage_area_is_the_mean_share_wrong_of_the_surest() -> None:
    # surest first: right, wrong, right, so that 0, 1/2 and 1/3 are wrong among the surest 1, 2 and 3
    assert aurc([0.9, 0.8, 0.7], [1, 0, 1]) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    assert aurc([0.9, 0.8], [1, 1]) == pytest.approx(0)
    assert math.isnan(aurc([math.nan], [0]))
