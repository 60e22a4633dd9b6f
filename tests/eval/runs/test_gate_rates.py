"""How often the gate is wrong, measured: false alarms where nothing is worse, and losses it does not see.

The world: 2,000 queries in 500 conversations of uneven length; whether the first reply is right (P@1) is decided by a
latent ease of the query, of which 15 % of the variance belongs to the conversation, and by what a version makes of it,
its own noise by query and, one fifth of it, by conversation. A version is right in 60 % of the queries. Two versions
share 95 % of the latent variance: they disagree about one query in ten, a correlation of 0.79 between their outcomes.
"""

import logging
import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from eval.runs.gate import gate

logger = logging.getLogger(__name__)

N_QUERIES = 2000
N_CONVERSATIONS = 500
N_REPETITIONS = 500
SHARED = 0.95
BY_CONVERSATION = 0.15
OWN_BY_CONVERSATION = 0.2
RIGHT = 0.6
STAGES = [f"stage {number}" for number in range(5)]

Outcomes = NDArray[np.float64]


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@cache
def conversation_of() -> NDArray[np.intp]:
    sizes = 1 + rng(0).multinomial(N_QUERIES - N_CONVERSATIONS, rng(1).dirichlet(np.ones(N_CONVERSATIONS)))
    return np.repeat(np.arange(N_CONVERSATIONS), sizes)


def noise(chance: np.random.Generator, variance: float, by_conversation: float) -> Outcomes:
    """Normal noise per query, of which a share is the same for all queries of a conversation."""
    shared = chance.normal(size=N_CONVERSATIONS)[conversation_of()]
    return math.sqrt(variance) * (
        math.sqrt(by_conversation) * shared + math.sqrt(1 - by_conversation) * chance.normal(size=N_QUERIES)
    )


def two_versions(chance: np.random.Generator, loss: float) -> tuple[Outcomes, Outcomes]:
    """Which queries each version gets right; the second is worse by `loss` in expectation."""
    ease = noise(chance, SHARED, BY_CONVERSATION / SHARED)
    own = [noise(chance, 1 - SHARED, OWN_BY_CONVERSATION) for _ in range(2)]
    shares = (RIGHT, RIGHT - loss)
    first, second = ((ease + one < norm.ppf(share)).astype(float) for one, share in zip(own, shares, strict=True))
    return first, second


def fails(
    make_run, chance: np.random.Generator, loss: float, *, margin: float = 0.0, with_slices: bool = False
) -> bool:
    """Whether the gate stops the second version."""
    columns = {
        "conversation_id": [f"c{one}" for one in conversation_of()],
        "slice_stage": [[STAGES[one]] for one in chance.integers(len(STAGES), size=N_QUERIES)],
    }
    baseline, candidate = (make_run({"P@1": values}, **columns) for values in two_versions(chance, loss))
    slices = ["stage"] if with_slices else []
    verdict = gate(baseline, candidate, metrics=["P@1"], by="conversation", slices=slices, margin=margin, rng=chance)
    return not verdict.passed


def test_the_world_is_as_described() -> None:
    first, second = np.concatenate([two_versions(rng(2, world), 0.03) for world in range(50)], axis=1)
    assert first.mean() == pytest.approx(0.60, abs=0.01)
    assert (first - second).mean() == pytest.approx(0.03, abs=0.005)
    assert (first != second).mean() == pytest.approx(0.10, abs=0.01)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.79, abs=0.02)


def rate(stopped: list[bool]) -> float:
    """The share of repetitions in which the gate stopped the release; seen with `--log-cli-level=INFO`."""
    logger.info("stopped in %.1f %% of %d repetitions", 100 * np.mean(stopped), len(stopped))
    return float(np.mean(stopped))


@pytest.mark.slow
@pytest.mark.parametrize("with_slices", [False, True])
def test_the_same_policy_with_other_noise_raises_a_false_alarm_in_at_most_5_percent(
    make_run, with_slices: bool
) -> None:
    alarms = [fails(make_run, rng(3, world), 0.0, with_slices=with_slices) for world in range(N_REPETITIONS)]
    assert rate(alarms) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("with_slices", [False, True])
def test_a_loss_of_3_points_on_2000_queries_is_caught_in_at_least_95_percent(make_run, with_slices: bool) -> None:
    caught = [fails(make_run, rng(4, world), 0.03, with_slices=with_slices) for world in range(N_REPETITIONS)]
    assert rate(caught) >= 0.95


@pytest.mark.slow
def test_a_loss_of_just_the_margin_is_stopped_in_at_most_5_percent(make_run) -> None:
    alarms = [fails(make_run, rng(5, world), 0.03, margin=0.03) for world in range(N_REPETITIONS)]
    assert rate(alarms) <= 0.05
