"""What lasts and what is used up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import event

from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.nextbest.owned import usual_interval
from copilot.engine.policy import Policy
from copilot.engine.request import ProductMode, SuggestRequest
from knowledge.library.changes import record_change
from knowledge.tables import DEFAULT_TENANT, IndexKind, Product
from models.affinity import Affinity

MILK, CASE = 0, 1


@pytest.fixture(scope="module")
def models() -> ProductModels:
    """Five customers buy milk four times, every ten days; of twenty who bought a case, one bought another."""
    milk = [(customer, MILK, 10.0 * n) for customer in range(5) for n in range(4)]
    cases = [(customer, CASE, 1.0) for customer in range(20)] + [(0, CASE, 31.0)]
    customers, items, days = (np.array(column) for column in zip(*milk, *cases, strict=True))
    baskets = np.arange(len(items))
    return ProductModels.of(Affinity.fit(("milk", "case"), baskets, customers, items, days.astype(np.float64)))


@pytest.mark.parametrize(
    ("sku", "replenish_days", "expected"),
    [
        ("milk", None, 10.0),  # bought again in 15 of its 20 orders
        ("milk", 7, 7.0),  # the catalogue knows better
        ("case", None, None),  # bought again once in 21 orders
        ("unheard of", None, None),
    ],
)
def test_what_everybody_buys_again_is_used_up_even_if_the_catalogue_says_nothing(
    models, sku: str, replenish_days: int | None, expected: float | None
) -> None:
    assert usual_interval(sku, replenish_days, models) == expected


def with_long_history(shop) -> SuggestRequest:
    """A customer who bought a lamp, tea, a chair and a stool long ago, and five hundred other things since."""
    for sku, name, days in (
        ("lamp", "青瓷台灯", None),
        ("tea", "山野茶", 60),
        ("chair", "藤编椅", 60),
        ("stool", "藤凳", 60),
    ):
        shop.add_product(sku, name, replenish_days=days)
    shop.add_customer("c1")
    shop.add_order("o1", "c1", "lamp", "tea", days_ago=100)
    shop.add_order("o2", "c1", "chair", days_ago=101, status="refunded")
    for number in range(10):
        shop.add_order(f"n{number}", "c1", *(f"x{number}-{line}" for line in range(50)), days_ago=10 + number)
    return SuggestRequest(message="青瓷台灯山野茶藤编椅藤凳", customer_id="c1")


@pytest.fixture
def histories(shop) -> Iterator[list[str]]:
    """The queries for the earlier purchases of somebody, as they are made."""
    queries: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        if "max(CASE" in statement:
            queries.append(statement)

    event.listen(shop.workspace.database.engine, "before_cursor_execute", note)
    yield queries
    event.remove(shop.workspace.database.engine, "before_cursor_execute", note)


def skus(engine: Engine, request: SuggestRequest) -> set[str]:
    return {one.sku for one in engine.suggest(request).products}


def change_product(shop, sku: str, **columns: object) -> None:
    with shop.workspace.database.write() as session:
        product = session.get(Product, (DEFAULT_TENANT, sku))
        for name, value in columns.items():
            setattr(product, name, value)
        record_change(session, DEFAULT_TENANT, IndexKind.PRODUCT, sku)


def test_what_was_bought_before_the_last_five_hundred_lines_counts_too(shop) -> None:
    request = with_long_history(shop)
    shop.policy = Policy(max_promotions_per_week=99)
    engine = shop.engine
    assert skus(engine, replace(request, max_products=10)) == {"tea", "chair", "stool"}
    assert skus(engine, replace(request, max_products=10, products=ProductMode.NEW)) == {"stool"}
    for mode, rule in ((ProductMode.ANY, "owned:lasts"), (ProductMode.NEW, "mode:not new")):
        [excluded] = engine.suggest(SuggestRequest(message="青瓷台灯", customer_id="c1", products=mode)).excluded
        assert (excluded.item_id, excluded.rule) == ("lamp", rule)


def test_what_was_bought_so_often_lately_that_five_hundred_lines_came_since_is_not_due_yet(shop) -> None:
    request = with_long_history(shop)
    for number in range(10):
        shop.add_order(f"l{number}", "c1", *(f"y{number}-{line}" for line in range(50)), days_ago=1)
    shop.add_product("x0-0", "青瓷杯", replenish_days=20)  # ten days ago; due after sixteen
    request = replace(request, message="青瓷杯")
    assert skus(shop.engine, request) == set()
    assert skus(shop.engine, replace(request, at=shop.clock() + timedelta(days=5.9))) == set()
    assert skus(shop.engine, replace(request, at=shop.clock() + timedelta(days=6.1))) == {"x0-0"}


def test_a_long_history_is_read_once_until_the_customer_changes(shop, histories: list[str]) -> None:
    request, engine = with_long_history(shop), shop.engine
    for _ in range(3):
        assert "lamp" not in skus(engine, request)
    assert len(histories) == 1
    shop.add_order("o3", "c1", "stool", days_ago=5)
    assert skus(engine, request) == {"tea", "chair"}
    assert len(histories) == 2


def test_a_product_that_turns_out_to_be_used_up_is_offered_again_at_once(shop, histories: list[str]) -> None:
    request, engine = with_long_history(shop), shop.engine
    assert "lamp" not in skus(engine, request)
    change_product(shop, "stool", replenish_days=None)  # the customer never had it
    assert "lamp" not in skus(engine, request)
    assert len(histories) == 1
    change_product(shop, "lamp", replenish_days=90)
    change_product(shop, "tea", replenish_days=None)
    shop.policy = Policy(max_promotions_per_week=99)
    found = skus(engine, replace(request, max_products=10))
    assert "lamp" in found
    assert "tea" not in found
    assert len(histories) == 2


def test_somebody_with_few_orders_has_no_history_to_read(shop, histories: list[str]) -> None:
    shop.add_customer("c2")
    shop.add_order("o1", "c2", "towel", days_ago=3)
    shop.engine.suggest(SuggestRequest(message="藤凳", customer_id="c2"))
    assert histories == []
