"""Estimators of one decision a round: siblings with one method, `terms`.

Notation: r the reward, a the item shown in context x, π₀ the logging and π the target policy, w = π(a|x) / π₀(a|x),
q̂(x, a) the reward model and ĝ(x) = Σ_a π(a|x) q̂(x, a). Means run over rounds.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from eval.datasets.decisions import Codes, Decisions, Floats
from eval.offpolicy.reward_models import Design, RewardModel, Ridge, cross_fitted
from eval.offpolicy.terms import Terms, decision_rewards, decision_weights, require_candidates, sums_by


class Estimator(Protocol):
    """Takes a log apart into terms whose mean is the value of the target policy."""

    name: ClassVar[str]

    def terms(self, decisions: Decisions, folds: Codes, /) -> Terms:
        """The terms of every round; `folds` (n_rounds,) says which rounds a reward model must not learn together.

        Raises:
            DataError: a column it needs is missing.
            SupportError: the estimator is for another kind of log.
        """
        ...


@dataclass(frozen=True)
class InversePropensity:
    """mean(w r): unbiased when the log covers the target (Horvitz and Thompson 1952)."""

    name: ClassVar[str] = "ips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The weighted reward of every round."""
        weights = decision_weights(decisions, self.name)
        return Terms.mean(weights * decision_rewards(decisions), weights, weighted=True)


@dataclass(frozen=True)
class SelfNormalised:
    """mean(w r) / mean(w): a bias of order 1/n for much less variance (Swaminathan and Joachims 2015)."""

    name: ClassVar[str] = "snips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The weighted reward and the weight of every round."""
        weights = decision_weights(decisions, self.name)
        return Terms.ratio(weights * decision_rewards(decisions), weights, weights)


@dataclass(frozen=True)
class Clipped:
    """mean(min(w, λ) r): for rewards from 0 too low by mean((w - λ)⁺ r), with bounded variance (Ionides 2008).

    Without a threshold, λ = √n, under which the bias vanishes faster than the standard error.
    """

    threshold: float | None = None
    name: ClassVar[str] = "clipped-ips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The reward of every round times its clipped weight; the weights of the diagnostics are the unclipped ones."""
        weights = decision_weights(decisions, self.name)
        cap = threshold_or_root(self.threshold, decisions)
        base = np.minimum(weights, cap) * decision_rewards(decisions)
        return Terms.mean(base, weights, weighted=True, cap=cap)


@dataclass(frozen=True)
class DirectMethod:
    """mean(ĝ): as good as the reward model; wrong for good where that is (Dudík et al. 2014).

    The interval counts that the model was learned: with H the curvature of its loss and φ̄ the mean gradient of ĝ, a
    round moves the estimate by n φ̄' H⁻¹ φ(x, a) (r - q̂) (the sandwich of Huber 1967).
    """

    model: RewardModel = field(default_factory=Ridge)
    name: ClassVar[str] = "dm"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """What the model expects of every round, and how far that round's reward moved the model."""
        weights = decision_weights(decisions, self.name)
        require_candidates(decisions, self.name)
        design = Design.of(decisions)
        taught = design.take(np.flatnonzero(decisions.shown))
        rewards = decision_rewards(decisions)
        fit = self.model.fit(taught, rewards)
        target = decisions.probability("target_propensity")
        expected = sums_by(decisions.rounds, target * fit.predict(design), decisions.n_rounds)
        direction = fit.curvature.solve(design.total(target * fit.slope(design)))
        moved = taught.apply(direction) * (rewards - fit.predict(taught))
        return Terms.mean(expected + (moved - moved.mean()), weights)


@dataclass(frozen=True)
class DoublyRobust:
    """mean(ĝ + w (r - q̂)), q̂ cross-fitted: unbiased when propensities or model are right (Dudík et al. 2014)."""

    model: RewardModel = field(default_factory=Ridge)
    name: ClassVar[str] = "dr"

    def terms(self, decisions: Decisions, folds: Codes) -> Terms:
        """What the model expects of every round, corrected by its weighted residual."""
        parts = _parts(decisions, folds, self.model, self.name)
        return Terms.mean(parts.expected + parts.weights * parts.residuals, parts.weights)


@dataclass(frozen=True)
class SelfNormalisedDR:
    """mean(ĝ) + mean(w (r - q̂)) / mean(w) (Robins et al. 2007)."""

    model: RewardModel = field(default_factory=Ridge)
    name: ClassVar[str] = "sndr"

    def terms(self, decisions: Decisions, folds: Codes) -> Terms:
        """What the model expects, the weighted residual and the weight of every round."""
        parts = _parts(decisions, folds, self.model, self.name)
        return Terms.ratio(parts.weights * parts.residuals, parts.weights, parts.weights, base=parts.expected)


@dataclass(frozen=True)
class SwitchDR:
    """mean(ĝ + w (r - q̂) [w ≤ τ]): where weights are large it trusts the model alone (Wang et al. 2017).

    Without a threshold, τ = √n, as for `Clipped`.
    """

    threshold: float | None = None
    model: RewardModel = field(default_factory=Ridge)
    name: ClassVar[str] = "switch-dr"

    def terms(self, decisions: Decisions, folds: Codes) -> Terms:
        """As doubly robust, without the residuals of large weights."""
        parts = _parts(decisions, folds, self.model, self.name)
        kept = parts.weights <= threshold_or_root(self.threshold, decisions)
        return Terms.mean(parts.expected + kept * parts.weights * parts.residuals, parts.weights)


def threshold_or_root(threshold: float | None, decisions: Decisions) -> float:
    """The threshold of weights, √n when none is given."""
    return math.sqrt(decisions.n_rounds) if threshold is None else threshold


@dataclass(frozen=True, eq=False)
class _Parts:
    """ĝ, r - q̂ and w of every round."""

    expected: Floats
    residuals: Floats
    weights: Floats


def _parts(decisions: Decisions, folds: Codes, model: RewardModel, name: str) -> _Parts:
    weights = decision_weights(decisions, name)
    require_candidates(decisions, name)
    predicted = cross_fitted(model, Design.of(decisions), decisions.rewards, folds[decisions.rounds])
    target = decisions.probability("target_propensity")
    expected = sums_by(decisions.rounds, target * predicted, decisions.n_rounds)
    residuals = decision_rewards(decisions) - predicted[decisions.shown]
    return _Parts(expected, residuals, weights)
