"""Fill a script's slots from data; a slot that cannot be filled stops the script."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from copilot.engine.cards import ProductCard
from copilot.engine.context import AgentContext, CustomerContext
from knowledge.tables import Scene

SLOT = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
FILLABLE = frozenset(
    {
        "shop.name",
        "agent.name",
        "customer.name",
        "customer.city",
        "order.id",
        "order.status",
        "product.name",
        "product.sku",
        "product.price",
        "product.stock",
    }
)
"""The slots that `slot_values` may have a value for; any other blocks a script for ever."""
ORDER_STATUS = {
    "zh": {"paid": "已付款，待发货", "shipped": "已发货，运输中", "delivered": "已签收", "refunded": "已退款"},
    "en": {
        "paid": "paid and waiting to be sent",
        "shipped": "on its way",
        "delivered": "delivered",
        "refunded": "refunded",
    },
}


@dataclass(frozen=True)
class Rendered:
    """A script's text with its slots filled, or the names of those that could not be."""

    text: str
    missing: tuple[str, ...] = ()


def render(text: str, values: Mapping[str, str]) -> Rendered:
    """`text` with every `{{slot}}` replaced by its value."""
    missing = tuple(dict.fromkeys(name for name in SLOT.findall(text) if not values.get(name)))
    if missing:
        return Rendered(text, missing)
    return Rendered(SLOT.sub(lambda match: values[match.group(1)], text))


def slot_values(
    customer: CustomerContext,
    agent: AgentContext,
    product: ProductCard | None,
    *,
    shop_name: str,
    scene: Scene,
    language: str,
) -> dict[str, str]:
    """What is known for each slot; in a group nothing personal is."""
    values = {"shop.name": shop_name, "agent.name": agent.name}
    if product is not None:
        values |= {"product.name": product.name, "product.sku": product.sku, "product.price": product.price or ""}
        values["product.stock"] = "" if product.stock is None else str(product.stock)
    if scene is Scene.GROUP:
        return values
    values["customer.name"] = customer.name
    values["customer.city"] = customer.city
    last = customer.last_order
    if last is not None:
        statuses = ORDER_STATUS["en" if language == "en" else "zh"]
        values |= {"order.id": last.order_id, "order.status": statuses.get(last.status, last.status)}
    return values
