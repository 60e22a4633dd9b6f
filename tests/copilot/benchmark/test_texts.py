"""The synthetic texts: distinct, of realistic length, the same every time."""

import numpy as np
import pytest

from copilot.benchmark.messages import draw_requests
from copilot.benchmark.rules import draw_audiences
from copilot.benchmark.texts import N_PRODUCT_NAMES, ProductName, topics
from copilot.benchmark.vectors import mixtures
from knowledge.audience import Audience
from knowledge.text import canonical


@pytest.fixture(scope="module")
def many():
    return topics(20_000, np.random.default_rng(7))


def test_no_two_triggers_of_a_library_say_the_same(many) -> None:
    triggers = [canonical(trigger) for topic in many for trigger in topic.triggers]
    assert len(triggers) == 60_000
    assert len(set(triggers)) == len(triggers)


def test_lengths_are_those_of_real_scripts(many) -> None:
    chinese = [topic for topic in many if not topic.is_english]
    assert all(5 <= len(trigger) <= 20 for topic in chinese for trigger in topic.triggers)
    low, high = np.quantile([len(topic.reply) for topic in chinese], [0.02, 0.98])
    assert 40 <= low < high <= 100


def test_one_topic_in_twenty_is_english(many) -> None:
    assert sum(topic.is_english for topic in many) == 1_000


def test_the_same_seed_gives_the_same_topics(many) -> None:
    assert topics(20_000, np.random.default_rng(7)) == many


def test_product_names_are_distinct_across_sizes_and_brands() -> None:
    numbers = [*range(0, N_PRODUCT_NAMES, 997), *range(7_000)]
    assert len({ProductName.of(number).full for number in numbers}) == len(set(numbers))


def test_messages_are_distinct_and_no_triggers(many) -> None:
    requests = draw_requests(20_000, 7, 500, part=3)
    messages = {canonical(request.message) for request in requests}
    assert len(messages) == 500
    assert not messages & {canonical(trigger) for topic in many for trigger in topic.triggers}


def test_half_of_the_messages_have_context_and_each_has_its_own_customer() -> None:
    requests = draw_requests(1_000, 7, 500, part=3)
    assert sum(bool(request.context) for request in requests) == 250
    assert len({request.customer_id for request in requests}) == 500


def test_another_part_asks_other_things() -> None:
    first, second = (draw_requests(1_000, 7, 100, part=part) for part in (2, 3))
    assert first != second


def test_audiences_are_distinct_and_valid() -> None:
    audiences = draw_audiences(np.random.default_rng(7), 200)
    parsed = {Audience.parse(audience) for audience in audiences}
    assert len(parsed) == 200
    assert Audience() not in parsed


def test_mixtures_are_unit_vectors_near_what_they_are_mixed_from() -> None:
    base = np.eye(2, 16, dtype=np.float32)
    mixed = mixtures(base, 200, np.random.default_rng(7))
    assert np.linalg.norm(mixed, axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    assert (mixed @ base.T).max(axis=1).min() > 0.5
