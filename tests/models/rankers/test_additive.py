"""What the ranker learns where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rankers.additive import fit_additive, fit_additive_by_time
from models.rankers.errors import RankerError
from models.rankers.examination import default_curve, estimate_examination
from models.rankers.listwise import loss_and_slope, losses, softmax_log_odds
from models.rankers.slates import Slates
from models.rankers.synthetic import World, WorldLog, draw_log

TRUTH, SHOWN_BY = np.array([3.0, 2.0, 1.0]), np.array([1.0, 3.0, 1.0])
LOOKED_AT = np.array([1.0, 0.6, 0.3])


def logged(n_slates: int, seed: int, *, truth: np.ndarray = TRUTH) -> WorldLog:
    return draw_log(World(truth, SHOWN_BY, LOOKED_AT), n_slates, np.random.default_rng(seed))


def two_lists() -> Slates:
    features = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    return Slates(features, np.array([0, 0, 1, 1]), np.array([True, False, False, True]))


def test_the_loss_is_minus_the_log_of_the_share_of_what_was_taken() -> None:
    weights = np.array([np.log(3.0), 0.0])  # 3 to 1 for the first of the first list, 3 to 1 against what was taken then
    assert np.exp(softmax_log_odds(two_lists(), two_lists().features @ weights)) == pytest.approx(
        [3 / 4, 1 / 4, 3 / 4, 1 / 4]
    )
    found = losses(two_lists(), weights, np.ones(4))
    assert found == pytest.approx([np.log(4 / 3), np.log(4)])
    assert losses(two_lists(), weights, np.array([2.0, 9.0, 9.0, 3.0])) == pytest.approx(
        [2 * np.log(4 / 3), 3 * np.log(4)]
    )


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_slope_is_that_of_the_loss(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log, weights, counts = logged(20, seed).slates, rng.normal(size=3), rng.random(60) + 0.1
    _, slope = loss_and_slope(log, weights, counts)
    for column, step in enumerate(1e-5 * np.eye(3)):
        up, down = (loss_and_slope(log, weights + sign * step, counts)[0] for sign in (1, -1))
        assert slope[column] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_clicks_as_they_are_lean_towards_what_was_shown_and_corrected_ones_find_the_truth() -> None:
    log = logged(12_000, 1)
    slates = log.slates
    curve = estimate_examination(slates.places, slates.taken, log.propensities, default_curve(3)).curve
    naive = fit_additive(slates, np.ones(36_000), SHOWN_BY, strength=1.0)
    corrected = fit_additive(slates, 1 / curve[slates.places], SHOWN_BY, strength=1.0)
    assert naive.weights[1] / naive.weights[0] > 1.0  # the second feature seems to count more than the first
    assert corrected.weights[1] / corrected.weights[0] == pytest.approx(2 / 3, abs=0.12)
    assert corrected.weights[2] / corrected.weights[0] == pytest.approx(1 / 3, abs=0.08)


def test_a_strong_ridge_keeps_the_prior_and_a_weak_one_lets_go() -> None:
    slates = logged(2000, 2).slates
    found = [fit_additive(slates, np.ones(6000), SHOWN_BY, strength=s).weights for s in (1.0, 100.0, 1e9)]
    distances = [float(np.linalg.norm(one - SHOWN_BY)) for one in found]
    assert distances[0] > distances[1] > distances[2]
    assert found[2] == pytest.approx(SHOWN_BY, abs=1e-3)


def test_how_decided_agents_are_does_not_change_the_scale_of_the_weights() -> None:
    log = draw_log(World(2 * SHOWN_BY, SHOWN_BY, np.ones(3)), 8000, np.random.default_rng(3))
    fit = fit_additive(log.slates, np.ones(24_000), SHOWN_BY, strength=1.0)
    assert fit.sharpness == pytest.approx(2.0, abs=0.15)
    assert fit.weights == pytest.approx(SHOWN_BY, abs=0.3)


def test_a_feature_never_counts_against() -> None:
    slates = logged(4000, 4, truth=np.array([3.0, 2.0, -2.0])).slates
    fit = fit_additive(slates, np.ones(12_000), SHOWN_BY, strength=1.0)
    assert fit.weights[2] == pytest.approx(0.01 * SHOWN_BY[2], rel=1e-6)


def test_what_never_differs_and_what_has_no_weight_stay_as_they_were() -> None:
    drawn = logged(1000, 5).slates
    features = np.column_stack([drawn.features, np.ones(3000), drawn.features[:, 0]])
    prior = np.array([*SHOWN_BY, 0.7, 0.0])
    fit = fit_additive(Slates(features, drawn.slate, drawn.taken), np.ones(3000), prior, strength=1.0)
    assert fit.weights[3:].tolist() == [0.7, 0.0]


def test_a_prior_that_is_right_already_is_kept_by_the_lists_that_come_later() -> None:
    kept = 0
    for seed in range(10):
        log = draw_log(World(SHOWN_BY, SHOWN_BY, np.ones(3)), 800, np.random.default_rng(seed))
        fit = fit_additive_by_time(log.slates, np.ones(2400), SHOWN_BY, np.arange(800))
        kept += fit.weights.tolist() == SHOWN_BY.tolist()
    assert kept >= 7


def test_few_takings_to_judge_by_change_little() -> None:
    log = logged(40, 6)
    fit = fit_additive_by_time(log.slates, np.ones(120), SHOWN_BY, np.arange(40))
    assert np.abs(fit.weights - SHOWN_BY).max() < 0.1


def test_lists_are_cut_out_whole_and_counted_anew() -> None:
    kept = two_lists().only(np.array([False, True]))
    assert (kept.slate.tolist(), kept.taken.tolist(), kept.places.tolist()) == ([0, 0], [False, True], [0, 1])


@pytest.mark.parametrize(
    ("slate", "feature", "said"),
    [([0, 2], 1.0, "out of order"), ([1, 0], 1.0, "out of order"), ([0, 0], np.nan, "feature 0 of row 0 is nan")],
)
def test_rows_that_are_no_lists_are_refused(slate: list[int], feature: float, said: str) -> None:
    with pytest.raises(RankerError, match=said):
        Slates(np.array([[feature], [1.0]]), np.array(slate), np.array([True, False]))


def test_nothing_can_be_learned_from_nothing_taken() -> None:
    nothing = Slates(np.ones((2, 1)), np.array([0, 0]), np.array([False, False]))
    with pytest.raises(RankerError, match="nothing was taken"):
        fit_additive(nothing, np.ones(2), np.ones(1), strength=1.0)
