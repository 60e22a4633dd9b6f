"""Which products and scripts suit a customer: audience rules, skin, taste and budget."""

import json
import math
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache

from copilot.sample.brand import Product
from copilot.sample.people import Customer

ANYBODY: Mapping[str, tuple[str, ...]] = {}
LIKED = 2.5
RIGHT_SKIN = 1.6
WRONG_SKIN = 0.35


def admits(audience: str, customer: Customer, today: date) -> bool:
    """Whether an audience rule (the JSON text of the files) lets the customer in.

    Looks at tags, segments (held as tags here), gender and age; order counts are left to those who know the orders.
    """
    rule = _rule(audience)
    if not rule:
        return True
    held = frozenset(customer.tags)
    if not held.issuperset(rule.get("all", ())) or held & set(rule.get("none", ())):
        return False
    for wanted in (rule.get("any"), rule.get("segments")):
        if wanted and not held & set(wanted):
            return False
    return _gender_fits(rule, customer) and _age_fits(rule, customer, today)


def appetite(product: Product, customer: Customer, today: date) -> float:
    """How likely the customer is to want the product, relative to others; 0 when it does not suit them."""
    if not admits(product.audience, customer, today):
        return 0.0
    archetype = customer.archetype
    words = {*product.tags, product.category}
    weight = float(LIKED ** sum(like in words for like in archetype.likes))
    weight *= _skin_factor(product.skin_types, customer.attributes.get("skin_type"))
    if "男士" in product.tags and customer.gender == "female":
        weight *= 0.15
    return weight * math.exp(-product.price / archetype.budget)


def _skin_factor(made_for: Collection[str], skin: str | None) -> float:
    if skin is None or not made_for or "全肤质" in made_for:
        return 1.0
    return RIGHT_SKIN if skin in made_for else WRONG_SKIN


def _gender_fits(rule: Mapping[str, tuple[str, ...]], customer: Customer) -> bool:
    wanted = rule.get("gender")
    if not wanted or customer.gender in wanted:
        return True
    return customer.gender == "unknown" and rule.get("unknown_gender", ("deny",)) == ("allow",)


def _age_fits(rule: Mapping[str, tuple[str, ...]], customer: Customer, today: date) -> bool:
    limits = rule.get("age")
    if not limits or customer.birthday is None:
        return True
    age = (today - customer.birthday).days / 365.25
    return float(limits[0]) <= age < float(limits[1]) + 1


@cache
def _rule(audience: str) -> Mapping[str, tuple[str, ...]]:
    """The rule with every value as a tuple of texts."""
    if not audience:
        return ANYBODY
    parsed = json.loads(audience)
    return {
        key: tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
        for key, value in parsed.items()
    }
