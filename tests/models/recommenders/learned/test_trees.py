"""Boosted trees: the same answers as LightGBM gives, and contributions that sum to them."""

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from models.recommenders.learned.trees import BoostedTrees, TreeSettings, _parameters


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(4_000, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def wanted(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    chance = 1.0 / (1.0 + np.exp(-(2.0 * rows[:, 0] + (rows[:, 1] > 0) * rows[:, 2] - 1.0)))
    return np.random.default_rng(1).random(len(rows)) < chance


def test_scores_are_those_of_lightgbm(rows: NDArray[np.float32], wanted: NDArray[np.bool_]) -> None:
    settings = TreeSettings(n_trees=40)
    trees = BoostedTrees.fit(rows, wanted, seed=3, threads=1, settings=settings)
    data = lightgbm.Dataset(rows, wanted.astype(np.int8), init_score=np.full(len(rows), trees.base))
    booster = lightgbm.train(_parameters(settings, len(rows), 3, 1), data, 40)
    unseen = np.random.default_rng(2).normal(size=(500, 5)).astype(np.float32)
    raw = np.asarray(booster.predict(unseen, raw_score=True))
    np.testing.assert_allclose(trees.scores(unseen), trees.base + raw, atol=1e-9)


def test_contributions_sum_to_the_score_and_nothing_is_said_of_noise(
    rows: NDArray[np.float32], wanted: NDArray[np.bool_]
) -> None:
    trees = BoostedTrees.fit(rows, wanted, seed=3, threads=1, settings=TreeSettings(n_trees=40))
    added, start = trees.contributions(rows[:300])
    np.testing.assert_allclose(added.sum(axis=1) + start, trees.scores(rows[:300]), atol=1e-9)
    strength = np.abs(added).mean(axis=0)
    assert strength[0] > 3 * strength[3:].max()
    assert np.corrcoef(added[:, 0], rows[:300, 0])[0, 1] > 0.9


def test_without_anything_to_learn_everything_is_as_likely() -> None:
    trees = BoostedTrees.fit(np.zeros((0, 2), np.float32), np.zeros(0, np.bool_), seed=0, threads=1)
    scores = trees.scores(np.zeros((3, 2), np.float32))
    assert len(set(scores.tolist())) == 1


def test_a_row_at_a_threshold_goes_the_way_the_threshold_says() -> None:
    just_above = float(np.nextafter(np.float32(0.1), np.float32(1.0)))
    tree = {
        "split_feature": 0,
        "threshold": (float(np.float32(0.1)) + just_above) / 2,  # between two neighbours in single precision
        "internal_value": 0.0,
        "left_child": {"leaf_value": -1.0},
        "right_child": {"leaf_value": 2.0},
    }
    trees = BoostedTrees.of([tree], 0.5)
    rows = np.array([[0.1], [just_above], [-5.0], [5.0]], np.float32)
    assert trees.scores(rows).tolist() == [-0.5, 2.5, -0.5, 2.5]
    added, start = trees.contributions(rows)
    assert start == 0.5
    assert added.tolist() == [[-1.0], [2.0], [-1.0], [2.0]]
