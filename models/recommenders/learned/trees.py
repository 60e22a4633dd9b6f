"""Boosted trees: grown by LightGBM, asked without it, and taken apart into what each feature adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_DEPTH = 6
MANY_ROWS = 100_000
"""For fewer, threads cost more than they save."""
ROWS_AT_ONCE = 256
"""So that what is worked on stays near the processor."""


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
        start: NDArray[np.float64] | None = None,
    ) -> "BoostedTrees":
        """Learn the probability that a row is wanted; rows of shape (n_rows, n_features), `wanted` (n_rows,).

        Where all rows are alike in what is wanted there are no trees. With `start`, log-odds of shape (n_rows,), only
        what is to be added to them is learned.
        """
        import lightgbm

        settings = settings or TreeSettings()
        rate = float(np.clip(wanted.mean() if len(wanted) else 0.0, 1e-6, 1.0 - 1e-6))
        base = float(np.log(rate / (1.0 - rate))) if start is None else 0.0
        if wanted.all() or not wanted.any():
            return cls.of([], base)
        data = lightgbm.Dataset(
            rows, wanted.astype(np.int8), init_score=np.full(len(wanted), base) if start is None else start
        )
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
        total = np.full(len(rows), self.base)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            total[some] += self.values.take(self._leaves(rows[some])).sum(axis=1)
        return total

    def contributions(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
        """What each feature adds to each row, shape (n_rows, n_features), and what every row has before.

        Along the way of a row through a tree the mean of the rows that came by changes with every question asked; the
        change belongs to the feature that was asked about. They sum to the score.
        """
        found, added = np.zeros(rows.shape), self._added
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            found[some, : added.shape[1]] = added.take(self._leaves(rows[some]), axis=0).sum(axis=1)
        return found, self.base + float(self.values[self.roots].sum())

    def _leaves(self, rows: NDArray[np.float32]) -> NDArray[np.intp]:
        """The leaf that each row reaches in each tree, shape (n_rows, n_trees)."""
        features, limits, children = self._steps
        answers, at = np.ascontiguousarray(rows, np.float32).reshape(-1), np.tile(self.roots.astype(np.intp), len(rows))
        first = np.repeat(np.arange(len(rows)) * rows.shape[1], len(self.roots))
        for _ in range(MAX_DEPTH):
            is_above = answers.take(features.take(at) + first) > limits.take(at)
            at = children.take(2 * at + is_above)
        return at.reshape(len(rows), len(self.roots))

    @cached_property
    def _steps(self) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.intp]]:
        """Of each node the feature and the limit, and the nodes to the left and right of it, one after the other.

        Rows are in single precision, so the largest such number not above a threshold divides them as it does.
        """
        limits = self.thresholds.astype(np.float32)
        above = limits > self.thresholds
        limits[above] = np.nextafter(limits[above], np.float32(-np.inf))
        return self.features.astype(np.intp), limits, np.column_stack([self.left, self.right]).ravel().astype(np.intp)

    @cached_property
    def _added(self) -> NDArray[np.float64]:
        """What each feature has added on the way to each node, shape (n_trees * n_nodes, n_features)."""
        added = np.zeros((len(self.values), int(self.features.max(initial=-1)) + 1))
        at = self.roots
        while len(at := at[self.left[at] != at]):
            for children in (self.left[at], self.right[at]):
                added[children] = added[at]
                added[children, self.features[at]] += self.values[children] - self.values[at]
            at = np.concatenate([self.left[at], self.right[at]])
        return added


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
