"""Probabilities against right and wrong."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from eval.errors import EvalError
from eval.metrics.classification import auroc, confusion, coverage_precision

rows = st.lists(st.tuples(st.integers(0, 5).map(lambda n: n / 5), st.booleans()), min_size=1, max_size=30)


def test_what_reaches_the_threshold_is_taken_for_positive() -> None:
    found = confusion([0.9, 0.5, 0.5, 0.4, 0.1], [1, 1, 0, 1, 0], 0.5)
    assert (found.n_true_positive, found.n_false_positive) == (2, 1)
    assert (found.n_false_negative, found.n_true_negative) == (1, 1)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_precision_recall_and_f1_are_undefined_where_there_is_nothing_to_count() -> None:
    assert math.isnan(confusion([0.1], [1], 0.5).precision)
    assert math.isnan(confusion([0.1], [0], 0.5).recall)
    assert math.isnan(confusion([0.1], [0], 0.5).f1)
    assert confusion([0.1], [1], 0.5).f1 == 0


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(0, 5).map(lambda n: n / 5))
def test_f1_equals_scikit_learn(pairs: list[tuple[float, bool]], threshold: float) -> None:
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    taken = [score >= threshold for score in scores]
    found = confusion(scores, labels, threshold)
    assert np.nan_to_num(found.f1) == pytest.approx(f1_score(labels, taken, zero_division=0))
    assert np.nan_to_num(found.precision) == pytest.approx(precision_score(labels, taken, zero_division=0))
    assert np.nan_to_num(found.recall) == pytest.approx(recall_score(labels, taken, zero_division=0))


def test_auroc_counts_a_tie_as_one_half() -> None:
    # pairs of positive and negative: 0.8 beats 0.3 and ties 0.8; 0.3 ties 0.3 and loses to 0.8
    assert auroc([0.8, 0.3, 0.8, 0.3], [1, 1, 0, 0]) == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)


@pytest.mark.parametrize("labels", [[], [1, 1], [0, 0]])
def test_auroc_is_undefined_without_both_kinds(labels: list[int]) -> None:
    assert math.isnan(auroc([0.5] * len(labels), labels))


@settings(max_examples=40, deadline=None)
@given(rows.filter(lambda pairs: len({label for _, label in pairs}) == 2))
def test_auroc_is_the_share_of_pairs_in_order_and_equals_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    higher = [score for score, label in pairs if label]
    lower = [score for score, label in pairs if not label]
    won = [1.0 if one > other else 0.5 if one == other else 0.0 for one, other in product(higher, lower)]
    assert auroc(scores, labels) == pytest.approx(np.mean(won))
    assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_equal_probabilities_enter_the_curve_together() -> None:
    curve = coverage_precision([0.5, 0.9, 0.5, 0.1], [0, 1, 1, 0])
    assert curve.thresholds.tolist() == [0.9, 0.5, 0.1]
    assert curve.coverage.tolist() == [1 / 4, 3 / 4, 1]
    assert curve.precision.tolist() == [1, pytest.approx(2 / 3), 1 / 2]
    assert curve.area == pytest.approx(1 / 4 * 1 + 2 / 4 * 2 / 3 + 1 / 4 * 1 / 2)


def test_precision_at_a_coverage_is_that_of_the_highest_threshold_that_reaches_it() -> None:
    curve = coverage_precision([0.5, 0.9, 0.5, 0.1], [0, 1, 1, 0])
    assert curve.precision_at(0.25) == 1
    assert curve.precision_at(0.26) == pytest.approx(2 / 3)
    assert curve.precision_at(1) == 1 / 2
    with pytest.raises(EvalError, match="coverage of 0; expected a share above 0"):
        curve.precision_at(0)


def test_a_share_is_found_however_it_is_rounded() -> None:
    curve = coverage_precision(np.linspace(1, 0.1, 10), [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    assert curve.precision_at(0.1 + 0.2) == 1  # 0.30000000000000004


def test_the_threshold_for_a_wished_precision_answers_as_much_as_it_can() -> None:
    curve = coverage_precision([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    assert curve.threshold_for(0.6) == 0.7  # 1, 1/2, 2/3, 1/2: not 0.9, which answers less
    assert curve.threshold_for(1) == 0.9
    assert coverage_precision([0.9, 0.8], [0, 0]).threshold_for(0.5) is None


def test_a_query_without_an_answer_lowers_coverage_but_not_precision() -> None:
    curve = coverage_precision([0.9, math.nan, 0.4, math.nan], [1, 0, 0, 1])
    assert curve.coverage.tolist() == [1 / 4, 1 / 2]
    assert curve.precision.tolist() == [1, 1 / 2]
    assert curve.area == pytest.approx((1 + 1 / 2) / 2)
    assert math.isnan(curve.precision_at(0.75))


@pytest.mark.parametrize("probabilities", [[], [math.nan, math.nan]])
def test_without_any_answer_the_curve_is_empty(probabilities: list[float]) -> None:
    curve = coverage_precision(probabilities, [0] * len(probabilities))
    assert len(curve.coverage) == 0
    assert math.isnan(curve.area)
    assert curve.threshold_for(0.1) is None


@settings(deadline=None)
@given(rows, st.randoms())
def test_the_curve_does_not_depend_on_the_order_of_the_rows(pairs: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    curve, again = (coverage_precision([p for p, _ in some], [y for _, y in some]) for some in (pairs, shuffled))
    assert curve.coverage.tolist() == again.coverage.tolist()
    assert curve.precision.tolist() == again.precision.tolist()
    assert curve.coverage[-1] == 1
    assert curve.precision[-1] == pytest.approx(np.mean([y for _, y in pairs]))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_without_ties_the_area_is_the_mean_precision_of_the_surest(labels: list[bool]) -> None:
    falling = np.linspace(1, 0.01, len(labels))
    expected = np.mean([np.mean(labels[:n]) for n in range(1, len(labels) + 1)])
    assert coverage_precision(falling, labels).area == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "labels", "said"),
    [
        ([0.1, 0.2], [1], r"scores of shape \(2,\) and labels of shape \(1,\)"),
        ([0.1, math.nan], [1, 0], "score 1 is NaN"),
        ([0.1, 0.2], [1, 2], "label 1 is 2; expected 0 or 1"),
        ([0.1, 0.2], [1, math.nan], "label 1 is nan"),
    ],
)
def test_what_cannot_be_counted_is_refused(scores: list[float], labels: list[float], said: str) -> None:
    with pytest.raises(EvalError, match=said):
        auroc(scores, labels)


def test_a_curve_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(EvalError, match="expected one label a score"):
        coverage_precision([0.1, math.nan], [1])
