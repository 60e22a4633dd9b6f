"""Worlds whose truth is computed: against counting by hand, against sampling, and as files."""

import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from eval.datasets.decisions import Decisions, read_decisions
from eval.offpolicy.synthetic import BanditWorld, Interaction, SlateWorld

INTERACTIONS: tuple[Interaction, ...] = ("independent", "cascade", "standard")


def as_file(decisions: Decisions, path: Path) -> Path:
    """The log as somebody would write it down."""
    rows = []
    for row in range(len(decisions.items)):
        shown = bool(decisions.shown[row])
        rows.append(
            {
                "round_id": int(decisions.rounds[row]),
                "position": int(decisions.positions[row]),
                "item_id": int(decisions.items[row]),
                "shown": shown,
                "reward": float(decisions.rewards[row]) if shown else None,
                "cluster_id": int(decisions.clusters[decisions.rounds[row]]),
                **{name: float(values[row]) for name, values in decisions.probabilities.items()},
                **{name: float(decisions.features[row, i]) for i, name in enumerate(decisions.feature_names)},
            }
        )
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_the_value_of_a_policy_is_the_sum_over_contexts_and_items() -> None:
    world = BanditWorld.draw(np.random.default_rng(0), n_contexts=3, n_items=2)
    total = 0.0
    for context in range(3):
        for item in range(2):
            total += world.context_shares[context] * world.target[context, item] * world.rewards[context, item]
    assert world.value == pytest.approx(total)


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_the_value_of_lists_is_the_sum_over_everything_a_policy_can_do(interaction: Interaction) -> None:
    world = SlateWorld.draw(np.random.default_rng(1), interaction=interaction, n_contexts=2, n_items=4, n_places=2)
    total = 0.0
    for context in range(2):
        appeal = world.appeal["target"][context]
        for number, (first, second) in enumerate(permutations(range(4), 2)):
            assert tuple(world.lists[number]) == (first, second)
            chance = appeal[first] / appeal.sum() * appeal[second] / (appeal.sum() - appeal[first])
            assert world.list_shares("target")[context, number] == pytest.approx(chance)
            total += world.context_shares[context] * chance * world.rewards[context, number].sum()
    assert world.value == pytest.approx(total)


def test_a_log_earns_what_the_logging_policy_is_worth() -> None:
    rng = np.random.default_rng(2)
    for world in (BanditWorld.draw(rng), *(SlateWorld.draw(rng, interaction=one) for one in INTERACTIONS)):
        decisions = world.log(20_000, rng)
        earned = np.nansum(decisions.by_place(decisions.rewards, 0.0), axis=1)
        assert abs(earned.mean() - world.logged_value) < 4 * earned.std() / math.sqrt(20_000)


def test_rewards_of_a_cascade_depend_on_what_stands_before_and_of_a_list_on_all() -> None:
    changes = {}
    for interaction in INTERACTIONS:
        world = SlateWorld.draw(np.random.default_rng(3), interaction=interaction, n_contexts=1, n_items=4, n_places=3)
        lists = [tuple(one) for one in world.lists.tolist()]
        base, other_end, other_start = (world.rewards[0, lists.index(one)] for one in ((0, 1, 2), (0, 1, 3), (3, 1, 2)))
        changes[interaction] = (base[1] != pytest.approx(other_end[1]), base[1] != pytest.approx(other_start[1]))
    assert changes == {"independent": (False, False), "cascade": (False, True), "standard": (True, True)}


def test_the_further_apart_the_policies_the_less_a_log_is_worth() -> None:
    worth = []
    for distance in (0.2, 0.6, 1.2):
        rng = np.random.default_rng(4)
        decisions = BanditWorld.draw(rng, distance=distance).log(2000, rng)
        weights = (decisions.probability("target_propensity") / decisions.probability("propensity"))[decisions.shown]
        worth.append(weights.sum() ** 2 / (weights**2).sum())
    assert worth[0] > 1.5 * worth[1] > 3 * worth[2]


@pytest.mark.parametrize("kind", ["bandit", "slate"])
def test_a_log_passes_every_check_of_a_file(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(5)
    logged = (
        BanditWorld.draw(rng).log(50, rng, rounds_per_cluster=2)
        if kind == "bandit"
        else SlateWorld.draw(rng).log(50, rng)
    )
    found = read_decisions(as_file(logged, tmp_path / "log.jsonl"))
    for name in ("rounds", "positions", "shown", "rewards", "features", "clusters"):
        np.testing.assert_array_equal(getattr(found, name), getattr(logged, name))
    for name, values in logged.probabilities.items():
        np.testing.assert_array_equal(found.probability(name), values)
    assert [found.item_ids[int(i)].as_py() for i in found.items] == [str(i) for i in logged.items]


def test_the_same_seed_is_the_same_world() -> None:
    one, other = (BanditWorld.draw(np.random.default_rng(6)) for _ in range(2))
    assert one.value == other.value
    assert one.value != BanditWorld.draw(np.random.default_rng(7)).value
