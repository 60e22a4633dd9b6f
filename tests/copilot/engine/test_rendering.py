from datetime import UTC, datetime

from copilot.engine.cards import ProductCard
from copilot.engine.context import AgentContext, Bought, CustomerContext
from copilot.engine.rendering import FILLABLE, slot_values
from knowledge.tables import Scene


def test_the_slots_that_can_be_filled_are_those_that_have_a_value_where_all_is_known() -> None:
    bought = Bought("o1", "p", datetime(2026, 11, 1, tzinfo=UTC), "paid", 1, 9900)
    customer = CustomerContext("u", name="小雨", city="杭州", bought=(bought,))
    product = ProductCard("p", "面霜", "护肤", "99", 9900, "CNY", 3, frozenset(), None, "active")
    values = slot_values(
        customer, AgentContext("a", name="阿禾"), product, shop_name="栖白", scene=Scene.DIRECT, language="zh"
    )
    assert values.keys() == FILLABLE
    assert all(values.values())
