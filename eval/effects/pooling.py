"""Partial pooling: noisy estimates drawn towards what the others show, the noisier the further."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from eval.effects.exposures import Floats
from eval.errors import EvalError
from eval.statistics.bootstrap import LEVEL
from eval.statistics.estimate import Estimate

LEAST_ESTIMATES = 3


@dataclass(frozen=True)
class Prior:
    """How true values are spread around their mean.

    Attributes:
        mean_variance: How uncertain the mean is itself.
    """

    mean: float
    variance: float
    mean_variance: float = 0.0

    def pooled(self, value: float, standard_error: float, n: int) -> Estimate:
        """The true value, by Bayes' rule and with a 95 % interval, of which `value` is a noisy estimate over n rows."""
        noise = standard_error**2
        kept = self.variance / (self.variance + noise) if self.variance + noise > 0 else 1.0
        lost = 1 - kept
        mean = kept * value + lost * self.mean
        reach = float(norm.ppf((1 + LEVEL) / 2)) * math.sqrt(lost * self.variance + lost**2 * self.mean_variance)
        return Estimate(mean, mean - reach, mean + reach, n)


def fit_prior(values: ArrayLike, standard_errors: ArrayLike) -> Prior:
    """The spread of the true values behind noisy ones, by restricted maximum likelihood (Patterson and Thompson 1971).

    Raises:
        EvalError: values and errors differ in number, there are fewer than three, or an error is not above zero.
    """
    found, errors = np.asarray(values, np.float64), np.asarray(standard_errors, np.float64)
    if found.shape != errors.shape or len(found) < LEAST_ESTIMATES:
        raise EvalError(f"{len(found)} values with {len(errors)} errors; expected as many, at least {LEAST_ESTIMATES}")
    if not (errors > 0).all():
        raise EvalError(f"standard error {errors.min()}; expected a number above zero")
    noise = errors**2
    widest = math.sqrt(float(found.var() + noise.max()))
    best = minimize_scalar(lambda spread: _minus_log_likelihood(spread, found, noise), bounds=(0, 2 * widest))
    spread = float(best.x) if best.fun < _minus_log_likelihood(0.0, found, noise) else 0.0
    weights = 1 / (spread**2 + noise)
    return Prior(float(weights @ found / weights.sum()), spread**2, float(1 / weights.sum()))


def _minus_log_likelihood(spread: float, values: Floats, noise: Floats) -> float:
    weights = 1 / (spread**2 + noise)
    mean = weights @ values / weights.sum()
    return float(-np.log(weights).sum() + np.log(weights.sum()) + weights @ (values - mean) ** 2) / 2
