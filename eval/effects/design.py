"""What the models see of an exposure: its features in units of their spread, its agent and its stratum."""

import math
from dataclasses import dataclass

import numpy as np

from eval.effects.exposures import Codes, Exposures, Floats

LEAST_ROWS = 5
"""Agents and strata with fewer rows share one column."""
MOST_VALUES = 200
"""And so do all but the most frequent ones, lest thousands of cells fill the memory."""


@dataclass(frozen=True, eq=False)
class Design:
    """What is known of every row before its turn; the outcome and the treatment play no part.

    Attributes:
        features: In units of their spread, shape (n_rows, n_features).
        groups: Ones and zeros for agents and strata, shape (n_rows, n_groups).
    """

    features: Floats
    groups: Floats

    @classmethod
    def of(cls, exposures: Exposures) -> "Design":
        """The design of all rows."""
        groups = np.column_stack([indicators(exposures.agent), indicators(exposures.stratum)])
        return cls(standardised(exposures.features), groups)

    def columns(self, penalty: float) -> Floats:
        """Columns on which a penalty of one is one of `penalty` on the features, and still one on the groups."""
        return np.column_stack([self.features / math.sqrt(penalty), self.groups])


def standardised(features: np.ndarray) -> Floats:
    """The features in units of their spread; those that are the same in every row are left out."""
    columns = np.asarray(features, np.float64)
    centred = columns - columns.mean(axis=0) if len(columns) else columns
    spread = centred.std(axis=0) if len(columns) else np.zeros(columns.shape[1])
    varies = spread > 1e-9
    return np.asarray(centred[:, varies] / spread[varies], np.float64)


def indicators(codes: Codes) -> Floats:
    """A column of ones and zeros for each value, shape (n_rows, n_values), rare ones together in the last."""
    known, members, counts = np.unique(codes, return_inverse=True, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    common = np.sort(frequent[counts[frequent] >= LEAST_ROWS])
    column_of = np.full(len(known), len(common))
    column_of[common] = np.arange(len(common))
    return np.asarray(np.eye(len(common) + 1)[column_of[members]], np.float64)
