"""Reading for one message looks at its own rows only, however large the tenant's tables are."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from copilot.engine.cards import read_scripts, read_team_use
from copilot.engine.context import MAX_ORDER_LINES, Bought, CustomerContext, read_customer
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.nextbest.owned import Earlier, EarlierPurchases
from knowledge.tables import DEFAULT_TENANT
from models.affinity import Affinity

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def plans(shop):
    """The steps of SQLite's plan for every query made from now on."""
    steps: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.startswith("SELECT"):
            explained: sqlite3.Cursor = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(row[-1] for row in explained)

    event.listen(shop.workspace.database.engine, "before_cursor_execute", explain)
    yield steps
    event.remove(shop.workspace.database.engine, "before_cursor_execute", explain)


def test_a_customers_order_lines_are_found_by_their_order(shop, plans: list[str]) -> None:
    shop.add_customer("c1", "会员")
    shop.add_order("o1", "c1", "sku", days_ago=3)
    plans.clear()
    with shop.workspace.database.read() as session:
        assert [line.sku for line in read_customer(session, DEFAULT_TENANT, "c1").bought] == ["sku"]
    read = [step for step in plans if "order_line" in step]
    assert read
    assert all("tenant_id=? AND order_id=?" in step for step in read)


def test_what_a_customer_bought_earlier_is_found_by_the_orders_and_then_by_the_product(shop, plans: list[str]) -> None:
    at = [NOON - timedelta(days=day) for day in range(MAX_ORDER_LINES)]
    recent = tuple(Bought(f"o{day}", "towel", when, "delivered", 1.0, None) for day, when in enumerate(at))
    plans.clear()
    with shop.workspace.database.read() as session:
        earlier = EarlierPurchases(DEFAULT_TENANT, ProductModels.of(Affinity.empty()))
        assert earlier.of(session, CustomerContext(customer_id="c1", bought=recent)) == Earlier()
    read = [step for step in plans if "order_line" in step or "product" in step]
    assert len(read) == 2
    assert all("tenant_id=? AND order_id=?" in step or "tenant_id=? AND sku=?" in step for step in read)


def test_script_versions_are_found_by_their_script(shop, plans: list[str]) -> None:
    shop.add_script("one", "四点前付款当天发货。", "发货时间")
    plans.clear()
    with shop.workspace.database.read() as session:
        assert set(read_scripts(session, DEFAULT_TENANT, [("one", 1), ("two", 1)])) == {("one", 1)}
    read = [step for step in plans if "script_version" in step]
    assert read
    assert all("tenant_id=? AND script_id=?" in step for step in read)


def test_what_a_team_used_is_found_by_its_scripts(shop, plans: list[str]) -> None:
    plans.clear()
    with shop.workspace.database.read() as session:
        assert read_team_use(session, DEFAULT_TENANT, ["one", "two"], "a1", "t1", NOON) == {}
    read = [step for step in plans if "script_use" in step]
    assert read
    assert all("tenant_id=? AND script_id=?" in step for step in read)
    assert all("tenant_id=? AND id=?" in step for step in plans if step.startswith("SEARCH user"))
