"""Fills the slots of a script, as an agent's console would have done."""

import re
from dataclasses import dataclass

from copilot.sample.brand import Product, Shop
from copilot.sample.people import Customer
from copilot.sample.purchases import OrderLine

SLOT = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")
CHINESE_STATUS = {"paid": "已付款", "shipped": "已发货", "delivered": "已签收", "refunded": "已退款"}


@dataclass(frozen=True)
class Facts:
    """What the slots of one reply may draw on; without an order its slots cannot be filled."""

    customer: Customer
    product: Product
    agent_name: str
    shop: Shop
    order: OrderLine | None


def needs_order(text: str) -> bool:
    """Whether the text speaks of an order of the customer."""
    return "{{order." in text


def fill(text: str, facts: Facts) -> str:
    """The text with every slot filled.

    Raises:
        ValueError: The text has a slot nothing here can fill.
    """
    if "{{" not in text:
        return text
    values = _values(facts)
    return SLOT.sub(lambda match: _value(values, match[1]), text)


def _values(facts: Facts) -> dict[str, str]:
    english = facts.customer.language == "en"
    values = {
        "customer.name": facts.customer.name,
        "product.name": facts.product.name,
        "product.price": f"{facts.product.price:g}",
        "agent.name": facts.agent_name,
        "shop.name": facts.shop.name_en if english else facts.shop.name,
    }
    if facts.order:
        values["order.id"] = facts.order.order_id
        values["order.status"] = facts.order.status if english else CHINESE_STATUS[facts.order.status]
    return values


def _value(values: dict[str, str], slot: str) -> str:
    if slot not in values:
        raise ValueError(f"nothing fills the slot {slot!r}; known slots are {sorted(values)}")
    return values[slot]
