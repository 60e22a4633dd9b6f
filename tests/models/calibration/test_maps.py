"""Maps from scores to probabilities, and which of them is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models.calibration.choosing import FAMILIES, as_numbers, choose_map, cross_fitted, log_loss
from models.calibration.errors import CalibrationError
from models.calibration.fitting import MAX_BLOCKS, fit_beta, fit_isotonic, fit_logistic
from models.calibration.maps import Beta, Knots, Logistic, tabulated
from models.calibration.threshold import threshold_for

rows = st.lists(st.tuples(st.integers(-8, 8), st.booleans()), min_size=4, max_size=60)


def drawn(n: int, seed: int, *, slope: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(2.0, 1.0, n)
    return scores, rng.random(n) < expit(slope * (scores - 2.0))


def test_violators_next_to_each_other_are_pooled() -> None:
    found = fit_isotonic([1, 2, 3, 4, 5], [0, 1, 0, 1, 1])
    # 2 and 3 share one half; the outer pools stay one observation away from certainty: 1 of 7
    assert found.probability(np.array([1.0, 2.0, 2.5, 3.0, 4.0])) == pytest.approx([1 / 7, 1 / 2, 1 / 2, 1 / 2, 6 / 7])
    assert found.probability(np.array([1.5, 9.0])) == pytest.approx([(1 / 7 + 1 / 2) / 2, 6 / 7])


@given(rows)
@settings(max_examples=60, deadline=None)
def test_isotonic_is_what_another_implementation_finds(pairs: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([s for s, _ in pairs], float), np.array([y for _, y in pairs])
    margin = 1 / (len(scores) + 2)
    other = IsotonicRegression().fit(scores, labels).predict(scores)
    assert fit_isotonic(scores, labels).probability(scores) == pytest.approx(np.clip(other, margin, 1 - margin))


@given(rows, st.sampled_from(sorted(FAMILIES)))
@settings(max_examples=60, deadline=None)
def test_no_map_falls_where_scores_rise(pairs: list[tuple[int, bool]], family: str) -> None:
    scores, labels = np.array([s for s, _ in pairs], float), np.array([y for _, y in pairs])
    found = FAMILIES[family](scores, labels)
    along = np.linspace(-12, 12, 200)
    for one in (found, as_numbers(found, scores)):
        stated = one.probability(along)
        assert ((stated >= 0) & (stated <= 1)).all()
        assert (np.diff(stated) >= -1e-12).all()


def test_logistic_is_what_another_implementation_finds() -> None:
    scores, labels = drawn(4000, 1)
    other = LogisticRegression(C=1e9).fit(scores[:, np.newaxis], labels)
    found = fit_logistic(scores, labels)
    assert found.slope == pytest.approx(other.coef_[0, 0], rel=0.01)
    assert found.midpoint == pytest.approx(-other.intercept_[0] / other.coef_[0, 0], rel=0.01)


def test_beta_with_even_exponents_is_the_logistic_map_under_it() -> None:
    base = Logistic(2.0, 1.0)
    scores = np.linspace(-3, 5, 9)
    assert Beta(base, 1.0, 1.0, 0.0).probability(scores) == pytest.approx(base.probability(scores))
    half = Beta(base, 2.0, 1.0, 0.0).probability(np.array([1.0]))  # p = 1/2: (1/2)^2 to (1/2)^1, so 1 to 2
    assert half == pytest.approx([1 / 3])


def test_beta_bends_where_a_logistic_map_cannot() -> None:
    scores, _ = drawn(20_000, 2)
    truth = expit(2 * (scores - 2)) ** 3
    labels = np.random.default_rng(3).random(len(scores)) < truth
    gaps = [np.abs(fit(scores, labels).probability(scores) - truth).mean() for fit in (fit_beta, fit_logistic)]
    assert gaps[0] < 0.7 * gaps[1]


def test_what_is_told_apart_perfectly_still_has_a_finite_slope() -> None:
    found = fit_logistic([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1])
    assert 0 < found.slope < 100
    assert 1.0 < found.midpoint < 2.0


def test_many_rows_make_no_more_knots_than_a_policy_can_hold() -> None:
    scores, labels = drawn(50_000, 4)
    found = fit_isotonic(scores, labels)
    assert len(found.scores) <= 2 * MAX_BLOCKS
    assert np.abs(found.probability(scores) - expit(2 * (scores - 2))).mean() < 0.015


def test_the_family_with_the_least_log_loss_on_unseen_folds_is_chosen() -> None:
    rng = np.random.default_rng(5)
    scores = rng.random(6000) * 4
    labels = rng.random(6000) < np.where(scores < 2, 0.1, np.where(scores < 3, 0.6, 0.65))  # a step: no smooth map
    found = choose_map(scores, labels, np.arange(6000) // 3, rng)
    assert found.family == "isotonic"
    assert found.family == min(found.log_losses, key=lambda name: found.log_losses[name])


def test_rows_of_one_group_never_teach_each_other() -> None:
    scores, labels = drawn(60, 6)
    folds = np.arange(60) % 3
    found = cross_fitted(fit_logistic, scores, labels, folds)
    alone = fit_logistic(scores[folds != 1], labels[folds != 1])
    assert found[folds == 1] == pytest.approx(alone.probability(scores[folds == 1]))


def test_what_was_never_shown_falls_to_nothing() -> None:
    scores, labels = drawn(500, 7)
    numbers = as_numbers(fit_isotonic(scores, labels), scores)
    assert numbers.probability(np.array([scores.min() - 10])).tolist() == [0.0]
    assert numbers.probability(scores) == pytest.approx(fit_isotonic(scores, labels).probability(scores))


def test_a_smooth_map_keeps_its_shape_between_its_knots() -> None:
    found = Beta(Logistic(2.5, 2.3), 0.8, 1.4, 0.2)
    knots, along = tabulated(found, 0.0, 5.0, 65), np.linspace(0, 5, 1000)
    assert knots.probability(along) == pytest.approx(found.probability(along), abs=1e-3)


def test_log_loss_of_a_half_is_log_two() -> None:
    assert log_loss(np.array([0.5, 0.5, 0.25]), [0, 1, 1]) == pytest.approx(np.log([2, 2, 4]))


@pytest.mark.parametrize(
    ("scores", "labels", "said"),
    [
        ([1.0], [0, 1], "one label each"),
        ([], [], "one label each"),
        ([np.inf], [1], "score 0"),
        ([1.0], [2], "label 2"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(scores: list[float], labels: list[int], said: str) -> None:
    for fit in FAMILIES.values():
        with pytest.raises(CalibrationError, match=said):
            fit(scores, labels)


def test_labels_that_are_all_alike_are_refused() -> None:
    with pytest.raises(CalibrationError, match="expected both 0 and 1"):
        choose_map([1.0, 2.0], [1, 1], np.arange(2), np.random.default_rng(1))


def test_the_threshold_is_the_lowest_that_is_surely_precise_enough() -> None:
    stated = np.repeat([0.9, 0.6, 0.3], [400, 300, 300])
    right = np.concatenate([np.arange(400) % 20 > 0, np.arange(300) % 2 > 0, np.arange(300) % 5 == 0])
    found = threshold_for(stated, right, 0.8, np.arange(1000))
    assert found is not None  # .95 of the first, (380 + 50) / 500 = .86 with some of the second
    assert (found.threshold, found.n) in {(0.9, 400), (0.6, 700)}
    assert found.low >= 0.8
    assert found.precision == pytest.approx(right[stated >= found.threshold].mean())
    assert threshold_for(stated, right, 0.97, np.arange(1000)) is None


def test_answers_that_go_together_count_for_fewer() -> None:
    right = np.repeat(np.arange(40) % 10 > 0, 10)  # 9 of 10 conversations, each right throughout or wrong throughout
    alone = threshold_for(np.ones(400), right, 0.8, np.arange(400))
    together = threshold_for(np.ones(400), right, 0.8, np.repeat(np.arange(40), 10))
    assert alone is not None
    assert together is None


@pytest.mark.slow
def test_a_promised_precision_is_kept() -> None:
    rng = np.random.default_rng(8)
    broken = 0
    for _ in range(400):
        chances = rng.beta(2, 2, 800)
        found = threshold_for(chances, rng.random(800) < chances, 0.65, np.arange(800))
        broken += found is not None and chances[chances >= found.threshold].mean() < 0.65
    assert broken <= 18  # 2.5 % of 400 are 10, and 18 is two standard errors more
    assert isinstance(Knots(np.array([0.0, 1.0]), np.array([0.0, 1.0])), Knots)
