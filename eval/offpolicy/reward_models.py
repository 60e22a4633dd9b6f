"""Models of what a candidate brings: features of the row, its position, and an effect of each item drawn towards zero.

The item effects are eliminated before anything is solved: the cost grows with the number of items, not its cube.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from eval.datasets.decisions import Codes, Decisions, Floats
from eval.errors import DataError
from eval.offpolicy.terms import sums_by

FREE = 1e-8
"""The penalty of the intercept: none, but the system stays solvable."""
MAX_STEPS = 50


@dataclass(frozen=True, eq=False)
class Design:
    """What a model sees of some rows."""

    dense: Floats
    """A column of ones, the features in units of their spread, and one column for each further position."""
    items: Codes
    n_items: int

    @classmethod
    def of(cls, decisions: Decisions) -> "Design":
        """The design of every row; features are centred and scaled by what was shown."""
        shown = decisions.features[decisions.shown]
        spread = shown.std(axis=0)
        scaled = (decisions.features - shown.mean(axis=0)) / np.where(spread > 0, spread, 1)
        levels = np.unique(decisions.positions)[1:]
        positions = (decisions.positions[:, None] == levels).astype(np.float64)
        dense = np.column_stack([np.ones(len(scaled)), scaled, positions])
        return cls(dense, decisions.items, len(decisions.item_ids))

    def take(self, rows: NDArray[np.intp]) -> "Design":
        """The design of some rows."""
        return Design(self.dense[rows], self.items[rows], self.n_items)

    def apply(self, coefficients: "Coefficients") -> Floats:
        """The linear predictor of every row."""
        return np.asarray(self.dense @ coefficients.dense + coefficients.items[self.items])

    def total(self, values: Floats) -> "Coefficients":
        """The sum over rows of value times what the model sees of the row."""
        return Coefficients(np.asarray(self.dense.T @ values), sums_by(self.items, values, self.n_items))


@dataclass(frozen=True, eq=False)
class Coefficients:
    """One number for each dense column and one for each item."""

    dense: Floats
    items: Floats


@dataclass(frozen=True, eq=False)
class Curvature:
    """The matrix sum(v φ φ') + penalty, its block of items diagonal, ready to be solved."""

    schur: Floats
    cross: Floats
    diagonal: Floats

    @classmethod
    def of(cls, design: Design, v: Floats, penalty: Coefficients) -> "Curvature":
        """The curvature of a fit with row weights `v`."""
        scaled = design.dense * v[:, None]
        diagonal = sums_by(design.items, v, design.n_items) + penalty.items
        cross = np.column_stack([sums_by(design.items, column, design.n_items) for column in scaled.T])
        schur = design.dense.T @ scaled + np.diag(penalty.dense) - cross.T @ (cross / diagonal[:, None])
        return cls(schur, cross, diagonal)

    def solve(self, right: Coefficients) -> Coefficients:
        """What the matrix turns into `right`."""
        reduced = right.dense - self.cross.T @ (right.items / self.diagonal)
        dense = np.asarray(np.linalg.solve(self.schur, reduced), np.float64)
        return Coefficients(dense, (right.items - self.cross @ dense) / self.diagonal)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model; `curvature` is that of its loss at the solution."""

    coefficients: Coefficients
    curvature: Curvature
    is_logistic: bool

    def predict(self, design: Design) -> Floats:
        """The expected reward of every row."""
        linear = design.apply(self.coefficients)
        return np.asarray(expit(linear)) if self.is_logistic else linear

    def slope(self, design: Design) -> Floats:
        """How fast the prediction of every row follows its linear predictor."""
        predicted = self.predict(design)
        return predicted * (1 - predicted) if self.is_logistic else np.ones(len(predicted))


class RewardModel(Protocol):
    """Learns the reward of a candidate from the rows that were shown."""

    def fit(self, design: Design, rewards: Floats) -> Fit:
        """The model of these rows."""
        ...


@dataclass(frozen=True)
class Ridge:
    """Least squares with a penalty (Hoerl and Kennard 1970).

    The effect of an item shown n times is n / (n + `item_penalty`) of the mean of what the features leave unexplained.
    """

    penalty: float = 1.0
    item_penalty: float = 5.0

    def fit(self, design: Design, rewards: Floats) -> Fit:
        """The model of these rows."""
        curvature = Curvature.of(design, np.ones(len(rewards)), _penalty(design, self.penalty, self.item_penalty))
        return Fit(curvature.solve(design.total(rewards)), curvature, is_logistic=False)


@dataclass(frozen=True)
class Logistic:
    """Logistic regression with the penalties of `Ridge`, by Newton's method; for rewards between 0 and 1."""

    penalty: float = 1.0
    item_penalty: float = 5.0

    def fit(self, design: Design, rewards: Floats) -> Fit:
        """The model of these rows.

        Raises:
            DataError: a reward is not between 0 and 1.
        """
        if rewards.min() < 0 or rewards.max() > 1:
            worst = rewards[np.abs(rewards - 0.5).argmax()]
            raise DataError("logistic reward model", None, f"a reward of {worst:g}", "0 to 1; or take the ridge model")
        # On the scale of log odds an effect is larger by 1 / variance, and so a penalty smaller by the variance.
        variance = max(float(rewards.mean() * (1 - rewards.mean())), 1e-6)
        penalty = _penalty(design, self.penalty * variance, self.item_penalty * variance)
        found = Coefficients(np.zeros(design.dense.shape[1]), np.zeros(design.n_items))
        for _ in range(MAX_STEPS):
            predicted = expit(design.apply(found))
            curvature = Curvature.of(design, np.maximum(predicted * (1 - predicted), 1e-6), penalty)
            slope = design.total(rewards - predicted)
            step = curvature.solve(
                Coefficients(slope.dense - penalty.dense * found.dense, slope.items - penalty.items * found.items)
            )
            found = Coefficients(found.dense + step.dense, found.items + step.items)
            if max(np.abs(step.dense).max(), np.abs(step.items).max()) < 1e-8:
                break
        return Fit(found, curvature, is_logistic=True)


def cross_fitted(model: RewardModel, design: Design, rewards: Floats, folds: Codes) -> Floats:
    """What each row is expected to bring, shape (n_rows,), by a model that has not seen the row's fold.

    `rewards` and `folds` have one value a row; a row without reward (NaN) teaches nothing. A model that knew a round's
    own reward by heart would explain its residual away (Chernozhukov et al. 2018).
    """
    predicted = np.empty(len(rewards))
    teaches = ~np.isnan(rewards)
    for fold in np.unique(folds):
        taught, asked = np.flatnonzero(teaches & (folds != fold)), np.flatnonzero(folds == fold)
        predicted[asked] = model.fit(design.take(taught), rewards[taught]).predict(design.take(asked))
    return predicted


def draw_folds(decisions: Decisions, rng: np.random.Generator, n_folds: int = 5) -> Codes:
    """The fold of every round, shape (n_rounds,); a cluster stays together."""
    order = rng.permutation(decisions.n_clusters)
    return np.asarray((order % n_folds)[decisions.clusters], np.int32)


def _penalty(design: Design, dense: float, items: float) -> Coefficients:
    penalties = np.full(design.dense.shape[1], dense)
    penalties[0] = FREE
    return Coefficients(penalties, np.full(design.n_items, items))
