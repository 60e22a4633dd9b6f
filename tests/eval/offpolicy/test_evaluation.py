"""One log through many estimators: what is reported, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from eval.datasets.decisions import Decisions
from eval.errors import DataError, SupportError
from eval.offpolicy.estimators import InversePropensity, SelfNormalised
from eval.offpolicy.evaluation import ESTIMATORS, OF_DECISIONS, OF_SLATES, applicable, evaluate_offpolicy
from eval.offpolicy.intervals import Bounds
from eval.offpolicy.support import Floor
from eval.offpolicy.synthetic import BanditWorld, SlateWorld


@pytest.fixture
def logged() -> tuple[BanditWorld, Decisions]:
    rng = np.random.default_rng(1)
    world = BanditWorld.draw(rng, distance=0.6)
    return world, world.log(1200, rng)


def test_every_estimator_answers_and_is_close(logged: tuple[BanditWorld, Decisions]) -> None:
    world, decisions = logged
    report = evaluate_offpolicy(decisions, OF_DECISIONS, np.random.default_rng(0))
    assert [one.estimator for one in report.estimates] == [one.name for one in OF_DECISIONS]
    for one in report.estimates:
        assert one.value.low < one.value.mean < one.value.high
        assert one.value.mean == pytest.approx(world.value, abs=4 * (one.value.high - one.value.low) / 3.92)
        assert one.relative is not None
        assert one.relative.mean == pytest.approx(one.value.mean / report.logged.mean)
    assert (report.n_rounds, report.n_clusters, report.refused) == (1200, 1200, {})
    assert report.logged.mean == pytest.approx(np.nanmean(decisions.rewards))


def test_lists_likewise() -> None:
    rng = np.random.default_rng(2)
    world = SlateWorld.draw(rng, distance=0.3)
    report = evaluate_offpolicy(world.log(1200, rng), OF_SLATES, np.random.default_rng(0))
    assert [one.estimator for one in report.estimates] == ["iips", "rips", "sips", "cascade-dr"]
    for one in report.estimates[1:]:
        assert one.value.mean == pytest.approx(world.value, abs=4 * (one.value.high - one.value.low) / 3.92)


def test_the_same_seed_gives_the_same_report(logged: tuple[BanditWorld, Decisions]) -> None:
    reports = [evaluate_offpolicy(logged[1], OF_DECISIONS, np.random.default_rng(seed)).to_dict() for seed in (3, 3, 4)]
    assert reports[0] == reports[1] != reports[2]


def test_the_report_is_json(logged: tuple[BanditWorld, Decisions]) -> None:
    report = evaluate_offpolicy(logged[1], OF_DECISIONS, np.random.default_rng(0))
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert set(found) == {"data", "data_hash", "n_rounds", "n_clusters", "logged", "estimates", "refused"}
    assert set(found["estimates"][0]) == {"estimator", "value", "bernstein", "relative", "weights"}
    assert set(found["estimates"][0]["value"]) == {"mean", "low", "high", "n"}
    assert found["estimates"][2]["estimator"] == "clipped-ips"
    assert found["estimates"][2]["bernstein"]["low"] < found["estimates"][2]["value"]["low"]


def test_an_estimator_that_refuses_is_named_beside_those_that_answer(logged: tuple[BanditWorld, Decisions]) -> None:
    rng = np.random.default_rng(0)
    decisions = SlateWorld.draw(rng, distance=0.3).log(400, rng)
    report = evaluate_offpolicy(decisions, (*OF_SLATES, InversePropensity()), rng)
    assert list(report.refused) == ["ips"]
    assert "No answer from ips: ips judges one decision a round" in report.table()
    assert report.table().count("\n| ") == 5  # the head and four estimators


def test_when_all_refuse_there_is_no_report() -> None:
    rng = np.random.default_rng(0)
    decisions = BanditWorld.draw(rng, distance=3.0).log(300, rng)
    with pytest.raises(
        SupportError, match=r"^ips, snips: 300 rounds are worth \d+ of the target policy|^ips, snips: the mean weight"
    ):
        evaluate_offpolicy(decisions, [InversePropensity(), SelfNormalised()], rng)


def test_a_target_out_of_reach_is_refused_by_all(logged: tuple[BanditWorld, Decisions]) -> None:
    decisions = logged[1]
    target = np.where(decisions.items == 0, 0.5, decisions.probability("target_propensity") / 2)
    logging = decisions.probability("propensity").copy()
    logging[(decisions.items == 0) & ~decisions.shown] = 0
    blind = replace(decisions, probabilities={"propensity": logging, "target_propensity": target})
    with pytest.raises(
        SupportError, match="of the target's probability is on candidates that the logging policy could"
    ):
        evaluate_offpolicy(blind, OF_DECISIONS, np.random.default_rng(0))


def test_a_log_without_target_says_what_is_needed(logged: tuple[BanditWorld, Decisions]) -> None:
    decisions = logged[1]
    without = replace(decisions, probabilities={"propensity": decisions.probability("propensity")})
    with pytest.raises(DataError, match="no column 'target_propensity'; expected the probability that the policy to"):
        evaluate_offpolicy(without, OF_DECISIONS, np.random.default_rng(0))


def test_wrong_propensities_are_noticed(logged: tuple[BanditWorld, Decisions]) -> None:
    """Logged as uniform, decided otherwise: the weights do not have mean 1."""
    world, _ = logged
    rng = np.random.default_rng(0)
    sharp = replace(
        world, logging=world.logging**3 / (world.logging**3).sum(axis=1, keepdims=True), target=world.logging
    )
    log = sharp.log(1200, rng)
    uniform = np.full(len(log.items), 1 / world.logging.shape[1])
    claimed = replace(log, probabilities={**log.probabilities, "propensity": uniform})
    with pytest.raises(SupportError, match="the mean weight is"):
        evaluate_offpolicy(claimed, [InversePropensity()], rng, floor=Floor(effective_n=0))


def test_bernstein_needs_the_largest_weight_unless_weights_are_clipped(logged: tuple[BanditWorld, Decisions]) -> None:
    estimators = [ESTIMATORS["ips"], ESTIMATORS["clipped-ips"], ESTIMATORS["dr"]]
    plain = evaluate_offpolicy(logged[1], estimators, np.random.default_rng(0))
    assert [one.bernstein is not None for one in plain.estimates] == [False, True, False]
    bounds = Bounds((0, 1), weight=200)
    known = evaluate_offpolicy(logged[1], estimators, np.random.default_rng(0), bounds=bounds)
    assert [one.bernstein is not None for one in known.estimates] == [True, True, False]


def test_nothing_is_relative_to_a_logging_policy_that_may_have_earned_nothing(
    logged: tuple[BanditWorld, Decisions],
) -> None:
    decisions = logged[1]
    shown = np.flatnonzero(decisions.shown)
    rewards = decisions.rewards.copy()
    rewards[shown] = np.tile([1.0, -1.0], len(shown) // 2)
    report = evaluate_offpolicy(replace(decisions, rewards=rewards), OF_DECISIONS, np.random.default_rng(0))
    assert report.logged.mean == 0
    assert all(one.relative is None and np.isfinite([one.value.low, one.value.high]).all() for one in report.estimates)
    assert "| – | – |" in report.table()
    json.dumps(report.to_dict(), allow_nan=False)


def test_rewards_other_than_0_and_1_have_no_known_range(logged: tuple[BanditWorld, Decisions]) -> None:
    decisions = replace(logged[1], rewards=3 * logged[1].rewards)
    report = evaluate_offpolicy(decisions, OF_DECISIONS, np.random.default_rng(0))
    assert all(one.bernstein is None for one in report.estimates)


def test_what_can_be_asked_follows_from_the_columns(
    logged: tuple[BanditWorld, Decisions], two_lists: Decisions, read: Callable[..., Decisions]
) -> None:
    assert applicable(logged[1]) == OF_DECISIONS
    assert applicable(two_lists) == OF_SLATES
    row = {"round_id": 1, "position": 1, "item_id": "a", "reward": 1, "propensity": 0.5, "target_propensity": 0.5}
    assert [one.name for one in applicable(read([row]))] == ["ips", "snips", "clipped-ips"]
    pair = [row, {**row, "position": 2, "item_id": "b"}]
    assert [one.name for one in applicable(read(pair))] == ["iips"]
