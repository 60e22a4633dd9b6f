"""An estimate taken apart into rounds, and the importance weights it rests on."""

from dataclasses import dataclass

import numpy as np

from eval.datasets.decisions import Codes, Decisions, Floats
from eval.errors import DataError, SupportError

UNLISTED_SHARE = 0.01
"""How much of the target's probability may stand on candidates without a row: rounding, no more."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The estimate mean(base) + mean(top) / mean(bottom), one value a round each."""

    base: Floats
    top: Floats
    bottom: Floats
    weights: Floats
    """What the estimate rests on, shape (n_rounds, n_weights); NaN where a round has fewer."""
    weighted: bool = False
    """Whether base sums products of a weight and a reward and nothing else, so that its range is known."""
    cap: float | None = None
    """The most that a weight can be by the estimator's own doing; what lies above it is lost."""

    @classmethod
    def mean(cls, base: Floats, weights: Floats, *, weighted: bool = False, cap: float | None = None) -> "Terms":
        """An estimate that is a plain mean."""
        zero, one = np.zeros(len(base)), np.ones(len(base))
        return cls(base, zero, one, _columns(weights), weighted, cap)

    @classmethod
    def ratio(cls, top: Floats, bottom: Floats, weights: Floats, *, base: Floats | None = None) -> "Terms":
        """An estimate that is a ratio of means, on top of a plain one if there is any."""
        return cls(np.zeros(len(top)) if base is None else base, top, bottom, _columns(weights))

    @property
    def value(self) -> float:
        return float(self.base.mean() + self.top.mean() / self.bottom.mean())


def item_weights(decisions: Decisions) -> Floats:
    """Target over logging probability of the item shown at each place, shape (n_rounds, n_places); NaN without one."""
    return _ratio(decisions, "propensity")


def prefix_weights(decisions: Decisions) -> Floats:
    """As `item_weights`, of all items shown up to each place together."""
    ratios = _ratio(decisions, "conditional_propensity")
    return np.multiply.accumulate(ratios, axis=1)


def slate_weights(decisions: Decisions) -> Floats:
    """Target over logging probability of the whole list shown, shape (n_rounds,)."""
    if decisions.has("slate_propensity", "target_slate_propensity"):
        return _ratio(decisions, "slate_propensity")[:, 0]
    return np.asarray(np.nanprod(_ratio(decisions, "conditional_propensity"), axis=1), np.float64)


def decision_weights(decisions: Decisions, estimator: str) -> Floats:
    """Target over logging probability of the one item shown, shape (n_rounds,).

    Raises:
        SupportError: a round shows several.
    """
    if decisions.n_places > 1:
        shown = f"rounds show up to {decisions.n_places} positions"
        raise SupportError(f"{estimator} judges one decision a round, but {shown}; use iips, rips, sips or cascade-dr")
    return item_weights(decisions)[:, 0]


def sums_by(codes: Codes, values: Floats, n: int) -> Floats:
    """The sum of the values that share a code from 0 to n - 1, shape (n,)."""
    return np.asarray(np.bincount(codes, weights=values, minlength=n), np.float64)


def decision_rewards(decisions: Decisions) -> Floats:
    """What each round brought in all its places, shape (n_rounds,)."""
    return np.asarray(decisions.by_place(decisions.rewards, 0.0).sum(axis=1))


def require_candidates(decisions: Decisions, estimator: str, column: str = "target_propensity") -> None:
    """Refuse data that list only what was shown: nobody can say what the others would have brought.

    Raises:
        DataError: the target puts probability on candidates of a place that lists only one.
    """
    alone = np.bincount(decisions.groups)[decisions.groups] == 1
    if (alone & (decisions.probability(column) < 1 - UNLISTED_SHARE)).any():
        expected = f"every candidate of a position in a row of its own, shown or not, with its {column}"
        raise DataError(decisions.source, None, f"{estimator} finds positions that list only what was shown", expected)


def _ratio(decisions: Decisions, column: str) -> Floats:
    target = decisions.probability(f"target_{column}")
    logging = decisions.probability(column)
    # Rows that were not shown may have propensity 0; they do not get into the table.
    return decisions.by_place(np.divide(target, logging, out=np.full(len(target), np.nan), where=logging > 0), np.nan)


def _columns(weights: Floats) -> Floats:
    return weights.reshape(len(weights), -1)
