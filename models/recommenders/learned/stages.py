"""A second stage of trees that only look at what tags say, grown on what the first stage leaves open.

Trees that see everything at once learn tags by heart, which made recommendations worse where customers have many
purchases to go by. The first stage never sees a tag and stays as it is, so that a customer of whom nothing is known is
served as if there were no profiles at all.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.recommenders.learned.trees import BoostedTrees, TreeSettings

FEW_TREES = TreeSettings(n_trees=40, n_leaves=8, feature_share=1.0)


def with_profile_stage(
    first: BoostedTrees,
    start: NDArray[np.float64],
    told: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    *,
    columns: NDArray[np.int32],
    seed: int,
    threads: int,
) -> BoostedTrees:
    """The first stage and then a few trees over profile features.

    `start` are the scores of the first stage, shape (n_rows,), and `told` the features, shape (n_rows, n_columns), that
    stand in these columns of whole rows. What the few trees add counts from a row of zeros: a customer without tags
    has the score of the first stage.
    """
    second = BoostedTrees.fit(told, wanted, seed=seed, threads=threads, settings=FEW_TREES, start=start)
    return _joined(first, replace(_from_nothing(second), features=columns[second.features]))


def _from_nothing(trees: BoostedTrees) -> BoostedTrees:
    """Trees of which a row of zeros gets nothing: each root is worth what that row gets, which the base takes back."""
    values = trees.values.copy()
    for root in trees.roots.tolist():
        at = root
        while trees.left[at] != at:
            at = int((trees.left if trees.thresholds[at] >= 0.0 else trees.right)[at])
        values[root] = trees.values[at]
    return replace(trees, base=-float(values[trees.roots].sum()), values=values)


def _joined(first: BoostedTrees, second: BoostedTrees) -> BoostedTrees:
    """The trees of both, whose scores are the sums of theirs."""
    n = np.int32(len(first.values))
    return BoostedTrees(
        first.base + second.base,
        np.concatenate([first.features, second.features]),
        np.concatenate([first.thresholds, second.thresholds]),
        np.concatenate([first.left, second.left + n]),
        np.concatenate([first.right, second.right + n]),
        np.concatenate([first.values, second.values]),
        np.concatenate([first.roots, second.roots + n]),
    )
