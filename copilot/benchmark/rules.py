"""Whom the scripts of a synthetic shop are for, where and when: what makes eligibility real."""

import json
from datetime import datetime, timedelta

import numpy as np

from copilot.benchmark.vocabulary import TAGS
from knowledge.tables import Stage

N_AUDIENCES = 200
N_TEAMS = 20
N_AGENTS = 100
SHARE_FOR_EVERYBODY = 0.6

Audience = dict[str, object]


def draw_audiences(rng: np.random.Generator, n: int = N_AUDIENCES) -> list[Audience]:
    """`n` distinct audiences, each with a rule."""
    distinct: dict[str, Audience] = {}
    while len(distinct) < n:
        audience = _audience(rng)
        distinct.setdefault(json.dumps(audience, sort_keys=True), audience)
    return list(distinct.values())


class RuleDice:
    """Draws the rules of one item after the other."""

    def __init__(self, rng: np.random.Generator, now: datetime) -> None:
        self._rng = rng
        self._now = now
        self._audiences = draw_audiences(rng)
        self._stages = [stage.value for stage in Stage]

    def audience(self) -> Audience:
        """Everybody for most items."""
        if self._rng.random() < SHARE_FOR_EVERYBODY:
            return {}
        return self._audiences[int(self._rng.integers(len(self._audiences)))]

    def scenes(self) -> list[str]:
        """Four in five suit both scenes."""
        value = self._rng.random()
        return ["direct"] if value < 0.15 else ["group"] if value < 0.2 else []

    def stages(self) -> list[str]:
        """Half belong to one stage."""
        return [self._stages[int(self._rng.integers(len(self._stages)))]] if self._rng.random() < 0.5 else []

    def scope(self) -> str:
        """Mostly for all; a tenth for a team, a twentieth for one agent."""
        value = self._rng.random()
        if value < 0.05:
            return f"private:{agent_id(int(self._rng.integers(N_AGENTS)))}"
        return f"team:{team_id(int(self._rng.integers(N_TEAMS)))}" if value < 0.15 else "organisation"

    def window(self) -> tuple[datetime | None, datetime | None]:
        """A fifth are valid for a season only: past, present or to come."""
        if self._rng.random() >= 0.2:
            return None, None
        start = self._now + timedelta(days=int(self._rng.integers(-300, 60)))
        return start, start + timedelta(days=int(self._rng.integers(30, 300)))


def team_id(number: int) -> str:
    """The id of a team."""
    return f"t{number:02d}"


def agent_id(number: int) -> str:
    """The id of an agent; agents are spread evenly over the teams."""
    return f"a{number:03d}"


def _audience(rng: np.random.Generator) -> Audience:
    first, second = (TAGS[place] for place in rng.choice(len(TAGS), 2, replace=False).tolist())
    shapes: list[Audience] = [
        {"all": [first]},
        {"any": [first, second]},
        {"none": [first]},
        {"any": [first], "none": [second]},
        {"gender": "female" if rng.random() < 0.8 else "male", "unknown_gender": "allow"},
        {"orders": {"window_days": int(rng.choice([30, 90, 180])), "min": int(rng.integers(1, 4))}},
        {"age": [int(rng.integers(18, 35)), int(rng.integers(36, 70))]},
    ]
    return shapes[int(rng.choice(len(shapes), p=[0.25, 0.25, 0.25, 0.1, 0.03, 0.07, 0.05]))]
