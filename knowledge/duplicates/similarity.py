"""All evidence on a pair as one probability that a person calls the two texts the same.

A logistic model; `docs/measurements/duplicates.py` fits the weights to labelled pairs of Chinese questions, chooses
both thresholds, and prints them as they stand here. The cosine is that of the default encoder's query side.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from knowledge.duplicates.evidence import FEATURES
from knowledge.errors import InvalidValueError


@dataclass(frozen=True)
class Weights:
    """What each column of evidence counts in log-odds; likeness speaks only for a pair, contradiction only against."""

    intercept: float
    cosine: float
    bigrams: float
    edits: float
    numbers: float
    negation: float
    opposites: float
    question: float

    @property
    def columns(self) -> NDArray[np.float64]:
        """The weights in the order of `FEATURES`."""
        return np.array([getattr(self, name) for name in FEATURES])

    def similarities(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """The similarity of each row of evidence, within 0 to 1."""
        return np.asarray(expit(self.intercept + evidence @ self.columns), np.float64)

    def least_cosine(self, threshold: float) -> float:
        """The cosine below which no pair can reach the threshold, however alike its letters are."""
        return float((logit(threshold) - self.intercept - self.bigrams - self.edits) / self.cosine)


NUMBERS_WEIGHT: Final = -3.0
"""Judged, not fitted: the labelled pairs have hardly any numbers, and 7 days are never 15 days."""

MEASURED: Final = Weights(
    intercept=-23.02,
    cosine=23.53,
    bigrams=0.0,
    edits=0.49,
    numbers=NUMBERS_WEIGHT,
    negation=-0.53,
    opposites=-0.39,
    question=-0.5,
)
THRESHOLD: Final = 0.24
"""Of two given texts: the greatest mean F1 over the three sets of labelled pairs, about half of which are the same."""
IN_A_LIST: Final = 0.47
"""Among all pairs of a list, nearly none of which are the same: the greatest F1 on LCQMC, everyday questions.

It misses much of what only an expert calls the same, and is seldom wrong; see docs/library-health.md."""


def check_threshold(threshold: float) -> None:
    """Check that a threshold is a probability that some pairs can reach and others cannot.

    Raises:
        InvalidValueError: it is not.
    """
    if not 0 < threshold < 1:
        raise InvalidValueError("threshold", threshold, "a number between 0 and 1")
