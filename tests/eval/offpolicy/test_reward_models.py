"""Reward models against systems solved whole, and what cross-fitting keeps apart."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from eval.datasets.decisions import Decisions, Floats
from eval.errors import DataError
from eval.offpolicy.estimators import DirectMethod
from eval.offpolicy.reward_models import Design, Fit, Logistic, Ridge, cross_fitted, draw_folds
from eval.offpolicy.synthetic import BanditWorld

N_ITEMS = 6


def drawn(seed: int, n: int = 80) -> tuple[Design, Floats]:
    rng = np.random.default_rng(seed)
    dense = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    design = Design(dense, rng.integers(N_ITEMS - 1, size=n).astype(np.int32), N_ITEMS)  # the last item is never shown
    return design, (rng.random(n) < 0.3).astype(np.float64)


def whole(design: Design) -> Floats:
    """The design with one column for each item."""
    return np.column_stack([design.dense, design.items[:, None] == np.arange(N_ITEMS)]).astype(np.float64)


@given(seed=st.integers(0, 10_000), penalty=st.floats(0.1, 10), item_penalty=st.floats(0.1, 50))
@settings(max_examples=25, deadline=None)
def test_ridge_equals_the_whole_system(seed: int, penalty: float, item_penalty: float) -> None:
    design, rewards = drawn(seed)
    full = whole(design)
    penalties = np.diag([0, penalty, penalty, *[item_penalty] * N_ITEMS])
    expected = full @ np.linalg.solve(full.T @ full + penalties, full.T @ rewards)
    found = Ridge(penalty, item_penalty).fit(design, rewards).predict(design)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_logistic_finds_what_a_general_optimiser_finds(seed: int) -> None:
    design, rewards = drawn(seed)
    full, variance = whole(design), rewards.mean() * (1 - rewards.mean())
    penalties = variance * np.array([0, 1, 1, *[5.0] * N_ITEMS])

    def loss(theta: Floats) -> float:
        linear = full @ theta
        return float(np.logaddexp(0, linear).sum() - rewards @ linear + (penalties * theta**2).sum() / 2)

    expected = 1 / (1 + np.exp(-full @ minimize(loss, np.zeros(full.shape[1]), method="BFGS", tol=1e-8).x))
    np.testing.assert_allclose(Logistic(1, 5).fit(design, rewards).predict(design), expected, atol=1e-4)


def test_an_item_keeps_n_over_n_plus_penalty_of_its_own_mean() -> None:
    # Items 0 and 1, three rounds each, with means 1 and 0: around 1/2 they keep 3 / (3 + 2) of ± 1/2.
    design = Design(np.ones((6, 1)), np.array([0, 0, 0, 1, 1, 1], np.int32), 3)
    fit = Ridge(item_penalty=2).fit(design, np.array([1.0, 1, 1, 0, 0, 0]))
    asked = Design(np.ones((3, 1)), np.arange(3, dtype=np.int32), 3)
    np.testing.assert_allclose(fit.predict(asked), [1 / 2 + 3 / 10, 1 / 2 - 3 / 10, 1 / 2], atol=1e-6)


def test_a_feature_counts_in_units_of_its_spread(read: Callable[..., Decisions]) -> None:
    rows = [
        {
            "round_id": i,
            "position": 1 + i % 2,
            "item_id": "a",
            "reward": i,
            "propensity": 1,
            "x_size": 10.0 * i,
            "x_same": 3,
        }
        for i in range(4)
    ]
    design = Design.of(read(rows))
    np.testing.assert_allclose(design.dense[:, 0], 1)
    np.testing.assert_allclose(design.dense[:, 1], 0)  # x_same never changes
    np.testing.assert_allclose(design.dense[:, 2], (np.arange(4) - 1.5) / np.std(range(4)))
    np.testing.assert_allclose(design.dense[:, 3], [0, 1, 0, 1])  # position 2


def test_logistic_refuses_rewards_beyond_a_probability() -> None:
    design, rewards = drawn(0)
    with pytest.raises(DataError, match="a reward of 3; expected 0 to 1; or take the ridge model"):
        Logistic().fit(design, 3 * rewards)


@dataclass(frozen=True)
class Rote:
    """Knows by heart what it was taught, and nothing else."""

    def fit(self, design: Design, rewards: Floats) -> Fit:
        taught = {float(key): reward for key, reward in zip(design.dense[:, 1], rewards, strict=True)}

        class Memory(Fit):
            def predict(self, design: Design) -> Floats:
                return np.array([taught.get(float(key), -1.0) for key in design.dense[:, 1]])

        blank = Ridge().fit(design, rewards)
        return Memory(blank.coefficients, blank.curvature, is_logistic=False)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_no_row_is_predicted_by_a_model_that_has_seen_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = Design(np.column_stack([np.ones(30), np.arange(30.0)]), np.zeros(30, np.int32), 1)
    folds = rng.integers(3, size=30).astype(np.int32)
    folds[:3] = range(3)
    assert (cross_fitted(Rote(), design, np.ones(30), folds) == -1).all()
    assert Rote().fit(design, np.ones(30)).predict(design).tolist() == [1] * 30


def test_a_cluster_is_never_split_between_folds() -> None:
    rng = np.random.default_rng(3)
    decisions = BanditWorld.draw(rng).log(100, rng, rounds_per_cluster=4)
    folds = draw_folds(decisions, rng)
    assert sorted(np.unique(folds)) == list(range(5))
    assert all(len(set(folds[decisions.clusters == cluster])) == 1 for cluster in range(25))


@pytest.mark.parametrize("model", [Ridge(item_penalty=1e-6, penalty=1e-6), Logistic(item_penalty=1e-3, penalty=1e-3)])
def test_the_terms_of_the_direct_method_foretell_what_leaving_a_round_out_does(model: Ridge) -> None:
    """The influence of a round by its formula, against fitting again without it."""
    rng = np.random.default_rng(5)
    world = BanditWorld.draw(rng, n_contexts=5, n_items=3)
    n = 400
    contexts, items = rng.integers(5, size=n), rng.integers(3, size=n)
    rewards = (rng.random(n) < world.rewards[contexts, items]).astype(np.float64)

    def value(keep: np.ndarray) -> tuple[float, Floats]:
        alone = np.arange(keep.sum(), dtype=np.int32)
        decisions = world.rounds(contexts[keep], items[keep], rewards[keep], alone)
        terms = DirectMethod(model).terms(decisions, np.zeros(keep.sum(), np.int32))
        return terms.value, terms.base

    everything, base = value(np.ones(n, np.bool_))
    moves = [(everything - value(np.arange(n) != i)[0]) * (n - 1) for i in range(40)]
    np.testing.assert_allclose(base[:40] - everything, moves, atol=0.05, rtol=0.05)
    assert np.corrcoef(base[:40], moves)[0, 1] > 0.99
