"""The sample brand's agents: how good each is, whom they are given, and which scripts they like."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from copilot.sample.brand import ShopAgent
from copilot.sample.names import Language

SKILL_POINTS = 0.012
EASE_PULL = 0.9
EVENING_PULL = 0.5
LANGUAGE_PULL = 5.0
GROUP_PULL = 6.0
MERIT_PULL = 0.6
LEANING_PULL = 1.3
TASTE_SPREAD = 0.5
FREEHAND_ODDS = 1.1


@dataclass(frozen=True)
class Agent:
    """An agent with what only the generator knows.

    Attributes:
        standing: From -1 (new) to 1 (best): decides who gets the easy customers, the evenings and the good scripts.
        skill: What the agent's own way adds to the probability of a sale, beside any script.
        tastes: Personal liking of each script, by script id, as an exponent.
    """

    agent_id: str
    name: str
    team: str
    standing: float
    skill: float
    tastes: Mapping[str, float]


def make_agents(rng: np.random.Generator, roster: Sequence[ShopAgent], script_ids: Sequence[str]) -> list[Agent]:
    """The agents in the order of the roster; standings are spread evenly over them at random."""
    standings = rng.permutation(np.linspace(-1.0, 1.0, len(roster)))
    skills = SKILL_POINTS * standings + rng.normal(0.0, SKILL_POINTS / 3, len(roster))
    tastes = rng.normal(0.0, TASTE_SPREAD, (len(roster), len(script_ids)))
    return [
        Agent(
            agent_id=entry.agent_id,
            name=entry.name,
            team=entry.team,
            standing=round(float(standings[row]), 4),
            skill=round(float(skills[row]), 4),
            tastes=dict(zip(script_ids, tastes[row].tolist(), strict=True)),
        )
        for row, entry in enumerate(roster)
    ]


def assignment_odds(agent: Agent, *, ease: int, evening: float, language: Language, scene: str) -> float:
    """How likely this agent is to be given such a customer, relative to the others.

    exp(standing * (EASE_PULL * (ease - 1.5) + EVENING_PULL * evening)), times the pull of language and team.
    """
    odds = math.exp(agent.standing * (EASE_PULL * (ease - 1.5) + EVENING_PULL * evening))
    if language == "en" and agent.name[:1].isascii():
        odds *= LANGUAGE_PULL
    if scene == "group" and agent.team == "社群运营":
        odds *= GROUP_PULL
    return odds


def script_odds(agent: Agent, script_id: str, *, merit: float, leaning: float) -> float:
    """How likely this agent is to answer with this script, relative to the others of the same need.

    `merit` is the planted effect in units of six points, at most 1.5 either way; `leaning` says how much the best
    agents favour the script whatever it is worth, which is what makes a plain comparison mislead.
    """
    pull = MERIT_PULL * max(-1.5, min(1.5, merit)) + LEANING_PULL * leaning
    return math.exp(agent.standing * pull + agent.tastes[script_id])


def freehand_odds(agent: Agent) -> float:
    """How likely this agent is to type an answer instead; the better ones do it less."""
    return FREEHAND_ODDS * math.exp(-0.5 * agent.standing)
