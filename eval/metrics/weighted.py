"""AUROC and the coverage-precision area when rows count several times or not at all, for many samples at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.errors import NothingMeasuredError
from eval.metrics.classification import checked


@dataclass(frozen=True)
class SurestFirst:
    """The answered rows in the order of falling probability, and where each run of equal ones starts.

    Both metrics take weights of all rows given, answered or not, shape (n_samples, n_rows).
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    correct: NDArray[np.bool_]

    @classmethod
    def of(cls, probabilities: ArrayLike, correct: ArrayLike) -> "SurestFirst":
        """Rows whose probability is NaN were not answered.

        Raises:
            NothingMeasuredError: no row was answered.
            EvalError: probabilities and labels differ in length, or a label is neither 0 nor 1.
        """
        given = np.asarray(probabilities, np.float64)
        values, right = checked(np.where(np.isnan(given), -np.inf, given), correct)
        order = np.argsort(-values, kind="stable")[: int((~np.isnan(given)).sum())]
        if not len(order):
            raise NothingMeasuredError("no row was answered")
        return cls(order, np.flatnonzero(np.diff(values[order], prepend=np.inf)), right[order])

    def auroc(self, weights: NDArray[np.intp]) -> NDArray[np.float64]:
        """As `eval.metrics.classification.auroc` of the answered rows, shape (n_samples,)."""
        right, wrong = self._right_and_wrong(weights)
        above = np.cumsum(right, axis=1) - right
        return _shares((wrong * (above + right / 2)).sum(axis=1), right.sum(axis=1) * wrong.sum(axis=1))

    def area(self, weights: NDArray[np.intp]) -> NDArray[np.float64]:
        """As the area of `eval.metrics.classification.coverage_precision`, shape (n_samples,)."""
        right, wrong = self._right_and_wrong(weights)
        answered = right + wrong
        precision = _shares(np.cumsum(right, axis=1), np.cumsum(answered, axis=1))
        return _shares((answered * np.nan_to_num(precision)).sum(axis=1), answered.sum(axis=1))

    def _right_and_wrong(self, weights: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The weights summed over rows of equal probability, shape (n_samples, n_probabilities) each."""
        ordered = weights[:, self.order]
        answered = np.add.reduceat(ordered, self.starts, axis=1)
        right = np.add.reduceat(ordered * self.correct, self.starts, axis=1)
        return right, answered - right


def _shares(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    """The quotients, NaN for a share of nothing."""
    shares = np.full(part.shape, np.nan)
    np.divide(part, whole, out=shares, where=whole != 0)
    return shares
