"""A sum over a sum, with the error that clusters of rows which are no independent witnesses leave."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from eval.effects.exposures import Codes, Floats
from eval.statistics.bootstrap import LEVEL
from eval.statistics.estimate import Estimate


@dataclass(frozen=True)
class RatioEstimate:
    """A ratio of sums; `estimate.n` counts the rows with weight.

    Attributes:
        degrees: Of freedom of Student's distribution, from how evenly the clusters carry the error.
    """

    estimate: Estimate
    standard_error: float
    degrees: float

    @property
    def p_value(self) -> float:
        """Of the hypothesis that the ratio is nought, from both sides."""
        if self.standard_error == 0:
            return 1.0 if self.estimate.mean == 0 else 0.0
        return float(2 * t.sf(abs(self.estimate.mean) / self.standard_error, self.degrees))


def ratio_estimate(numerators: Floats, weights: Floats, cluster: Codes, *, n_fitted: int = 0) -> RatioEstimate:
    """The sum of numerators over that of weights, with a cluster-robust error and Student's interval.

    `n_fitted` counts numbers that were fitted to the same rows, which makes the residuals too small. The degrees of
    freedom are Satterthwaite's for a sum of squares of unequal size, 3 (Σ u²)² / Σ u⁴ where a normal u has E u⁴ =
    3 (E u²)², and no more than clusters less one.
    """
    kept = weights != 0
    numerators, weights = numerators[kept], weights[kept]
    _, members = np.unique(cluster[kept], return_inverse=True)
    ratio = float(numerators.sum() / weights.sum())
    squares = np.bincount(members, numerators - ratio * weights) ** 2
    n, n_clusters = len(weights), len(squares)
    grown = n_clusters / max(1, n_clusters - 1) * max(1, n - 1) / max(1, n - 1 - n_fitted)
    error = math.sqrt(float(squares.sum()) * grown) / float(weights.sum())
    fourth = float((squares**2).sum())
    degrees = min(n_clusters - 1.0, 3 * float(squares.sum()) ** 2 / fourth) if fourth > 0 else n_clusters - 1.0
    degrees = max(1.0, degrees)
    reach = error * float(t.ppf((1 + LEVEL) / 2, degrees))
    return RatioEstimate(Estimate(ratio, ratio - reach, ratio + reach, n), error, degrees)
