"""How well probabilities tell right from wrong, and what is gained by answering only when sure."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from eval.errors import EvalError


@dataclass(frozen=True)
class Confusion:
    """How many were rightly and wrongly taken for positive and for negative."""

    n_true_positive: int
    n_false_positive: int
    n_false_negative: int
    n_true_negative: int

    @property
    def precision(self) -> float:
        """The share of those taken for positive that are; NaN if none was taken for positive."""
        return _ratio(self.n_true_positive, self.n_true_positive + self.n_false_positive)

    @property
    def recall(self) -> float:
        """The share of the positives that were found; NaN if there are none."""
        return _ratio(self.n_true_positive, self.n_true_positive + self.n_false_negative)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); NaN where nothing is positive and nothing was taken for it."""
        n_wrong = self.n_false_positive + self.n_false_negative
        return _ratio(2 * self.n_true_positive, 2 * self.n_true_positive + n_wrong)


def confusion(scores: ArrayLike, labels: ArrayLike, threshold: float) -> Confusion:
    """Who is taken for positive at a threshold: every score that is not below it.

    Raises:
        EvalError: scores and labels differ in length, a score is NaN, a label is neither 0 nor 1.
    """
    values, positive = checked(scores, labels)
    taken = values >= threshold
    return Confusion(
        n_true_positive=int(np.sum(taken & positive)),
        n_false_positive=int(np.sum(taken & ~positive)),
        n_false_negative=int(np.sum(~taken & positive)),
        n_true_negative=int(np.sum(~taken & ~positive)),
    )


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """The chance that a positive scores above a negative, a tie counting one half; NaN where one of them is absent.

    The Mann-Whitney statistic over all pairs.

    Raises:
        EvalError: as `confusion`.
    """
    values, positive = checked(scores, labels)
    n_positive = int(positive.sum())
    n_pairs = n_positive * (len(values) - n_positive)
    rank_sum = float(rankdata(values)[positive].sum())
    return _ratio(rank_sum - n_positive * (n_positive + 1) / 2, n_pairs)


@dataclass(frozen=True)
class CoveragePrecision:
    """What happens as the threshold falls from the surest answer to the least sure: one point a distinct probability.

    Equal probabilities enter together, since no threshold can part them.
    """

    thresholds: NDArray[np.float64]
    """Falling, shape (n_points,)."""
    coverage: NDArray[np.float64]
    """The share of all queries answered at that threshold, rising."""
    precision: NDArray[np.float64]
    """The share of the answers that are right."""

    @property
    def area(self) -> float:
        """The mean of `precision_at` over every coverage that can be reached, 0 to 1; NaN without an answer.

        Without ties and withheld answers this is the mean of the precision of the surest 1, 2, … n: 1 less the area
        under the risk-coverage curve (Geifman and El-Yaniv, Selective Classification, 2017).
        """
        widths = np.diff(self.coverage, prepend=0.0)
        return _ratio(float(widths @ self.precision), float(widths.sum()))

    def precision_at(self, coverage: float) -> float:
        """The precision at the highest threshold that answers at least this share; NaN if none does.

        Raises:
            EvalError: the share is not above 0 and at most 1.
        """
        if not 0 < coverage <= 1:
            raise EvalError(f"precision at a coverage of {coverage}; expected a share above 0 and at most 1")
        # A share such as 3 / 10 must find the point of 3 in 10, however it was rounded.
        point = int(np.searchsorted(self.coverage, coverage - 1e-12))
        return float(self.precision[point]) if point < len(self.precision) else math.nan

    def threshold_for(self, precision: float) -> float | None:
        """The lowest threshold, so the one that answers most, whose precision is at least this; None if none is."""
        enough = np.flatnonzero(self.precision >= precision - 1e-12)
        return float(self.thresholds[enough[-1]]) if len(enough) else None


def coverage_precision(probabilities: ArrayLike, correct: ArrayLike) -> CoveragePrecision:
    """Coverage and precision at every threshold; a NaN probability is a query for which there was no answer at all.

    Raises:
        EvalError: probabilities and labels differ in length, or a label is neither 0 nor 1.
    """
    given = np.asarray(probabilities, np.float64)
    answered = ~np.isnan(given)
    values, right = checked(np.where(answered, given, -np.inf), correct)
    order = np.argsort(-values, kind="stable")[: int(answered.sum())]
    falling, n_right = values[order], np.cumsum(right[order])
    ends = np.flatnonzero(np.diff(falling, append=-np.inf))
    n_answered = ends + 1
    return CoveragePrecision(falling[ends], n_answered / max(1, len(given)), n_right[ends] / n_answered)


def checked(scores: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and labels as arrays of one length.

    Raises:
        EvalError: they differ in length, a score is NaN, a label is neither 0 nor 1.
    """
    values, given = np.asarray(scores, np.float64), np.asarray(labels)
    if values.shape != given.shape or values.ndim != 1:
        raise EvalError(f"scores of shape {values.shape} and labels of shape {given.shape}; expected one label a score")
    if np.isnan(values).any():
        raise EvalError(f"score {int(np.flatnonzero(np.isnan(values))[0])} is NaN; expected a number")
    strange = np.flatnonzero((given != 0) & (given != 1))
    if len(strange):
        raise EvalError(f"label {int(strange[0])} is {given[strange[0]]}; expected 0 or 1")
    return values, given.astype(np.bool_)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
