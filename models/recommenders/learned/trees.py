"""Boosted trees: grown by LightGBM, asked without it, and taken apart into what each feature adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_DEPTH = 6
MANY_ROWS = 100_000
"""For fewer, threads cost more than they save."""


@dataclass(frozen=True)
class TreeSettings:
    """How trees are grown."""

    n_trees: int = 200
    n_leaves: int = 31
    learning_rate: float = 0.06
    min_rows_in_leaf: int = 300
    feature_share: float = 0.4
    row_share: float = 0.7


@dataclass(frozen=True)
class BoostedTrees:
    """Trees side by side; a node's number counts through all trees, a leaf leads to itself.

    Attributes:
        base: the score before any tree, in log-odds.
        features: which feature a node asks about, shape (n_trees * n_nodes,).
        thresholds: not above it goes left, of the same shape.
        left: number of the next node, of the same shape.
        right: likewise.
        values: the mean of the rows that came by, in log-odds; a leaf's is what it adds.
        roots: the first node of each tree, shape (n_trees,).
    """

    base: float
    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: NDArray[np.float64]
    roots: NDArray[np.int32]

    @classmethod
    def fit(
        cls,
        rows: NDArray[np.float32],
        wanted: NDArray[np.bool_],
        *,
        seed: int,
        threads: int,
        settings: TreeSettings | None = None,
    ) -> "BoostedTrees":
        """Learn the probability that a row is wanted; rows of shape (n_rows, n_features), `wanted` (n_rows,).

        Where all rows are alike in what is wanted there are no trees.
        """
        import lightgbm

        settings = settings or TreeSettings()
        rate = float(np.clip(wanted.mean() if len(wanted) else 0.0, 1e-6, 1.0 - 1e-6))
        base = float(np.log(rate / (1.0 - rate)))
        if wanted.all() or not wanted.any():
            return cls.of([], base)
        data = lightgbm.Dataset(rows, wanted.astype(np.int8), init_score=np.full(len(wanted), base))
        booster = lightgbm.train(_parameters(settings, len(rows), seed, threads), data, settings.n_trees)
        return cls.of([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]], base)

    @classmethod
    def of(cls, trees: Sequence[Mapping[str, Any]], base: float) -> "BoostedTrees":
        """Trees as LightGBM dumps them."""
        nodes = _Nodes()
        roots = [nodes.add(tree) for tree in trees]
        return cls(
            base,
            np.array(nodes.features, np.int32),
            np.array(nodes.thresholds, np.float64),
            np.array(nodes.left, np.int32),
            np.array(nodes.right, np.int32),
            np.array(nodes.values, np.float64),
            np.array(roots, np.int32),
        )

    def scores(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of each row, shape (n_rows,)."""
        at = np.tile(self.roots, (len(rows), 1))
        for _ in range(MAX_DEPTH):
            at = self._next(rows, at)
        total: NDArray[np.float64] = self.base + self.values[at].sum(axis=1)
        return total

    def contributions(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
        """What each feature adds to each row, shape (n_rows, n_features), and what every row has before.

        Along the way of a row through a tree the mean of the rows that came by changes with every question asked; the
        change belongs to the feature that was asked about. They sum to the score.
        """
        found = np.zeros(rows.shape)
        at = np.tile(self.roots, (len(rows), 1))
        row = np.broadcast_to(np.arange(len(rows))[:, None], at.shape)
        start = self.base + float(self.values[self.roots].sum())
        for _ in range(MAX_DEPTH):
            after = self._next(rows, at)
            np.add.at(found, (row, self.features[at]), self.values[after] - self.values[at])
            at = after
        return found, start

    def _next(self, rows: NDArray[np.float32], at: NDArray[np.int32]) -> NDArray[np.int32]:
        answers = np.take_along_axis(rows, self.features[at], axis=1)
        return np.where(answers <= self.thresholds[at], self.left[at], self.right[at])


class _Nodes:
    """Nodes of all trees, one after another."""

    def __init__(self) -> None:
        self.features: list[int] = []
        self.thresholds: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.values: list[float] = []

    def add(self, node: Mapping[str, Any]) -> int:
        """Add a node and those below it; its number."""
        number = len(self.values)
        is_leaf = "left_child" not in node
        self.features.append(0 if is_leaf else node["split_feature"])
        self.thresholds.append(0.0 if is_leaf else float(node["threshold"]))
        self.values.append(float(node["leaf_value"] if is_leaf else node["internal_value"]))
        self.left.append(number)
        self.right.append(number)
        if not is_leaf:
            self.left[number] = self.add(node["left_child"])
            self.right[number] = self.add(node["right_child"])
        return number


def _parameters(settings: TreeSettings, n_rows: int, seed: int, threads: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "boost_from_average": False,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.n_leaves,
        "max_depth": MAX_DEPTH,
        "min_data_in_leaf": max(1, min(settings.min_rows_in_leaf, n_rows // 20)),
        "feature_fraction": settings.feature_share,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "use_missing": False,
        "deterministic": True,
        "force_col_wise": True,
        "seed": seed,
        "num_threads": threads if n_rows >= MANY_ROWS else 1,
        "verbose": -1,
    }
