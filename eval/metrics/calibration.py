"""Whether a probability of 0.8 is right eight times in ten."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from eval.errors import EvalError
from eval.metrics.classification import checked

N_BINS = 10

Binning = Callable[[NDArray[np.float64], int], NDArray[np.intp]]


@dataclass(frozen=True)
class ReliabilityBin:
    """The queries whose probabilities lie between `low` and `high`, both included."""

    low: float
    high: float
    n: int
    mean_probability: float
    share_correct: float


def equal_mass(probabilities: NDArray[np.float64], n_bins: int) -> NDArray[np.intp]:
    """The bin of each, such that bins hold about equally many; equal probabilities share a bin."""
    n_below = rankdata(probabilities, method="min") - 1
    return np.asarray(n_below * n_bins // max(1, len(probabilities)), np.intp)


def equal_width(probabilities: NDArray[np.float64], n_bins: int) -> NDArray[np.intp]:
    """The bin of each, such that bins cover equal parts of 0 to 1; a probability of 1 falls into the last."""
    return np.minimum((probabilities * n_bins).astype(np.intp), n_bins - 1)


def reliability(
    probabilities: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS, binning: Binning = equal_mass
) -> list[ReliabilityBin]:
    """Mean probability and share correct in each bin that is not empty, from the least probable up.

    Bins of equal mass are the default: probabilities crowd together, and bins of equal width then compare a few large
    bins with many that hold next to nothing, whose noise counts as miscalibration (Nixon et al., Measuring Calibration
    in Deep Learning, 2019; Roelofs et al., Mitigating Bias in Calibration Error Estimation, 2022).

    Raises:
        EvalError: lengths differ, a probability is not within 0 to 1, a label is neither 0 nor 1, no bins are asked.
    """
    values, right = checked_probabilities(probabilities, correct)
    bins = bins_of(values, n_bins, binning)
    return [_reliability_bin(values[bins == b], right[bins == b]) for b in np.unique(bins)]


def expected_calibration_error(
    probabilities: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS, binning: Binning = equal_mass
) -> float:
    """The mean gap between probability and share correct, bins weighted by their size; NaN for no queries.

    Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015. Noise alone makes it positive:
    a thousand well-calibrated queries in ten bins show about 0.03.

    Raises:
        EvalError: as `reliability`.
    """
    gaps = calibration_gaps(probabilities, correct, n_bins=n_bins, binning=binning)
    return float(np.abs(gaps.mean(axis=0)).sum()) if len(gaps) else math.nan


def calibration_gaps(
    probabilities: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS, binning: Binning = equal_mass
) -> NDArray[np.float64]:
    """Each query's probability less 1 or 0, in the column of its bin, shape (n_queries, n_bins); elsewhere 0.

    The calibration error is the sum over columns of the absolute column mean.

    Raises:
        EvalError: as `reliability`.
    """
    values, right = checked_probabilities(probabilities, correct)
    gaps = np.zeros((len(values), n_bins))
    gaps[np.arange(len(values)), bins_of(values, n_bins, binning)] = values - right
    return gaps


def brier(probabilities: ArrayLike, correct: ArrayLike) -> NDArray[np.float64]:
    """The squared distance of each probability from 1 or 0, shape (n_queries,): 0 is best.

    Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.

    Raises:
        EvalError: as `reliability`.
    """
    values, right = checked_probabilities(probabilities, correct)
    return np.asarray((values - right) ** 2, np.float64)


def bins_of(probabilities: NDArray[np.float64], n_bins: int, binning: Binning) -> NDArray[np.intp]:
    """The bin of each probability, from 0.

    Raises:
        EvalError: no bins are asked.
    """
    if n_bins < 1:
        raise EvalError(f"{n_bins} bins; expected at least 1")
    return binning(probabilities, n_bins)


def checked_probabilities(
    probabilities: ArrayLike, correct: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probabilities and labels as arrays of one length.

    Raises:
        EvalError: lengths differ, a probability is not within 0 to 1, a label is neither 0 nor 1.
    """
    values, right = checked(probabilities, correct)
    strange = np.flatnonzero((values < 0) | (values > 1))
    if len(strange):
        raise EvalError(f"probability {int(strange[0])} is {values[strange[0]]}; expected 0 to 1")
    return values, right


def _reliability_bin(values: NDArray[np.float64], right: NDArray[np.bool_]) -> ReliabilityBin:
    return ReliabilityBin(
        low=float(values.min()),
        high=float(values.max()),
        n=len(values),
        mean_probability=float(values.mean()),
        share_correct=float(right.mean()),
    )
