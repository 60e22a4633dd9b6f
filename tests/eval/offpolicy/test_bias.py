"""What theory says of the bias of each estimator, exactly: expectations are sums over every context, item and list.

A log that holds every case once, with the expected reward for the reward, has terms whose mean weighted by the
probability of the case is the expectation of the estimate, since rewards enter all estimators linearly.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.decisions import Decisions, Floats
from eval.offpolicy.estimators import Clipped, DirectMethod, DoublyRobust, InversePropensity, SelfNormalised, SwitchDR
from eval.offpolicy.reward_models import Ridge
from eval.offpolicy.slates import CascadeDR, IndependentIPS, RewardInteractionIPS, SlateIPS
from eval.offpolicy.synthetic import BanditWorld, Interaction, SlateWorld
from eval.offpolicy.terms import Terms

ABSURD = (5.0, -3.0, 0.5, 2.0)


def every_case(world: BanditWorld) -> tuple[Decisions, Floats]:
    """Every item in every context once, and the probability of each case."""
    contexts, items = (found.ravel() for found in np.indices(world.rewards.shape))
    clusters = np.arange(len(contexts), dtype=np.int32)
    decisions = world.rounds(contexts, items, world.rewards.ravel(), clusters)
    return decisions, (world.context_shares[:, None] * world.logging).ravel()


def every_list(world: SlateWorld) -> tuple[Decisions, Floats]:
    """Every list in every context once, and the probability of each case."""
    shares = world.context_shares[:, None] * world.list_shares("logging")
    contexts, lists = (found.ravel() for found in np.indices(shares.shape))
    return world.rounds(contexts, lists, world.rewards[contexts, lists]), shares.ravel()


def expectation(terms: Terms, shares: Floats) -> float:
    return float(shares @ terms.base + (shares @ terms.top) / (shares @ terms.bottom))


def folds_of(decisions: Decisions) -> np.ndarray:
    return (np.arange(decisions.n_rounds) % 3).astype(np.int32)


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> BanditWorld:
    return BanditWorld.draw(np.random.default_rng(request.param), n_contexts=6, n_items=4, hidden_effect=0.05)


def test_weighting_by_known_propensities_has_no_bias(world: BanditWorld) -> None:
    decisions, shares = every_case(world)
    terms = InversePropensity().terms(decisions, folds_of(decisions))
    assert expectation(terms, shares) == pytest.approx(world.value, abs=1e-12)
    assert shares @ terms.weights[:, 0] == pytest.approx(1, abs=1e-12)


def test_self_normalisation_is_right_in_the_limit(world: BanditWorld) -> None:
    decisions, shares = every_case(world)
    assert expectation(SelfNormalised().terms(decisions, folds_of(decisions)), shares) == pytest.approx(world.value)


@given(seed=st.integers(0, 10_000), threshold=st.floats(0.2, 4), more=st.floats(0.01, 4))
@settings(max_examples=25, deadline=None)
def test_clipping_loses_what_lies_above_the_threshold(seed: int, threshold: float, more: float) -> None:
    world = BanditWorld.draw(np.random.default_rng(seed), n_contexts=6, n_items=4)
    decisions, shares = every_case(world)

    def bias(threshold: float) -> float:
        terms = Clipped(threshold).terms(decisions, folds_of(decisions))
        return expectation(terms, shares) - world.value

    excess = np.maximum((world.target / world.logging).ravel() - threshold, 0)
    assert bias(threshold) == pytest.approx(-float(shares @ (excess * world.rewards.ravel())), abs=1e-12)
    assert abs(bias(threshold + more)) <= abs(bias(threshold)) + 1e-12
    assert bias(1e9) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("beliefs", [ABSURD, (0.0, 0.0, 0.0, 0.0), (0.3, 0.4, 0.3, 0.4)])
def test_doubly_robust_has_no_bias_whatever_the_model(
    world: BanditWorld, believing: Callable[..., Ridge], beliefs: tuple[float, ...]
) -> None:
    decisions, shares = every_case(world)
    terms = DoublyRobust(believing(*beliefs)).terms(decisions, folds_of(decisions))
    assert expectation(terms, shares) == pytest.approx(world.value, abs=1e-12)


def test_doubly_robust_has_no_bias_with_wrong_propensities_when_the_model_is_right(world: BanditWorld) -> None:
    seen = replace(world, features=world.rewards[:, :, None])
    decisions, shares = every_case(seen)
    uniform = np.full(len(decisions.items), 0.25)
    wrong = replace(decisions, probabilities={**decisions.probabilities, "propensity": uniform})
    right_model = Ridge(penalty=1e-9, item_penalty=1e9)
    folds = folds_of(wrong)
    assert expectation(DoublyRobust(right_model).terms(wrong, folds), shares) == pytest.approx(world.value, abs=1e-6)
    assert abs(expectation(InversePropensity().terms(wrong, folds), shares) - world.value) > 1e-3


def test_the_direct_method_believes_its_model(world: BanditWorld, believing: Callable[..., Ridge]) -> None:
    decisions, _ = every_case(world)
    terms = DirectMethod(believing(*ABSURD)).terms(decisions, folds_of(decisions))
    # Every context stands in as many rounds as there are items, so all count alike.
    assert terms.value == pytest.approx((world.target @ np.array(ABSURD)).mean())
    assert abs(terms.value - world.value) > 0.01


def test_switching_is_unbiased_where_it_does_not_switch(world: BanditWorld, believing: Callable[..., Ridge]) -> None:
    decisions, shares = every_case(world)
    model, folds = believing(*ABSURD), folds_of(decisions)
    assert expectation(SwitchDR(1e9, model).terms(decisions, folds), shares) == pytest.approx(world.value, abs=1e-12)
    weights = (world.target / world.logging).ravel()
    residual = world.rewards.ravel() - np.tile(ABSURD, 6)
    bias = -float(shares @ (np.where(weights > 1, weights, 0) * residual))
    found = expectation(SwitchDR(1, model).terms(decisions, folds), shares) - world.value
    assert found == pytest.approx(bias, abs=1e-12)


UNBIASED = {
    "independent": ("iips", "rips", "sips", "cascade-dr"),
    "cascade": ("rips", "sips", "cascade-dr"),
    "standard": ("sips",),
}


@pytest.mark.parametrize("interaction", UNBIASED)
@pytest.mark.parametrize("name", UNBIASED["independent"])
@pytest.mark.parametrize("seed", range(2))
def test_estimators_of_lists_are_unbiased_where_their_assumption_holds_and_only_there(
    interaction: Interaction, name: str, seed: int, believing: Callable[..., Ridge]
) -> None:
    rng = np.random.default_rng(seed)
    world = SlateWorld.draw(rng, interaction=interaction, n_contexts=3, n_items=4, distance=0.7)
    estimators = (IndependentIPS(), RewardInteractionIPS(), SlateIPS(), CascadeDR(believing(*ABSURD)))
    estimator = next(one for one in estimators if one.name == name)
    decisions, shares = every_list(world)
    bias = expectation(estimator.terms(decisions, folds_of(decisions)), shares) - world.value
    if name in UNBIASED[interaction]:
        assert bias == pytest.approx(0, abs=1e-12)
    else:
        assert abs(bias) > 1e-5
