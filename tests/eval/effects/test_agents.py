"""Agents' performance: what easy customers explain is taken off, what is left is drawn together."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.effects.agents import AgentEstimate, agent_performance, agent_performance_by_features
from eval.effects.exposures import Exposures
from eval.effects.synthetic import ConfoundedWorld
from eval.errors import EvalError

WORLD = ConfoundedWorld(effect=0.0, leaning=0.0, pull=2.0, per_cluster=8)


def errors(found: list[AgentEstimate]) -> NDArray[np.float64]:
    return np.array([one.pooled.mean for one in found]) - (WORLD.skills - WORLD.skills.mean())


def raw_errors(found: list[AgentEstimate]) -> NDArray[np.float64]:
    raw = np.array([one.raw_rate for one in found])
    return raw - raw.mean() - (WORLD.skills - WORLD.skills.mean())


def drawn(n: int = 40_000) -> Exposures:
    return WORLD.draw(n, np.random.default_rng(6))


def test_the_same_customers_take_off_an_ease_that_nobody_recorded() -> None:
    rows = drawn()
    evening = rows.features[:, 1:]
    hidden = agent_performance(rows.outcome, evening, rows.agent, rows.cluster)
    assert np.abs(raw_errors(hidden)).max() > 0.08
    assert np.abs(errors(hidden)).max() < 0.025
    by_features = agent_performance_by_features(rows.outcome, evening, rows.agent, rows.cluster)
    assert np.abs(errors(by_features)).max() > 0.08


def test_features_take_off_what_they_show() -> None:
    rows = drawn()
    found = agent_performance_by_features(rows.outcome, rows.features, rows.agent, rows.cluster)
    assert np.abs(errors(found)).max() < 0.025
    held = [one.adjusted.low <= skill <= one.adjusted.high for one, skill in zip(found, WORLD.skills, strict=True)]
    assert sum(held) >= 8


def test_rates_of_one_customer_are_compared_by_hand() -> None:
    """Both customers meet both agents once; agent 5 wins both, agent 3 one: 1/2 apart, so ±1/4 from the mean."""
    outcome, agent, cluster = np.array([1.0, 0.0, 1.0, 1.0]), np.array([5, 3, 5, 3]), np.array([0, 0, 1, 1])
    three, five = agent_performance(outcome, np.zeros((4, 0)), agent, cluster)
    assert (three.agent, three.n, three.raw_rate) == (3, 2, 0.5)
    assert (five.agent, five.n, five.raw_rate) == (5, 2, 1.0)
    assert (three.adjusted.mean, five.adjusted.mean) == (pytest.approx(-0.25), pytest.approx(0.25))


def test_an_agent_of_strangers_has_no_adjusted_number() -> None:
    rows = drawn(2000)
    agent, cluster = np.append(rows.agent, [99] * 30), np.append(rows.cluster, 10_000 + np.arange(30))
    features = np.vstack([rows.features[:, 1:], np.zeros((30, 1))])
    found = agent_performance(np.append(rows.outcome, np.ones(30)), features, agent, cluster)
    assert found[-1].adjusted is None
    assert abs(found[-1].pooled.mean) < 0.05
    others = agent_performance(rows.outcome, rows.features[:, 1:], rows.agent, rows.cluster)
    assert [one.adjusted.mean for one in found[:-1]] == pytest.approx([one.adjusted.mean for one in others])


def test_few_conversations_are_drawn_further() -> None:
    rows = drawn(4000)
    kept = (rows.agent != 9) | (np.cumsum(rows.agent == 9) <= 12)
    found = agent_performance_by_features(rows.outcome[kept], rows.features[kept], rows.agent[kept], rows.cluster[kept])
    widths = [(one.pooled.high - one.pooled.low) / (one.adjusted.high - one.adjusted.low) for one in found]
    assert widths[9] == min(widths)
    assert abs(found[9].pooled.mean) < abs(found[9].adjusted.mean)
    assert found[9].n == 12


def test_one_agent_is_the_mean() -> None:
    (found,) = agent_performance(np.array([1.0, 0.0]), np.zeros((2, 1)), np.zeros(2, np.int64), np.zeros(2, np.int64))
    assert found.pooled.mean == pytest.approx(0)
    assert found.raw_rate == 0.5


def test_no_conversations_are_no_agents() -> None:
    nothing = np.empty(0, np.int64)
    assert agent_performance(np.empty(0), np.empty((0, 2)), nothing, nothing) == []


def test_unequal_lengths_and_unknown_outcomes_are_refused() -> None:
    codes = np.zeros(2, np.int64)
    with pytest.raises(EvalError, match=r"of \[3, 2, 2, 2\] rows"):
        agent_performance(np.zeros(3), np.zeros((2, 1)), codes, codes)
    with pytest.raises(EvalError, match="no finite number"):
        agent_performance_by_features(np.array([1.0, np.nan]), np.zeros((2, 1)), codes, codes)
