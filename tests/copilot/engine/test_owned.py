"""What lasts and what is used up."""

import numpy as np
import pytest

from copilot.engine.cards import ProductCard
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.nextbest.owned import usual_interval
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


def card(sku: str, replenish_days: int | None) -> ProductCard:
    fields = {"name": sku, "category": "", "price": None, "price_fen": None, "currency": "CNY", "stock": 1}
    return ProductCard(sku=sku, tags=frozenset(), replenish_days=replenish_days, status="on_sale", **fields)


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
    assert usual_interval(sku, card(sku, replenish_days), models) == expected
