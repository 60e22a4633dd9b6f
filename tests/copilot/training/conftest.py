"""Worlds whose truth is known, as decided sets that the default policy showed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from copilot.engine.policy import REPLY_FEATURES, ReplyWeights
from copilot.training.log import DecisionLog, weight_array
from models.rankers.slates import Slates
from models.rankers.synthetic import World, draw_log

MOVING = ("trigger_similarity", "reply_similarity", "reply_words", "performance", "own_usage")
LOOKED_AT = (1.0, 0.6, 0.4)


@dataclass(frozen=True)
class LogMaker:
    """Draws logs in which five features move and agents want what `truth` says."""

    truth: tuple[float, ...] = (2.4, 2.0, 1.6, 0.6, 0.15)

    @property
    def serving(self) -> np.ndarray:
        return np.array([getattr(ReplyWeights(), name) for name in MOVING])

    def __call__(self, n_sets: int, seed: int, *, swapped: float = 0.3, none: float = 4.0) -> DecisionLog:
        rng = np.random.default_rng([seed, n_sets])
        world = World(np.array(self.truth), self.serving, np.array(LOOKED_AT), swapped=swapped, none=none)
        drawn = draw_log(world, n_sets, rng)
        features = np.zeros((len(drawn.slates.slate), len(REPLY_FEATURES)))
        features[:, [REPLY_FEATURES.index(name) for name in MOVING]] = drawn.slates.features
        return DecisionLog(
            source="world",
            data_hash="",
            slates=Slates(features, drawn.slates.slate, drawn.slates.taken),
            set_ids=[f"s{number}" for number in range(n_sets)],
            item_ids=[f"i{row}" for row in range(len(features))],
            propensities=drawn.propensities,
            groups=np.arange(n_sets) // 2,
            uses=None,
            left_out={},
        )


@pytest.fixture
def right_world() -> Callable[..., DecisionLog]:
    """Agents want exactly what the default policy thinks."""
    return LogMaker()


@pytest.fixture
def wrong_world() -> Callable[..., DecisionLog]:
    """Agents go by the words of the reply and by what they used before."""
    return LogMaker((0.6, 1.0, 3.0, 2.0, 1.5))


@pytest.fixture
def serving_weights() -> np.ndarray:
    return weight_array(ReplyWeights())
