"""Weights as diagnostics, and the logs that cannot answer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.decisions import Decisions, Floats
from eval.errors import SupportError
from eval.offpolicy.support import Floor, WeightDiagnostics, overlap
from eval.offpolicy.synthetic import BanditWorld

LOWEST = Floor(effective_n=0, overlap=0, n_clusters=0, n_events=0)


def log_of(n_rounds: int, *, rounds_per_cluster: int = 1) -> Decisions:
    rng = np.random.default_rng(0)
    return BanditWorld.draw(rng).log(n_rounds, rng, rounds_per_cluster=rounds_per_cluster)


def diagnose(*weights: float) -> WeightDiagnostics:
    values = np.array(weights)[:, None]
    return LOWEST.check_weights(values, log_of(len(weights)), None)


def test_diagnostics_by_hand() -> None:
    found = diagnose(3, 1, 0, 0)
    assert found.effective_n == pytest.approx(16 / 10)  # (3 + 1)² / (9 + 1)
    assert (found.n, found.largest, found.mean.mean) == (4, 3, 1)
    assert found.top_share == 3 / 4  # the largest hundredth of four is one of them
    error = np.std([3, 1, 0, 0], ddof=1) / 2
    assert (found.mean.low, found.mean.high) == pytest.approx((1 - 1.959964 * error, 1 + 1.959964 * error))


def test_equal_weights_are_worth_all_their_rounds() -> None:
    found = diagnose(*[1.0] * 200)
    assert (found.effective_n, found.top_share) == pytest.approx((200, 2 / 200))
    assert found.mean.low == found.mean.high == 1


@given(weights=st.lists(st.floats(0.01, 2), min_size=2, max_size=30))
@settings(deadline=None)
def test_weights_are_worth_at_most_their_number_and_at_least_one(weights: list[float]) -> None:
    scaled = np.array(weights) / np.mean(weights)
    assert 1 - 1e-9 <= diagnose(*scaled).effective_n <= len(weights) + 1e-9


def test_the_mean_weight_counts_clusters_not_rounds() -> None:
    weights = np.repeat([2.0, 0.0, 1.5, 0.5], 5)[:, None]
    alone = LOWEST.check_weights(weights, log_of(20), None).mean
    together = LOWEST.check_weights(weights, log_of(20, rounds_per_cluster=5), None).mean
    assert (alone.n, together.n) == (20, 4)
    assert together.high - together.mean > 2 * (alone.high - alone.mean)


def test_of_several_weights_the_worst_are_shown() -> None:
    weights = np.column_stack([np.ones(40), np.tile([2.0, 0.0], 20), np.full(40, np.nan)])
    weights[0, 2] = 1.0
    assert LOWEST.check_weights(weights[:, :2], log_of(40), None).effective_n == pytest.approx(20)
    assert LOWEST.check_weights(weights, log_of(40), None).n == 1  # a place that one round has


def refusal(weights: Floats, share: float | None = None, floor: Floor = LOWEST) -> str:
    with pytest.raises(SupportError) as caught:
        floor.check_weights(weights[:, None], log_of(len(weights)), share)
    return str(caught.value)


def test_a_mean_weight_that_cannot_be_1_is_refused() -> None:
    low = refusal(np.tile([0.7, 0.9], 250))
    assert low.startswith("the mean weight is 0.800 (99.9 % interval 0.785 to 0.815); expected 1")  # 3.29 · 0.1 / √499
    assert "the propensities are wrong, or the target shows what the logging policy cannot" in refusal(np.full(50, 1.1))


def test_a_mean_weight_within_chance_is_not_refused() -> None:
    weights = np.tile([3.0, 0.0], 50)[:, None]  # mean 1.5, error 0.15: 3.3 errors away
    with pytest.raises(SupportError):
        LOWEST.check_weights(weights, log_of(100), None)
    assert LOWEST.check_weights(weights[:80], log_of(80), None).mean.mean == 1.5  # error 0.17: not yet


def test_too_small_an_effective_sample_is_refused() -> None:
    weights = np.zeros(1000)
    weights[:90] = 1000 / 90
    message = refusal(weights, floor=Floor())
    assert message == "1000 rounds are worth 90 of the target policy; expected at least 100"


def test_probability_out_of_reach_is_refused() -> None:
    message = refusal(np.ones(100), 0.95, Floor())
    assert message.startswith("only 95.00% of the target's probability is on candidates that the logging policy could")


@pytest.mark.parametrize(
    ("logging", "target", "share"),
    [
        ((0.5, 0.5), (0.9, 0.1), 1.0),
        ((1.0, 0.0), (0.9, 0.1), 0.9),  # listed, but never shown
        ((0.5, 0.5), (0.3, 0.1), 0.4),  # the rest stands on items without a row
    ],
)
def test_overlap_is_the_share_of_the_target_that_could_be_shown(
    read: Callable[..., Decisions], logging: tuple[float, float], target: tuple[float, float], share: float
) -> None:
    rows = [
        {"round_id": "r", "position": 1, "item_id": item, "shown": item == "a", "reward": 1 if item == "a" else None,
         "propensity": p, "target_propensity": t}
        for item, p, t in zip("ab", logging, target, strict=True)
    ]  # fmt: skip
    assert overlap(read(rows), "propensity") == pytest.approx(share)


def test_overlap_is_unknown_when_only_what_was_shown_is_listed(read: Callable[..., Decisions]) -> None:
    row = {"round_id": "r", "position": 1, "item_id": "a", "reward": 1, "propensity": 0.5, "target_propensity": 0.5}
    assert overlap(read([row]), "propensity") is None
    assert overlap(read([{**row, "propensity": 1}]), "propensity") == 0.5  # there was no choice


def test_too_few_clusters_are_refused() -> None:
    with pytest.raises(SupportError, match="20 independent clusters; expected at least 30"):
        Floor().check_log(log_of(200, rounds_per_cluster=10))


def test_a_log_in_which_hardly_anything_happens_is_refused() -> None:
    decisions = log_of(200)
    rare = np.where(decisions.shown, 0.0, np.nan)
    rare[np.flatnonzero(decisions.shown)[:9]] = 1
    with pytest.raises(
        SupportError, match="9 rounds of 200 whose reward differs from the commonest; expected at least 10"
    ):
        Floor().check_log(replace(decisions, rewards=rare))
    Floor().check_log(decisions)
