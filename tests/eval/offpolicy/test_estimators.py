"""Estimators of one decision a round, by hand and against what must always hold."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.decisions import Decisions
from eval.errors import DataError, SupportError
from eval.offpolicy.estimators import (
    Clipped,
    DirectMethod,
    DoublyRobust,
    Estimator,
    InversePropensity,
    SelfNormalised,
    SelfNormalisedDR,
    SwitchDR,
)
from eval.offpolicy.evaluation import OF_DECISIONS
from eval.offpolicy.reward_models import draw_folds
from eval.offpolicy.synthetic import BanditWorld

FOLDS = np.array([0, 1, 0, 1], np.int32)
# What shows how a value comes about when it is worked out by hand: weights 3/2, 1/2, 3/2, 2; rewards 1, 1, 0, 1.
BY_HAND = [
    (InversePropensity(), (3 / 2 + 1 / 2 + 0 + 2) / 4),
    (SelfNormalised(), (3 / 2 + 1 / 2 + 0 + 2) / (3 / 2 + 1 / 2 + 3 / 2 + 2)),
    (Clipped(threshold=1), (1 + 1 / 2 + 0 + 1) / 4),
    (Clipped(), (3 / 2 + 1 / 2 + 0 + 2) / 4),  # √4 = 2 clips nothing
]


@pytest.mark.parametrize(("estimator", "value"), BY_HAND)
def test_weighted_rewards_by_hand(four_rounds: Decisions, estimator: Estimator, value: float) -> None:
    assert estimator.terms(four_rounds, FOLDS).value == pytest.approx(value, rel=1e-12)


def test_the_direct_method_by_hand(four_rounds: Decisions, believing: Callable[..., object]) -> None:
    # Told that a brings 4/5 and b 2/5: 3/4 · 4/5 + 1/4 · 2/5 = 7/10 in three rounds, 3/5 in the last.
    terms = DirectMethod(believing(4 / 5, 2 / 5)).terms(four_rounds, FOLDS)
    assert terms.value == pytest.approx((3 * 7 / 10 + 3 / 5) / 4)


def test_doubly_robust_by_hand(four_rounds: Decisions, believing: Callable[..., object]) -> None:
    # Told that everything brings 1/2: 1/2 + 3/2 · 1/2, 1/2 + 1/2 · 1/2, 1/2 - 3/2 · 1/2, 1/2 + 2 · 1/2.
    terms = DoublyRobust(believing(1 / 2, 1 / 2)).terms(four_rounds, FOLDS)
    assert terms.base.tolist() == pytest.approx([5 / 4, 3 / 4, -1 / 4, 3 / 2])
    assert terms.value == pytest.approx(13 / 16)


def test_self_normalised_doubly_robust_by_hand(four_rounds: Decisions, believing: Callable[..., object]) -> None:
    # 1/2 + (3/4 + 1/4 - 3/4 + 1) / (11/2)
    terms = SelfNormalisedDR(believing(1 / 2, 1 / 2)).terms(four_rounds, FOLDS)
    assert terms.value == pytest.approx(1 / 2 + (5 / 4) / (11 / 2))


def test_switching_keeps_weights_up_to_the_threshold(four_rounds: Decisions, believing: Callable[..., object]) -> None:
    model = believing(1 / 2, 1 / 2)
    # The last round, of weight 2, falls back on the model: 5/4 + 3/4 - 1/4 + 1/2.
    assert SwitchDR(3 / 2, model).terms(four_rounds, FOLDS).value == pytest.approx((5 / 4 + 3 / 4 - 1 / 4 + 1 / 2) / 4)
    assert SwitchDR(2, model).terms(four_rounds, FOLDS).value == pytest.approx(13 / 16)
    assert SwitchDR(0.1, model).terms(four_rounds, FOLDS).value == pytest.approx(1 / 2)


@pytest.mark.parametrize("estimator", OF_DECISIONS, ids=lambda one: one.name)
def test_lists_are_for_other_estimators(two_lists: Decisions, estimator: Estimator) -> None:
    with pytest.raises(SupportError, match="judges one decision a round, but rounds show up to 2 positions"):
        estimator.terms(two_lists, np.zeros(2, np.int32))


@pytest.mark.parametrize("estimator", [DirectMethod(), DoublyRobust(), SelfNormalisedDR(), SwitchDR()])
def test_a_reward_model_needs_the_candidates(read: Callable[..., Decisions], estimator: Estimator) -> None:
    rows = [
        {"round_id": i, "position": 1, "item_id": "a", "reward": 1, "propensity": 0.5, "target_propensity": 0.7}
        for i in range(4)
    ]
    with pytest.raises(DataError, match="positions that list only what was shown; expected every candidate"):
        estimator.terms(read(rows), FOLDS)
    assert InversePropensity().terms(read(rows), FOLDS).value == pytest.approx(7 / 5)


@pytest.mark.parametrize("estimator", OF_DECISIONS, ids=lambda one: one.name)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 10))
@settings(max_examples=15, deadline=None)
def test_a_reward_in_other_units_is_a_value_in_other_units(estimator: Estimator, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    world = BanditWorld.draw(rng, n_contexts=5, n_items=3)
    contexts, items = rng.integers(5, size=60), rng.integers(3, size=60)
    rewards, folds = rng.normal(size=60), draw_folds(world.log(60, rng), rng)
    alone = np.arange(60, dtype=np.int32)
    one, other = (world.rounds(contexts, items, scale * rewards, alone) for scale in (1.0, factor))
    assert estimator.terms(other, folds).value == pytest.approx(factor * estimator.terms(one, folds).value, rel=1e-9)


@pytest.mark.parametrize("estimator", [InversePropensity(), SelfNormalised(), Clipped()])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_policy_that_logged_has_the_value_that_was_logged(estimator: Estimator, seed: int) -> None:
    rng = np.random.default_rng(seed)
    world = BanditWorld.draw(rng, n_contexts=5, n_items=3)
    decisions = BanditWorld(
        world.context_shares, world.logging, world.logging, world.rewards, world.features
    ).log(50, rng)  # fmt: skip
    logged = decisions.rewards[decisions.shown].mean()
    assert estimator.terms(decisions, draw_folds(decisions, rng)).value == pytest.approx(logged, abs=1e-12)


@given(seed=st.integers(0, 10_000), low=st.floats(0.1, 3), more=st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_less_clipping_never_lowers_the_value_of_rewards_from_zero(seed: int, low: float, more: float) -> None:
    rng = np.random.default_rng(seed)
    decisions = BanditWorld.draw(rng, n_contexts=5, n_items=3).log(50, rng)
    folds = np.zeros(50, np.int32)
    values = [one.terms(decisions, folds).value for one in (Clipped(low), Clipped(low + more), InversePropensity())]
    assert values == sorted(values)
