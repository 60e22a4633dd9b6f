"""How often things are usually taken, and how much they differ: the prior of single ones, from all of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, expit, logit

from models.rankers.errors import RankerError

LEAST_STRENGTH, MOST_STRENGTH = 1.0, 1000.0
FEWEST_ITEMS = 10


@dataclass(frozen=True)
class BetaPrior:
    """A share of takings believed of anything not yet shown, and how many showings that belief is worth."""

    usual: float
    strength: float


def fit_beta_prior(shown: ArrayLike, taken: ArrayLike) -> BetaPrior | None:
    """The beta distribution that best explains how often each item was taken of how often it was shown.

    The likelihood is beta-binomial (empirical Bayes; Casella, An Introduction to Empirical Bayes Data Analysis, 1985).
    None for fewer than ten items shown, or where all or nothing was taken: that tells no spread.

    Raises:
        RankerError: an item was taken more often than shown, or a count is negative.
    """
    n, k = np.asarray(shown, np.float64), np.asarray(taken, np.float64)
    if n.shape != k.shape or (k < 0).any() or (k > n).any():
        raise RankerError("counts of takings that are no part of the counts of showings; expected 0 up to those")
    n, k = n[n > 0], k[n > 0]
    if len(n) < FEWEST_ITEMS or not 0 < k.sum() < n.sum():
        return None

    def surprise(parameters: np.ndarray) -> float:
        usual, strength = expit(parameters[0]), np.exp(parameters[1])
        a, b = usual * strength, (1 - usual) * strength
        return -float((betaln(k + a, n - k + b) - betaln(a, b)).sum())

    start = np.array([logit(k.sum() / n.sum()), np.log(20.0)])
    limits = [(-9.0, 9.0), (np.log(LEAST_STRENGTH), np.log(MOST_STRENGTH))]
    found = minimize(surprise, start, method="L-BFGS-B", bounds=limits)
    return BetaPrior(float(expit(found.x[0])), float(np.exp(found.x[1])))
