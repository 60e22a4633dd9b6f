"""Tags that follow from what a customer bought: new, returning, asleep, membership level, big spender."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from copilot.sample.brand import Product
from copilot.sample.people import Customer
from copilot.sample.purchases import OrderLine

LEVELS = (("黑金", 5000.0), ("金卡", 1500.0), ("银卡", 500.0))
EARNED = frozenset({"新客", "老客", "沉睡", "高客单", "香氛爱好者", "茶饮爱好者", *(level for level, _ in LEVELS)})
ASLEEP_DAYS = 180
BIG_ORDER = 800.0
HOBBIES = (("香氛爱好者", "家居香氛"), ("茶饮爱好者", "茶饮"))


def with_earned_tags(
    customers: Sequence[Customer], lines: Sequence[OrderLine], products: Sequence[Product], today: date
) -> list[Customer]:
    """The customers with the tags their orders until today have earned them, as tags.json defines those."""
    category_of = {product.sku: product.category for product in products}
    bought: defaultdict[str, list[OrderLine]] = defaultdict(list)
    for line in lines:
        bought[line.customer_id].append(line)
    return [_relabelled(customer, bought[customer.customer_id], category_of, today) for customer in customers]


def _relabelled(
    customer: Customer, lines: Sequence[OrderLine], category_of: Mapping[str, str], today: date
) -> Customer:
    noted = [tag for tag in customer.tags if tag not in EARNED]
    kept = [line for line in lines if line.status != "refunded"]
    earned = _by_orders(customer, kept, today) + _hobbies(kept, category_of)
    if "会员" in noted:
        earned += _level(kept, today)
    return replace(customer, tags=tuple(noted + earned))


def _by_orders(customer: Customer, lines: Sequence[OrderLine], today: date) -> list[str]:
    n_delivered = len({line.order_id for line in lines if line.status == "delivered"})
    tags = ["新客"] if n_delivered == 0 else ["老客"] if n_delivered >= 2 else []
    last = max((line.ordered_at for line in lines), default=customer.joined_at).date()
    if (today - last).days >= ASLEEP_DAYS:
        tags.append("沉睡")
    n_orders = len({line.order_id for line in lines})
    if n_orders and sum(line.amount for line in lines) / n_orders > BIG_ORDER:
        tags.append("高客单")
    return tags


def _hobbies(lines: Sequence[OrderLine], category_of: Mapping[str, str]) -> list[str]:
    return [
        tag
        for tag, category in HOBBIES
        if len({line.order_id for line in lines if category_of[line.sku] == category}) >= 2
    ]


def _level(lines: Sequence[OrderLine], today: date) -> list[str]:
    year_ago = today - timedelta(days=365)
    spent = sum(line.amount for line in lines if line.ordered_at.date() > year_ago)
    return next(([level] for level, least in LEVELS if spent >= least), [])
