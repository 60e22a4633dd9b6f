"""The contrast within agents, by hand and against the textbook formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.effects.exposures import Exposures
from eval.effects.within_agent import within_agent


def exposures_of(agent: list[int], treated: list[int], outcome: list[float]) -> Exposures:
    n = len(agent)
    return Exposures(
        treated=np.array(treated, np.bool_),
        outcome=np.array(outcome, np.float64),
        features=np.zeros((n, 0), np.float32),
        agent=np.array(agent),
        stratum=np.zeros(n, np.int64),
        cluster=np.arange(n),
    )


def test_cells_weigh_by_how_evenly_they_are_split() -> None:
    """Agent 0: one of 1 against 0 of 1, weight 1/2; agent 1: 1 of 2 against 1 of 1, weight 2/3: (1/2 - 1/3) / (7/6)."""
    found = within_agent(exposures_of([0, 0, 1, 1, 1], [1, 0, 1, 1, 0], [1, 0, 1, 0, 1]))
    assert found is not None
    assert found.mean == pytest.approx((1 / 2 * 1 + 2 / 3 * -1 / 2) / (1 / 2 + 2 / 3))
    assert found.n == 5


def test_agents_who_sent_one_only_play_no_part() -> None:
    one_sided = within_agent(exposures_of([0, 0, 1, 1, 1, 2, 2], [1, 0, 1, 1, 0, 1, 1], [1, 0, 1, 0, 1, 1, 1]))
    without = within_agent(exposures_of([0, 0, 1, 1, 1], [1, 0, 1, 1, 0], [1, 0, 1, 0, 1]))
    assert one_sided is not None
    assert without is not None
    assert (one_sided.mean, one_sided.n) == (pytest.approx(without.mean), 5)


def test_there_is_none_without_two_cells_that_have_both() -> None:
    assert within_agent(exposures_of([0, 0, 1, 1], [1, 0, 1, 1], [1, 0, 1, 0])) is None
    assert within_agent(exposures_of([0, 1], [1, 0], [1, 0])) is None


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_it_is_the_mantel_haenszel_risk_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    agent, treated = rng.integers(4, size=60), rng.integers(2, size=60)
    outcome = rng.integers(2, size=60).astype(np.float64)
    top = bottom = 0.0
    for one in range(4):
        here = agent == one
        n1, n0 = int((here & (treated == 1)).sum()), int((here & (treated == 0)).sum())
        if n1 and n0:
            weight = n1 * n0 / (n1 + n0)
            top += weight * (outcome[here & (treated == 1)].mean() - outcome[here & (treated == 0)].mean())
            bottom += weight
    found = within_agent(exposures_of(agent.tolist(), treated.tolist(), outcome.tolist()))
    assert found is not None
    assert found.mean == pytest.approx(top / bottom)
