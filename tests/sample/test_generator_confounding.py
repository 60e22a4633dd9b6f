"""The causal world: plain comparisons mislead, comparing equally easy customers does not.

Each planted script is compared with the answers typed by hand to the same need: the naive difference, and the one
stratified by the true ease of the customers (each tier weighted by how often the script was used in it).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.sample.conversation import Conversation
from copilot.sample.generator import SampleConfig
from copilot.sample.world import World, build_world

pytestmark = pytest.mark.slow

Outcome = Callable[[Conversation], float]
CONFIG = SampleConfig(n_customers=300, n_conversations=20_000)
FEWEST_USES = 40


@dataclass(frozen=True)
class Comparison:
    """One script against typed answers to the same need."""

    script_id: str
    planted: float
    naive: float
    stratified: float
    easy_surplus: float


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(CONFIG)


@pytest.fixture(scope="module")
def archive(world: World) -> list[Conversation]:
    return list(world.conversations())


def sale(talk: Conversation) -> float:
    return float(talk.converted)


def true_probability(talk: Conversation) -> float:
    return talk.cause.sale.probability


def compare_all(world: World, archive: Sequence[Conversation], outcome: Outcome) -> list[Comparison]:
    by_need: defaultdict[str, list[Conversation]] = defaultdict(list)
    for talk in archive:
        by_need[talk.cause.need].append(talk)
    need_of = {planned.script_id: planned.need for planned in world.brand.plan}
    comparisons = []
    for planned in world.brand.plan:
        talks = by_need[planned.need]
        used = [talk for talk in talks if planned.script_id in talk.script_ids]
        typed = [talk for talk in talks if all(need_of.get(used_id) != planned.need for used_id in talk.script_ids)]
        if planned.goal == "conversion" and min(len(used), len(typed)) >= FEWEST_USES:
            comparisons.append(compare(planned.script_id, planned.effect, used, typed, outcome))
    return comparisons


def compare(
    script_id: str, planted: float, used: Sequence[Conversation], typed: Sequence[Conversation], outcome: Outcome
) -> Comparison:
    treated, control = values(used, outcome), values(typed, outcome)
    stratified, weight = 0.0, 0
    for tier in range(4):
        left = values([talk for talk in used if talk.cause.ease == tier], outcome)
        right = values([talk for talk in typed if talk.cause.ease == tier], outcome)
        if len(left) and len(right):
            stratified += len(left) * (left.mean() - right.mean())
            weight += len(left)
    return Comparison(
        script_id=script_id,
        planted=planted,
        naive=float(treated.mean() - control.mean()),
        stratified=stratified / weight,
        easy_surplus=share_easy(used) - share_easy(typed),
    )


def values(talks: Sequence[Conversation], outcome: Outcome) -> NDArray[np.float64]:
    return np.array([outcome(talk) for talk in talks], dtype=np.float64)


def share_easy(talks: Sequence[Conversation]) -> float:
    return float(np.mean([talk.cause.ease >= 2 for talk in talks]))


def column(comparisons: Sequence[Comparison], name: str) -> NDArray[np.float64]:
    return np.array([getattr(comparison, name) for comparison in comparisons], dtype=np.float64)


def test_naive_errors_grow_with_the_share_of_easy_customers_and_stratified_ones_do_not(
    world: World, archive: list[Conversation]
) -> None:
    """By drawn sales. From ease 0-1 to 2-3 the base rises by about 24 points, so that is the slope to expect."""
    comparisons = compare_all(world, archive, sale)
    assert len(comparisons) >= 45
    planted, surplus = column(comparisons, "planted"), column(comparisons, "easy_surplus")
    naive, stratified = (column(comparisons, name) - planted for name in ("naive", "stratified"))
    assert np.polyfit(surplus, naive, 1)[0] > 0.18
    assert abs(np.polyfit(surplus, stratified, 1)[0]) < 0.12
    assert np.corrcoef(surplus, naive)[0, 1] > 0.5
    assert abs(np.corrcoef(surplus, stratified)[0, 1]) < 0.3


def test_stratified_differences_centre_on_the_planted_effects(world: World, archive: list[Conversation]) -> None:
    """By drawn sales, where one script's difference has a standard error of five points."""
    comparisons = compare_all(world, archive, sale)
    planted, stratified = column(comparisons, "planted"), column(comparisons, "stratified")
    assert abs(np.mean(stratified - planted)) < 0.03
    assert 0.6 < np.polyfit(planted, stratified, 1)[0] < 1.4


def test_stratifying_recovers_each_effect_within_four_points_once_luck_is_taken_out(
    world: World, archive: list[Conversation]
) -> None:
    comparisons = compare_all(world, archive, true_probability)
    planted = column(comparisons, "planted")
    stratified_error = np.abs(column(comparisons, "stratified") - planted)
    naive_error = np.abs(column(comparisons, "naive") - planted)
    assert stratified_error.max() < 0.04
    assert stratified_error.mean() < 0.015
    assert naive_error.mean() > 0.03
    assert naive_error.max() > 0.08


def test_a_useless_script_looks_as_good_as_a_good_one(world: World, archive: list[Conversation]) -> None:
    comparisons = compare_all(world, archive, true_probability)
    useless = max(comparison.naive for comparison in comparisons if comparison.planted == 0.0)
    helpful = [comparison.naive for comparison in comparisons if comparison.planted >= 0.07]
    assert useless > 0.06
    assert useless > min(helpful)


def test_without_effects_naive_differences_still_claim_some(world: World) -> None:
    comparisons = compare_all(world, list(world.conversations({})), true_probability)
    assert np.abs(column(comparisons, "naive")).max() > 0.08
    assert np.abs(column(comparisons, "stratified")).max() < 0.04
