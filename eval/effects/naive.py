"""Two ways of finding good scripts that mislead, to be shown beside the adjusted effects; do not use them to decide.

Good agents have easier customers and favourite scripts, worth something or not: both methods take the customers' ease
for the script's merit.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from eval.effects.exposures import Codes, Exposures, Floats
from eval.errors import EvalError, NothingMeasuredError

TOP_SHARE = 0.25


@dataclass(frozen=True)
class RawDifference:
    """The difference of plain rates, and the p value of a z test that knows nothing but the two rates."""

    difference: float
    p_value: float


def raw_difference(exposures: Exposures) -> RawDifference:
    """Candidate less ordinary reply, as a dashboard has it: the two-sample z test with pooled variance.

    Raises:
        NothingMeasuredError: one of the two was never sent.
    """
    treated, outcome = exposures.treated, exposures.outcome
    n_treated, n_comparison = int(treated.sum()), int((~treated).sum())
    if not (n_treated and n_comparison):
        raise NothingMeasuredError(f"{n_treated} uses and {n_comparison} ordinary replies; expected some of each")
    difference = float(outcome[treated].mean() - outcome[~treated].mean())
    error = math.sqrt(float(outcome.mean() * (1 - outcome.mean())) * (1 / n_treated + 1 / n_comparison))
    return RawDifference(difference, float(2 * norm.sf(abs(difference) / error)) if error else 1.0)


def favourites_of_the_best(agent: Codes, outcome: Floats, candidate: Codes) -> list[int]:
    """The candidates from the most to the least used by the quarter of agents with the highest raw rates.

    One row a reply, with the outcome of its conversation; replies that are no candidate have the code -1. Equally
    frequent ones stand in the order of their codes.

    Raises:
        EvalError: the arrays differ in length.
    """
    if not len(agent) == len(outcome) == len(candidate):
        lengths = f"{len(agent)}, {len(outcome)} and {len(candidate)}"
        raise EvalError(f"agent, outcome and candidate of {lengths} rows; expected as many each")
    sent = candidate[np.isin(agent, _best(agent, outcome)) & (candidate >= 0)]
    known, counts = np.unique(sent, return_counts=True)
    return [int(code) for code in known[np.argsort(-counts, kind="stable")]]


def _best(agent: Codes, outcome: Floats) -> NDArray[np.integer]:
    known, agents = np.unique(agent, return_inverse=True)
    rates = np.bincount(agents, outcome) / np.bincount(agents)
    return np.asarray(known[np.argsort(-rates, kind="stable")][: math.ceil(TOP_SHARE * len(known))])
