"""What a second stage adds to the first."""

import numpy as np

from models.recommenders.learned.stages import with_profile_stage
from models.recommenders.learned.trees import BoostedTrees, TreeSettings

COLUMNS = np.array([1, 3], np.int32)
SETTINGS = TreeSettings(n_trees=20, min_rows_in_leaf=20)


def grown() -> tuple[BoostedTrees, BoostedTrees, np.ndarray]:
    """A first stage on columns 0 and 2, both stages, and whole rows; column 3 decides, and half have nothing there."""
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(4_000, 4)).astype(np.float32)
    rows[:2_000, COLUMNS] = 0.0
    wanted = rng.random(4_000) < 1.0 / (1.0 + np.exp(-rows[:, 0] - 2.0 * rows[:, 3]))
    blind = rows.copy()
    blind[:, COLUMNS] = 0.0
    first = BoostedTrees.fit(blind, wanted, seed=0, threads=1, settings=SETTINGS)
    told = rows[:, COLUMNS].copy()
    both = with_profile_stage(first, first.scores(blind), told, wanted, columns=COLUMNS, seed=0, threads=1)
    return first, both, rows


def test_rows_of_which_nothing_is_told_keep_their_scores() -> None:
    first, both, rows = grown()
    np.testing.assert_allclose(both.scores(rows[:2_000]), first.scores(rows[:2_000]), atol=1e-9)


def test_what_is_told_raises_and_lowers_the_score() -> None:
    first, both, rows = grown()
    added = both.scores(rows) - first.scores(rows)
    assert added[rows[:, 3] > 1.0].mean() > 1.0
    assert added[rows[:, 3] < -1.0].mean() < -1.0


def test_the_second_stage_asks_only_about_what_is_told_and_adds_from_nothing() -> None:
    first, both, rows = grown()
    added, start = both.contributions(rows)
    before, start_before = first.contributions(rows)
    np.testing.assert_allclose(added[:, [0, 2]], before[:, [0, 2]], atol=1e-9)
    np.testing.assert_allclose(start, start_before, atol=1e-9)
    np.testing.assert_allclose(added[:2_000][:, COLUMNS].sum(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(added.sum(axis=1) + start, both.scores(rows), atol=1e-9)
