"""A tiny shop's lines, and lines by chance for properties."""

from collections.abc import Callable

import numpy as np
import pytest

from models.recommenders.lines import PurchaseLines

Lines = Callable[..., PurchaseLines]


@pytest.fixture
def lines() -> Lines:
    """Makes lines of (basket, customer, item, day)."""

    def made(*rows: tuple[int, int, int, float], n_customers: int = 3, n_items: int = 4) -> PurchaseLines:
        baskets, customers, items, days = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
        numbers = [np.array(column, np.int64) for column in (baskets, customers, items)]
        return PurchaseLines(*numbers, np.array(days, np.float64), n_customers, n_items)

    return made


@pytest.fixture
def drawn() -> Callable[[int], PurchaseLines]:
    """Lines by chance: 30 customers, 12 items, 400 lines in 120 baskets; every basket is one customer's on one day."""

    def made(seed: int) -> PurchaseLines:
        rng = np.random.default_rng(seed)
        owners, days = rng.integers(30, size=120), rng.integers(90, size=120).astype(np.float64)
        baskets = rng.integers(120, size=400)
        items = np.minimum(rng.geometric(0.25, size=400) - 1, 11)
        return PurchaseLines(baskets, owners[baskets], items, days[baskets], 30, 12)

    return made
