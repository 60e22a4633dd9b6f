"""What the models see."""

import numpy as np
import pytest

from eval.effects.design import MOST_VALUES, Design, indicators, standardised
from eval.effects.predictions import draw_folds
from eval.effects.synthetic import ConfoundedWorld


def test_features_are_in_units_of_their_spread_and_constant_ones_are_left_out() -> None:
    found = standardised(np.array([[1.0, 7.0], [3.0, 7.0]]))
    assert found.tolist() == [[-1.0], [1.0]]


def test_rare_values_share_the_last_column() -> None:
    found = indicators(np.array([4] * 5 + [2] * 4 + [9]))
    assert found[:5].tolist() == [[1.0, 0.0]] * 5
    assert found[5:].tolist() == [[0.0, 1.0]] * 5


def test_of_very_many_values_the_most_frequent_have_columns() -> None:
    found = indicators(np.repeat(np.arange(300), np.where(np.arange(300) < 200, 5, 6)))
    assert found.shape == (1600, MOST_VALUES + 1)
    assert found[-1].argmax() == MOST_VALUES - 1  # the hundred with six rows, then a hundred of those with five
    assert found[0].argmax() == 0
    assert found[5 * 150].argmax() == MOST_VALUES


def test_a_penalty_is_on_features_alone() -> None:
    design = Design.of(ConfoundedWorld().draw(200, np.random.default_rng(0)))
    weak, strong = design.columns(1.0), design.columns(100.0)
    assert strong[:, :2] == pytest.approx(weak[:, :2] / 10)
    assert strong[:, 2:] == pytest.approx(weak[:, 2:])


def test_a_customer_stays_in_one_fold_and_every_fold_has_both_sides() -> None:
    exposures = ConfoundedWorld(per_cluster=3).draw(90, np.random.default_rng(0))
    folds = draw_folds(exposures, 5, np.random.default_rng(1))
    assert all(len(np.unique(folds[exposures.cluster == one])) == 1 for one in range(30))
    for fold in range(5):
        assert len(np.unique(exposures.treated[folds == fold])) == 2
