"""The threshold from which on answers are as often right as is wished, with confidence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from models.calibration.errors import CalibrationError
from models.calibration.maps import Floats

N_STEPS = 10
"""Coverages looked at: a tenth of the answers, two tenths, … all."""
ERROR = 0.025
"""The chance that the precision lies below its bound at any step."""


@dataclass(frozen=True)
class PrecisionThreshold:
    """A threshold with what it promises: `low` bounds the precision from below, `precision` is what was seen."""

    threshold: float
    coverage: float
    precision: float
    low: float
    n: int


def threshold_for(
    probabilities: ArrayLike, correct: ArrayLike, wished: float, groups: NDArray[np.intp]
) -> PrecisionThreshold | None:
    """The lowest threshold whose precision is surely at least as wished; None where no coverage is sure enough.

    The bound is Clopper and Pearson's (1934), with the error shared by all steps so that choosing the best of them
    stays honest, and with fewer answers counted where those of one group (n,) resemble each other (Kish, Survey
    Sampling, 1965).

    Raises:
        CalibrationError: lengths differ, there is nothing, or the wished precision is not between 0 and 1.
    """
    values, right = np.asarray(probabilities, np.float64), np.asarray(correct, np.bool_)
    if not len(values) == len(right) == len(groups) or not len(values):
        raise CalibrationError(
            f"{len(values)} probabilities, {len(right)} labels and {len(groups)} groups; expected as many"
        )
    if not 0 < wished < 1:
        raise CalibrationError(f"a wished precision of {wished}; expected a share between 0 and 1")
    falling = np.sort(values)[::-1]
    for step in range(N_STEPS, 0, -1):
        threshold = float(falling[max(1, len(falling) * step // N_STEPS) - 1])
        found = _promise(values >= threshold, right, groups, threshold)
        if found.low >= wished:
            return found
    return None


def _promise(
    answered: NDArray[np.bool_], right: NDArray[np.bool_], groups: NDArray[np.intp], threshold: float
) -> PrecisionThreshold:
    n = int(answered.sum())
    precision = float(right[answered].mean())
    low = _lower_bound(precision, n / _resemblance(right[answered].astype(np.float64), groups[answered]))
    return PrecisionThreshold(threshold, n / len(right), precision, low, n)


def _lower_bound(share: float, n: float) -> float:
    n_right = share * n
    return float(beta.ppf(ERROR / N_STEPS, n_right, n - n_right + 1)) if n_right > 0 else 0.0


def _resemblance(right: Floats, groups: NDArray[np.intp]) -> float:
    """How many times larger the variance of the mean is than if rows were independent; at least 1."""
    gaps = right - right.mean()
    alone = float((gaps**2).sum())
    together = float((np.bincount(np.unique(groups, return_inverse=True)[1], weights=gaps) ** 2).sum())
    return max(1.0, together / alone) if alone else 1.0
