"""Metrics of rows that count several times are those of rows that come several times."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import NothingMeasuredError
from eval.metrics.classification import auroc, coverage_precision
from eval.metrics.weighted import SurestFirst

rows = st.lists(
    st.tuples(st.integers(0, 5).map(lambda n: n / 5) | st.just(math.nan), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=20,
).filter(lambda all_rows: not all(math.isnan(p) for p, _, _ in all_rows))


@settings(deadline=None)
@given(rows)
def test_weights_equal_repetitions(all_rows: list[tuple[float, bool, int]]) -> None:
    probabilities, correct, weights = (np.array(column) for column in zip(*all_rows, strict=True))
    ordered = SurestFirst.of(probabilities, correct)
    repeated, right = np.repeat(probabilities, weights), np.repeat(correct, weights)
    answered = ~np.isnan(repeated)
    both = np.vstack([np.ones_like(weights), weights])
    np.testing.assert_allclose(ordered.auroc(both)[1], auroc(repeated[answered], right[answered]))
    np.testing.assert_allclose(ordered.area(both)[1], coverage_precision(repeated, right).area)
    np.testing.assert_allclose(ordered.area(both)[0], coverage_precision(probabilities, correct).area)


def test_two_samples_worked_by_hand() -> None:
    ordered = SurestFirst.of([0.5, 0.9, math.nan, 0.5], [0, 1, 1, 1])
    weights = np.array([[1, 1, 1, 1], [2, 0, 0, 1]])
    # pairs: 0.9 beats the wrong 0.5, the right 0.5 ties it; then one tie counted twice
    assert ordered.auroc(weights).tolist() == [(1 + 1 / 2) / 2, (1 / 2 + 1 / 2) / 2]
    assert ordered.area(weights).tolist() == [pytest.approx((1 + 2 * 2 / 3) / 3), pytest.approx(1 / 3)]


def test_without_an_answer_there_is_nothing_to_order() -> None:
    with pytest.raises(NothingMeasuredError):
        SurestFirst.of([math.nan], [1])
