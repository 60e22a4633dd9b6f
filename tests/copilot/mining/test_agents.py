"""Agents are compared on like customers, and drawn towards each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from copilot.mining.agents import agent_rows
from copilot.mining.exposing import Exposing, Turns
from copilot.mining.features import features_of
from knowledge.mining.needs import Needs

Make = Callable[..., Any]
NOON, WEEK = 1_772_424_000.0, 604_800.0


def exposing(table: Make, talk: Make, reply: Make, agents: list[str], per_customer: int) -> Exposing:
    """Forty conversations an agent, a week apart; those of "good" sell three times in four, the others once."""
    rng = np.random.default_rng(2)
    chosen = [agents[number % len(agents)] for number in range(40 * len(agents))]
    sold = [float(rng.random() < (0.75 if agent == "good" else 0.25)) for agent in chosen]
    talks = [
        talk(f"k{n:04d}", f"c{n // per_customer}", NOON + WEEK * n, outcomes={"conversion": sale})
        for n, sale in enumerate(sold)
    ]
    made = table(
        talks, [reply(n, "在吗", "好", turn=turn, agent=who) for n, who in enumerate(chosen) for turn in (0, 1)]
    )
    needs = Needs(np.zeros(1, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.bool_))
    turns = Turns.of(made, np.full(len(made), -1, np.int32), needs)
    outcomes = {"conversion": np.array(sold)[made.talk]}
    return Exposing(made, turns, features_of(made, utc_offset_hours=8), np.ones((1, 2), np.float32), outcomes)


@pytest.mark.parametrize("per_customer", [1, 4])
def test_the_better_agent_stands_first_and_is_drawn_towards_the_others(
    table: Make, talk: Make, reply: Make, per_customer: int
) -> None:
    rows = agent_rows(exposing(table, talk, reply, ["good", "a", "b", "c"], per_customer))
    assert rows[0].agent_id == "good"
    assert sorted(row.agent_id for row in rows) == ["a", "b", "c", "good"]
    best = rows[0]
    assert best.n == 40
    assert best.adjusted is not None
    assert 0 < best.pooled.mean < best.adjusted.mean
    assert best.pooled.low > 0


def test_a_row_is_plain_values_for_files(table: Make, talk: Make, reply: Make) -> None:
    row = agent_rows(exposing(table, talk, reply, ["good", "a", "b"], 1))[0].to_dict()
    assert set(row) == {"agent_id", "outcome", "n", "raw_rate", "adjusted", "pooled"}
    assert set(row["pooled"]) == {"mean", "low", "high", "n"}
    assert row["outcome"] == "conversion"


@pytest.mark.parametrize("agents", [["good"], [""], ["", "good"]])
def test_one_agent_and_nobody_are_compared_with_nobody(table: Make, talk: Make, reply: Make, agents: list[str]) -> None:
    assert agent_rows(exposing(table, talk, reply, agents, 1)) == []
