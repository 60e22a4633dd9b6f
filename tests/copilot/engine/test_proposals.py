"""What the learned recommender proposes is kept as long as nothing changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from copilot.engine.context import Bought, CustomerContext
from copilot.engine.nextbest.models import LearnedProducts
from copilot.engine.nextbest.proposals import Proposals, history_of
from models.recommenders.learned.model import Learned, LearnedSettings
from models.recommenders.learned.trees import TreeSettings
from models.recommenders.lines import PurchaseLines

NOW = datetime(2026, 11, 2, 12, 20, tzinfo=UTC)
LEAST = -1e9


@pytest.fixture(scope="module")
def learned() -> LearnedProducts:
    rng = np.random.default_rng(5)
    n, today = 3_000, NOW.timestamp() / 86_400
    lines = PurchaseLines(
        baskets=np.arange(n),
        customers=rng.integers(0, 100, n),
        items=(rng.random(n) ** 2 * 12).astype(np.int64),
        days=np.sort(today - rng.uniform(1, 200, n)),
        n_customers=100,
        n_items=12,
    )
    few = LearnedSettings(threads=1, trees=TreeSettings(n_trees=20, min_rows_in_leaf=10))
    return LearnedProducts.of(Learned.fit(lines, few), tuple(f"p{number}" for number in range(12)))


def customer(*hours_ago: float, customer_id: str | None = "mei") -> CustomerContext:
    bought = [
        Bought(f"o{n}", f"p{n}", NOW - timedelta(hours=ago), "delivered", 1.0, None) for n, ago in enumerate(hours_ago)
    ]
    return CustomerContext(customer_id=customer_id, bought=tuple(bought))


def test_within_the_hour_the_same_proposal_is_given(learned) -> None:
    proposals, mei = Proposals(), customer(100, 900)
    first = proposals.get(learned, mei, NOW, LEAST)
    assert proposals.get(learned, mei, NOW + timedelta(minutes=39), LEAST) is first
    assert proposals.get(learned, mei, NOW + timedelta(minutes=40), LEAST) is not first


def test_a_proposal_is_the_same_whether_it_was_kept_or_not(learned) -> None:
    mei = customer(100, 900)
    early, late = (Proposals().get(learned, mei, NOW + timedelta(minutes=m), LEAST) for m in (0, 30))
    assert early.skus == late.skus
    np.testing.assert_array_equal(early.log_odds, late.log_odds)


def test_an_order_placed_now_is_seen_at_once(learned) -> None:
    proposals, mei = Proposals(), customer(100, 900)
    before = proposals.get(learned, mei, NOW, LEAST)
    now_bought = Bought("new", "p7", NOW - timedelta(seconds=1), "paid", 1.0, None)
    after = proposals.get(learned, replace(mei, bought=(now_bought, *mei.bought)), NOW, LEAST)
    assert after.habits[after.skus.index("p7"), 0] == 1.0
    assert before.habits[before.skus.index("p7"), 0] == 0.0


def test_an_order_of_the_future_is_seen_when_its_time_has_come(learned) -> None:
    proposals, mei = Proposals(), customer(-0.1, 900)
    assert len(history_of(mei, NOW, learned)) == 1
    before = proposals.get(learned, mei, NOW, LEAST)
    after = proposals.get(learned, mei, NOW + timedelta(minutes=10), LEAST)
    assert before.habits[before.skus.index("p0"), 0] == 0.0
    assert after.habits[after.skus.index("p0"), 0] == 1.0


def test_people_without_an_id_are_not_mixed_up(learned) -> None:
    proposals = Proposals()
    one, other = (customer(ago, customer_id=None) for ago in (5.0, 2_000.0))
    first, second = (proposals.get(learned, each, NOW, LEAST) for each in (one, other))
    assert not np.array_equal(first.log_odds, second.log_odds)


def test_what_is_added_by_each_group_sums_to_the_log_odds(learned) -> None:
    found = Proposals().get(learned, customer(3, 100, 900), NOW, LEAST)
    total = found.start + sum(found.parts.values())
    np.testing.assert_allclose(total, found.log_odds, atol=1e-9)
    assert (np.diff(found.log_odds) <= 0).all()
