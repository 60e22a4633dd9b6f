"""How good each agent is, with the customers and hours they get taken into account."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from copilot.mining.exposing import Exposing
from eval.effects.agents import AgentEstimate, agent_performance, agent_performance_by_features
from eval.statistics.estimate import Estimate
from knowledge.archive.outcomes import REPLY

COME_BACK = 0.5
"""Share of conversations with customers of several from which each customer is compared with themselves."""
LEAST_AGENTS = 2


class AgentJson(TypedDict):
    """One agent and outcome, as files and commands have it."""

    agent_id: str
    outcome: str
    n: int
    raw_rate: float
    adjusted: dict[str, float | int | None] | None
    pooled: dict[str, float | int | None]


@dataclass(frozen=True)
class AgentRow:
    """One agent's difference from the mean of all on one outcome; to be ranked by `pooled`, never by the raw rate."""

    agent_id: str
    outcome: str
    n: int
    raw_rate: float
    adjusted: Estimate | None
    pooled: Estimate

    def to_dict(self) -> AgentJson:
        """As files and commands have it."""
        return AgentJson(
            agent_id=self.agent_id,
            outcome=self.outcome,
            n=self.n,
            raw_rate=self.raw_rate,
            adjusted=self.adjusted.to_dict() if self.adjusted else None,
            pooled=self.pooled.to_dict(),
        )


def agent_rows(exposing: Exposing) -> list[AgentRow]:
    """Every agent and outcome of conversations, best pooled first within each outcome; none with one agent only."""
    table = exposing.table
    first = np.unique(table.talk, return_index=True)[1]
    agents = table.agent.of_row[first]
    named = np.array([bool(table.agent.texts[agent]) for agent in agents], np.bool_)
    rows: list[AgentRow] = []
    of_conversations = {name: values for name, values in exposing.outcomes.items() if name != REPLY}
    for outcome, values in of_conversations.items():
        known = first[named & np.isfinite(values[first])]
        if len(np.unique(table.agent.of_row[known])) >= LEAST_AGENTS:
            rows += _rows(exposing, outcome, values[known], known)
    return rows


def _rows(exposing: Exposing, outcome: str, values: NDArray[np.float64], rows: NDArray[np.intp]) -> list[AgentRow]:
    agents = exposing.table.agent
    customers = exposing.turns.customer[rows]
    estimates = _estimate(values, exposing.features.of_moment[rows], agents.of_row[rows], customers)
    found = [_row(agents.texts[one.agent], outcome, one) for one in estimates]
    return sorted(found, key=lambda row: (-row.pooled.mean, row.agent_id))


def _estimate(
    values: NDArray[np.float64], features: NDArray[np.float32], agent: NDArray[np.int32], customer: NDArray[np.int64]
) -> list[AgentEstimate]:
    _, codes, n_of = np.unique(customer, return_inverse=True, return_counts=True)
    come_back = float((n_of[codes] > 1).mean())
    compare = agent_performance if come_back >= COME_BACK else agent_performance_by_features
    return compare(values, features, agent, customer)


def _row(agent_id: str, outcome: str, one: AgentEstimate) -> AgentRow:
    return AgentRow(agent_id, outcome, one.n, one.raw_rate, one.adjusted, one.pooled)
