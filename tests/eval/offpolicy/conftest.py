"""Logs small enough to work out by hand, and reward models that are told what to believe."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from eval.datasets.decisions import Decisions, Floats, read_decisions
from eval.offpolicy.reward_models import Coefficients, Curvature, Design, Fit

Row = Mapping[str, object]


@dataclass(frozen=True)
class Believing:
    """A reward model that expects of every item what it was told, whatever it is shown."""

    effects: tuple[float, ...]

    def fit(self, design: Design, rewards: Floats) -> Fit:
        dense, items = np.ones(design.dense.shape[1]), np.ones(design.n_items)
        curvature = Curvature.of(design, np.ones(len(rewards)), Coefficients(dense, items))
        return Fit(Coefficients(0 * dense, np.array(self.effects)), curvature, is_logistic=False)


@pytest.fixture
def believing() -> Callable[..., Believing]:
    return lambda *effects: Believing(effects)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Sequence[Row]], Decisions]:
    def write_and_read(rows: Sequence[Row]) -> Decisions:
        path = tmp_path / "decisions.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return read_decisions(path)

    return write_and_read


def candidates(round_id: str, shown: str, reward: float, logging: Row, target: Row) -> list[Row]:
    """The rows of a round that could show any of the items of `logging`."""
    return [
        {
            "round_id": round_id,
            "position": 1,
            "item_id": item,
            "shown": item == shown,
            "reward": reward if item == shown else None,
            "propensity": logging[item],
            "target_propensity": target[item],
        }
        for item in logging
    ]


@pytest.fixture
def four_rounds(read: Callable[[Sequence[Row]], Decisions]) -> Decisions:
    """Weights 3/2, 1/2, 3/2 and 2; rewards 1, 1, 0 and 1."""
    half, target = {"a": 0.5, "b": 0.5}, {"a": 0.75, "b": 0.25}
    return read(
        [
            *candidates("r1", "a", 1, half, target),
            *candidates("r2", "b", 1, half, target),
            *candidates("r3", "a", 0, half, target),
            *candidates("r4", "b", 1, {"a": 0.75, "b": 0.25}, half),
        ]
    )


@pytest.fixture
def two_lists(read: Callable[[Sequence[Row]], Decisions]) -> Decisions:
    """Lists of two out of a, b, c, all alike to the logging policy.

    The target starts with a half of the time and with b or c a quarter each; after a it takes b in three of four cases,
    after b or c either of the others. So b stands second with 1/2 · 3/4 + 1/4 · 1/2 = 1/2, a with 1/4 and c with 1/4.
    """
    first = {"a": 1 / 2, "b": 1 / 4, "c": 1 / 4}
    second = {"a": 1 / 4, "b": 1 / 2, "c": 1 / 4}
    after = {"a": {"a": 0, "b": 3 / 4, "c": 1 / 4}, "b": {"a": 1 / 2, "b": 0, "c": 1 / 2}}
    rows: list[Row] = []
    for round_id, shown, rewards in (("r1", "ab", (1, 2)), ("r2", "ba", (0, 1))):
        for place in (0, 1):
            for item in "abc":
                rows.append(
                    {
                        "round_id": round_id,
                        "position": place + 1,
                        "item_id": item,
                        "shown": item == shown[place],
                        "reward": rewards[place] if item == shown[place] else None,
                        "propensity": 1 / 3,
                        "target_propensity": (first, second)[place][item],
                        "conditional_propensity": 1 / 3 if place == 0 else (0 if item == shown[0] else 1 / 2),
                        "target_conditional_propensity": first[item] if place == 0 else after[shown[0]][item],
                    }
                )
    return read(rows)
