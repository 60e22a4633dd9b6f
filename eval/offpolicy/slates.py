"""Estimators of ranked lists: the value of a list is the sum of what its places bring.

They differ in what a place's reward may depend on; the less it depends on, the smaller the weights. Notation as in
`eval.offpolicy.estimators`; k runs over places, s is the list shown, s₁…ₖ its beginning.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from eval.datasets.decisions import Codes, Decisions, Floats
from eval.offpolicy.reward_models import Design, RewardModel, Ridge, cross_fitted
from eval.offpolicy.terms import (
    Terms,
    decision_rewards,
    item_weights,
    prefix_weights,
    require_candidates,
    slate_weights,
    sums_by,
)


@dataclass(frozen=True)
class IndependentIPS:
    """mean(Σₖ wₖ rₖ), wₖ = π(sₖ at k | x) / π₀(sₖ at k | x): a place's reward depends on its item (Li et al. 2018)."""

    name: ClassVar[str] = "iips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The rewards of every round, each weighted by its own item."""
        weights = item_weights(decisions)
        return Terms.mean(_weighted(decisions, weights), weights, weighted=True)


@dataclass(frozen=True)
class RewardInteractionIPS:
    """mean(Σₖ w₁…ₖ rₖ): a place's reward depends on its item and those before it (McInerney et al. 2020)."""

    name: ClassVar[str] = "rips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The rewards of every round, each weighted by the items up to it."""
        weights = prefix_weights(decisions)
        return Terms.mean(_weighted(decisions, weights), weights, weighted=True)


@dataclass(frozen=True)
class SlateIPS:
    """mean(w Σₖ rₖ) with w of the whole list: a place's reward may depend on every item (Precup et al. 2000)."""

    name: ClassVar[str] = "sips"

    def terms(self, decisions: Decisions, _folds: Codes) -> Terms:
        """The reward of every round, weighted by its whole list."""
        weights = slate_weights(decisions)
        return Terms.mean(weights * decision_rewards(decisions), weights, weighted=True)


@dataclass(frozen=True)
class CascadeDR:
    """mean(Σₖ w₁…ₖ (rₖ - Q̂ₖ) + w₁…ₖ₋₁ Σ_a π(a | x, s₁…ₖ₋₁) Q̂ₖ(a)) + … (Kiyohara et al. 2022).

    Q̂ₖ models what place k and all after it will bring under the target; it is learned from the last place backwards and
    cross-fitted. Unbiased when a place's reward depends on its item and those before it, whatever the model.
    """

    model: RewardModel = field(default_factory=Ridge)
    name: ClassVar[str] = "cascade-dr"

    def terms(self, decisions: Decisions, folds: Codes) -> Terms:
        """What the model expects of every round, corrected place by place."""
        weights = prefix_weights(decisions)
        require_candidates(decisions, self.name, "target_conditional_propensity")
        design = Design.of(decisions)
        rewards = decisions.by_place(decisions.rewards, 0.0)
        base, later = np.zeros(decisions.n_rounds), np.zeros(decisions.n_rounds)
        for place in reversed(range(decisions.n_places)):
            before = np.nan_to_num(weights[:, place - 1]) if place else np.ones(decisions.n_rounds)
            predicted, expected = self._place(decisions, design, folds, place, rewards[:, place] + later)
            base += np.nan_to_num(weights[:, place]) * (rewards[:, place] - predicted) + before * expected
            later = expected
        return Terms.mean(base, weights)

    def _place(
        self, decisions: Decisions, design: Design, folds: Codes, place: int, outcomes: Floats
    ) -> tuple[Floats, Floats]:
        """What the model expects of the item shown at a place, and of the target's choice there, for every round."""
        rows = np.flatnonzero(decisions.places == place)
        rounds, shown = decisions.rounds[rows], decisions.shown[rows]
        learned = np.where(shown, outcomes[rounds], np.nan)
        predicted = cross_fitted(self.model, design.take(rows), learned, folds[rounds])
        target = decisions.probability("target_conditional_propensity")[rows]
        of_shown = np.zeros(decisions.n_rounds)
        of_shown[rounds[shown]] = predicted[shown]
        return of_shown, sums_by(rounds, target * predicted, decisions.n_rounds)


def _weighted(decisions: Decisions, weights: Floats) -> Floats:
    """The sum over places of weight times reward; a place that a round lacks brings nothing."""
    return np.asarray(np.nansum(weights * decisions.by_place(decisions.rewards, 0.0), axis=1), np.float64)
