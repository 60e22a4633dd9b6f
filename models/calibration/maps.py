"""Maps from scores to probabilities: siblings with one method, `probability`, all of them rising."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

Floats = NDArray[np.float64]


class ScoreMap(Protocol):
    """Turns scores into probabilities."""

    def probability(self, scores: Floats, /) -> Floats:
        """One in 0..1 for each score, never falling where scores rise."""
        ...


@dataclass(frozen=True)
class Logistic:
    """1 / (1 + exp(-slope (score - midpoint))) (Platt 1999)."""

    slope: float
    midpoint: float

    def probability(self, scores: Floats) -> Floats:
        """One in 0..1 for each score."""
        return np.asarray(expit(self.slope * (scores - self.midpoint)), np.float64)


@dataclass(frozen=True)
class Beta:
    """1 / (1 + exp(-c) (1 - p)^b / p^a) of a logistic map's p, with a, b ≥ 0 (Kull, Silva Filho and Flach 2017)."""

    base: Logistic
    a: float
    b: float
    c: float

    def probability(self, scores: Floats) -> Floats:
        """One in 0..1 for each score."""
        log_odds = self.base.slope * (scores - self.base.midpoint)
        return np.asarray(expit(self.a * log_expit(log_odds) - self.b * log_expit(-log_odds) + self.c), np.float64)


@dataclass(frozen=True, eq=False)
class Knots:
    """Straight lines between knots, level beyond the outermost; of equal scores the last knot counts from there on."""

    scores: Floats
    """Rising, shape (n_knots,)."""
    probabilities: Floats
    """Never falling."""

    def probability(self, scores: Floats) -> Floats:
        """One in 0..1 for each score."""
        return np.asarray(np.interp(scores, self.scores, self.probabilities), np.float64)


def tabulated(found: ScoreMap, lowest: float, highest: float, n_knots: int) -> Knots:
    """A smooth map as knots evenly apart, exact at them."""
    scores = np.linspace(lowest, highest, n_knots)
    return Knots(scores, np.maximum.accumulate(found.probability(scores)))
