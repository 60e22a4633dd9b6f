"""What the learned recommender adds to an answer, and which of its reasons are told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from copilot.building import learn_affinity
from copilot.engine.answer import Reason
from copilot.engine.cards import ProductCard
from copilot.engine.context import CustomerContext
from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import LearnedProducts, ProductModels
from copilot.engine.nextbest.ranking import score_products, shown
from copilot.engine.nextbest.signals import Signals
from copilot.engine.policy import Policy
from copilot.engine.product_rules import ObjectiveMix, ProductRules
from copilot.engine.request import ProductMode, SuggestRequest
from copilot.training.workspace_orders import workspace_history
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import DEFAULT_TENANT
from models.recommenders.learned.model import Learned, LearnedSettings
from models.recommenders.learned.trees import TreeSettings

HABIT, PULL, TREND = (Reason(name, f"{name}:1") for name in ("habit", "pull", "trend"))


def scored(features: dict[str, float], reasons: dict[str, Reason], rules: ProductRules | None = None):
    """What is shown of one product of which this much is known."""
    signals = Signals()
    signals.put("a", features, reasons)
    card = ProductCard("a", "云苔面霜", "", None, None, "CNY", 1, frozenset(), None, "active")
    found = score_products(
        signals,
        {"a": card},
        CustomerContext(),
        policy=Policy(product_threshold=0.0),
        rules=rules or ProductRules(),
        language="zh",
    )
    return shown(found, signals)


def test_a_reason_is_told_only_if_it_speaks_for_the_product() -> None:
    [product] = scored({"habit": -0.5, "pull": 1.0, "trend": 0.0}, {"habit": HABIT, "pull": PULL, "trend": TREND})
    assert product.reasons == (PULL,)
    assert [part.feature for part in product.why] == ["pull", "habit"]


def test_a_product_for_which_no_reason_speaks_is_not_shown() -> None:
    assert scored({"habit": -0.5, "activity": 2.0}, {"habit": HABIT}) == ()
    assert len(scored({"habit": 0.1, "activity": 2.0}, {"habit": HABIT})) == 1
    without = ProductRules(objectives=ObjectiveMix(conversion=0.0))  # what others buy counts nothing in this shop
    assert scored({"pull": 1.0, "activity": 2.0}, {"pull": PULL}, without) == ()


@pytest.fixture
def regulars(shop):
    """Thirty who buy cleanser with toner every twenty days or so, and tea alone; one who buys cleanser alone."""
    for sku, name in (("cleanser", "初霁洁面乳"), ("toner", "晨露水"), ("tea", "山野茶"), ("soap", "松木皂")):
        shop.add_product(sku, name, replenish_days=20)
    for number in range(30):
        shop.add_customer(f"b{number}")
        for basket in range(5):
            ago = basket * 20 + number % 7 + 1
            shop.add_order(f"o{number}-{basket}", f"b{number}", "cleanser", "toner", days_ago=ago)
            shop.add_order(f"t{number}-{basket}", f"b{number}", "tea", days_ago=ago + 3)
    shop.add_customer("c1")
    for basket in range(4):
        shop.add_order(f"c1-{basket}", "c1", "cleanser", days_ago=basket * 20 + 21)
    shop.policy = Policy(product_threshold=0.05, max_promotions_per_week=99)
    return shop


def trained(shop) -> Engine:
    """An engine with a recommender that was trained on the orders of the shop."""
    database, usual = shop.workspace.database, shop.engine
    history = workspace_history(database, DEFAULT_TENANT, "shop")
    few = LearnedSettings(threads=1, trees=TreeSettings(n_trees=30, min_rows_in_leaf=10))
    learned = LearnedProducts.of(Learned.fit(history.lines, few), history.skus)
    models = ProductModels.of(learn_affinity(database, DEFAULT_TENANT)[0], None, learned)
    return Engine(database, shop.index, shop.encoder, replace(usual.setup, models=models), clock=shop.clock)


def test_what_is_due_by_her_own_rhythm_is_told_with_her_last_order(regulars) -> None:
    [product] = trained(regulars).rehearse(SuggestRequest(message="几点发货", customer_id="c1"))[0].products
    assert (product.sku, [one.reference for one in product.reasons]) == ("cleanser", ["order:c1-0"])
    assert product.reasons[0].text == "买过 4 次，约每 20 天一次，上次在 21 天前"


def test_what_she_has_is_told_with_what_others_bought_where_her_own_rhythm_speaks_against_it(random_shops) -> None:
    n_found = 0
    for shop in random_shops[3:]:
        for person in shop.people.values():
            own = {line.sku for line in person.bought if line.status not in UNDONE_STATUSES}
            for days in (0, 5, 13):
                at = shop.engine.clock() + timedelta(days=days)
                request = SuggestRequest(message="快递一般几天能到", customer_id=person.id, max_products=10, at=at)
                for one in shop.engine.rehearse(request)[0].products:
                    kinds = {why.reference.partition(":")[0] for why in one.reasons}
                    parts = {part.feature: part.contribution for part in one.why}
                    assert "order" not in kinds or max(parts.get("habit", 0.0), parts.get("refill", 0.0)) > 0.0
                    n_found += one.sku in own and "baskets" in kinds and parts.get("habit", 0.0) <= 0.0
    assert n_found > 2


def test_with_complements_only_they_are_offered_and_the_likeliest_purchases_where_none_is_known(regulars) -> None:
    engine = trained(regulars)
    known, none = (
        engine.rehearse(
            SuggestRequest(
                message="几点发货",
                customer_id="c1",
                products=ProductMode.COMPLEMENT,
                complement_of=sku,
                max_products=10,
                at=regulars.clock() + timedelta(hours=1),
            )
        )[0]
        for sku in ("cleanser", "soap")
    )
    assert (known.products_reason, none.products_reason) == ("", "complement:none known of soap")
    assert [{part.feature for part in one.why} for one in known.products if one.sku == "toner"] == [
        {"bought_together", "popularity"}
    ]
    assert none.products
    assert all("activity" in {part.feature for part in one.why} for one in none.products)
