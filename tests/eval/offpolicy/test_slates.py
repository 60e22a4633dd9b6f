"""Estimators of ranked lists, by hand.

`two_lists`: the first round shows a, b with rewards 1 and 2, the second b, a with 0 and 1. The logging policy puts any
item at any place with 1/3, so the weights of the items are 3/2, 3/2 and 3/4, 3/4; of the two together 9/4 and 3/4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from eval.datasets.decisions import Decisions, Floats
from eval.errors import DataError
from eval.offpolicy.estimators import Estimator
from eval.offpolicy.evaluation import OF_SLATES, applicable
from eval.offpolicy.reward_models import Design, Fit, RewardModel
from eval.offpolicy.slates import CascadeDR, IndependentIPS, RewardInteractionIPS, SlateIPS
from eval.offpolicy.terms import item_weights, prefix_weights, slate_weights

FOLDS = np.array([0, 1], np.int32)


def test_weights_by_hand(two_lists: Decisions) -> None:
    np.testing.assert_allclose(item_weights(two_lists), [[3 / 2, 3 / 2], [3 / 4, 3 / 4]])
    np.testing.assert_allclose(prefix_weights(two_lists), [[3 / 2, 9 / 4], [3 / 4, 3 / 4]])
    np.testing.assert_allclose(slate_weights(two_lists), [9 / 4, 3 / 4])


@pytest.mark.parametrize(
    ("estimator", "value"),
    [
        (IndependentIPS(), (3 / 2 * 1 + 3 / 2 * 2 + 3 / 4 * 0 + 3 / 4 * 1) / 2),
        (RewardInteractionIPS(), (3 / 2 * 1 + 9 / 4 * 2 + 3 / 4 * 0 + 3 / 4 * 1) / 2),
        (SlateIPS(), (9 / 4 * 3 + 3 / 4 * 1) / 2),
    ],
)
def test_weighted_rewards_by_hand(two_lists: Decisions, estimator: Estimator, value: float) -> None:
    assert estimator.terms(two_lists, FOLDS).value == pytest.approx(value)


def test_cascade_doubly_robust_by_hand(two_lists: Decisions, believing: Callable[..., object]) -> None:
    # Told that from any place on, 1 is still to come. First round: 3/2 (1 - 1) + 1, then 9/4 (2 - 1) + 3/2.
    # Second round: 3/4 (0 - 1) + 1, then 3/4 (1 - 1) + 3/4.
    terms = CascadeDR(believing(1, 1, 1)).terms(two_lists, FOLDS)
    assert terms.base.tolist() == pytest.approx([1 + 15 / 4, 1 / 4 + 3 / 4])


def test_the_probability_of_a_list_stands_for_the_product(two_lists: Decisions) -> None:
    known = np.where(two_lists.rounds == 0, 1 / 6, 1 / 6), np.where(two_lists.rounds == 0, 3 / 8, 1 / 8)
    logged = {"propensity": two_lists.probability("propensity"), "slate_propensity": known[0]}
    target = {"target_propensity": two_lists.probability("target_propensity"), "target_slate_propensity": known[1]}
    decisions = replace(two_lists, probabilities={**logged, **target})
    assert SlateIPS().terms(decisions, FOLDS).value == pytest.approx(15 / 4)
    assert [one.name for one in applicable(decisions)] == ["iips", "sips"]
    with pytest.raises(DataError, match="no column 'target_conditional_propensity'"):
        RewardInteractionIPS().terms(decisions, FOLDS)


def test_rounds_may_show_fewer_positions(read: Callable[[Sequence[object]], Decisions]) -> None:
    row = {"item_id": "a", "propensity": 0.5, "target_propensity": 0.25,
           "conditional_propensity": 0.5, "target_conditional_propensity": 0.25}  # fmt: skip
    decisions = read(
        [
            {**row, "round_id": "r1", "position": 1, "reward": 1},
            {**row, "round_id": "r1", "position": 2, "reward": 2},
            {**row, "round_id": "r2", "position": 2, "reward": 4},
        ]
    )
    np.testing.assert_equal(item_weights(decisions), [[1 / 2, 1 / 2], [1 / 2, np.nan]])
    assert IndependentIPS().terms(decisions, FOLDS).value == pytest.approx((1 / 2 + 2 / 2 + 4 / 2) / 2)
    assert RewardInteractionIPS().terms(decisions, FOLDS).value == pytest.approx((1 / 2 + 2 / 4 + 4 / 2) / 2)
    assert SlateIPS().terms(decisions, FOLDS).value == pytest.approx((3 / 4 + 4 / 2) / 2)


@pytest.mark.parametrize("estimator", OF_SLATES[:3])
def test_with_one_position_a_list_is_one_decision(four_rounds: Decisions, estimator: Estimator) -> None:
    assert estimator.terms(four_rounds, np.zeros(4, np.int32)).value == pytest.approx(1.0)


def test_cascade_doubly_robust_needs_the_candidates(two_lists: Decisions) -> None:
    shown = two_lists.shown
    only = replace(
        two_lists,
        probabilities={name: values[shown] for name, values in two_lists.probabilities.items()},
        features=two_lists.features[shown],
        **{name: getattr(two_lists, name)[shown] for name in ("rounds", "positions", "items", "shown", "rewards")},
    )
    with pytest.raises(DataError, match="target_conditional_propensity"):
        CascadeDR().terms(only, FOLDS)
    assert [one.name for one in applicable(only)] == ["iips", "rips", "sips"]


def test_a_place_is_taught_what_comes_after_it_under_the_target(
    two_lists: Decisions, believing: Callable[..., RewardModel]
) -> None:
    """The last place is learned first; then the first, from its reward and what the target is expected to earn next."""
    taught: list[list[float]] = []

    @dataclass(frozen=True)
    class Listening:
        model: RewardModel

        def fit(self, design: Design, rewards: Floats) -> Fit:
            taught.append(rewards.tolist())
            return self.model.fit(design, rewards)

    CascadeDR(Listening(believing(1 / 2, 1 / 4, 0))).terms(two_lists, FOLDS)
    # After a the target expects 3/4 · 1/4 + 1/4 · 0, after b 1/2 · 1/2 + 1/2 · 0. A fold is taught by the other round.
    assert taught == [[1], [2], pytest.approx([0 + 1 / 4]), pytest.approx([1 + 3 / 16])]
