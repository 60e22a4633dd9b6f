"""Whether a probability of 0.8 is right eight times in ten."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from eval.errors import EvalError
from eval.metrics.classification import checked, coverage_precision

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


def debiased_calibration_error(
    probabilities: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS, binning: Binning = equal_mass
) -> float:
    """The calibration error less what noise alone adds to it, at least 0; NaN for no queries.

    Were the gap g of a bin the true one, the next sample would show |g + e| with e normal and σ² = q (1 - q) / n of the
    bin's share correct q; what that exceeds |g| by in the mean is taken off (Kumar, Liang and Ma, Verified Uncertainty
    Calibration, 2019). Less biased, not unbiased: a perfect system still shows a little.

    Raises:
        EvalError: as `reliability`.
    """
    bins = reliability(probabilities, correct, n_bins=n_bins, binning=binning)
    if not bins:
        return math.nan
    n = np.array([one.n for one in bins], np.float64)
    gaps = np.array([abs(one.mean_probability - one.share_correct) for one in bins])
    shares = np.array([one.share_correct for one in bins])
    seen_again = _folded_mean(gaps, np.sqrt(shares * (1 - shares) / n))
    return max(0.0, float(n @ (2 * gaps - seen_again) / n.sum()))


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


@dataclass(frozen=True)
class BrierParts:
    """The mean Brier score taken apart: `reliability` - `resolution` + `uncertainty` + `within`.

    Attributes:
        reliability: The squared gap between probability and share correct, bin by bin: 0 is best.
        resolution: How far the bins' shares correct differ from the overall one: more is better.
        uncertainty: The score of always stating the overall share.
        within: What lies in differences inside bins; 0 where each bin holds one probability.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def score(self) -> float:
        return self.reliability - self.resolution + self.uncertainty + self.within


def brier_parts(
    probabilities: ArrayLike, correct: ArrayLike, *, n_bins: int = N_BINS, binning: Binning = equal_mass
) -> BrierParts | None:
    """The mean Brier score in parts; None for no queries.

    Murphy, A New Vector Partition of the Probability Score, 1973; with the part within bins, without which the others
    sum to the score of the bins' means only (Stephenson, Coelho and Jolliffe, 2008).

    Raises:
        EvalError: as `reliability`.
    """
    bins = reliability(probabilities, correct, n_bins=n_bins, binning=binning)
    if not bins:
        return None
    weights = np.array([one.n for one in bins]) / sum(one.n for one in bins)
    stated = np.array([one.mean_probability for one in bins])
    shares = np.array([one.share_correct for one in bins])
    overall = float(weights @ shares)
    reliable, resolved = float(weights @ (stated - shares) ** 2), float(weights @ (shares - overall) ** 2)
    uncertain = overall * (1 - overall)
    score = float(brier(probabilities, correct).mean())
    return BrierParts(reliable, resolved, uncertain, score - (reliable - resolved + uncertain))


def aurc(probabilities: ArrayLike, correct: ArrayLike) -> float:
    """The area under the risk-coverage curve: the mean share wrong over every coverage that can be reached, 0 is best.

    1 less the area under the coverage-precision curve (Geifman and El-Yaniv, Selective Classification, 2017); a NaN
    probability is a query that was not answered, and NaN is given where none was.

    Raises:
        EvalError: probabilities and labels differ in length, or a label is neither 0 nor 1.
    """
    return 1.0 - coverage_precision(probabilities, correct).area


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


def _folded_mean(mean: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of |x| for normal x; of no spread, the mean itself."""
    ratio = np.divide(mean, spread, out=np.full(len(mean), np.inf), where=spread > 0)
    return np.asarray(2 * spread * norm.pdf(ratio) + mean * (1 - 2 * norm.cdf(-ratio)), np.float64)


def _reliability_bin(values: NDArray[np.float64], right: NDArray[np.bool_]) -> ReliabilityBin:
    return ReliabilityBin(
        low=float(values.min()),
        high=float(values.max()),
        n=len(values),
        mean_probability=float(values.mean()),
        share_correct=float(right.mean()),
    )
