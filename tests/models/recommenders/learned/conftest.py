"""Customers who buy by rule, so that what should be learned of them is known."""

from collections.abc import Callable

import numpy as np
import pytest

from models.recommenders.lines import PurchaseLines

Rows = list[tuple[int, int, int, float]]
N_CUSTOMERS, N_ITEMS, N_DAYS = 240, 12, 160
BREAD, MILK, TENT, PEGS, SEASONAL = 0, 1, 2, 3, 4


@pytest.fixture
def lines_of() -> Callable[..., PurchaseLines]:
    """Lines from rows of basket, customer, item and day."""

    def made(rows: Rows, n_customers: int = 3, n_items: int = 5) -> PurchaseLines:
        columns = np.array(rows, np.float64).reshape(-1, 4)
        baskets, customers, items = columns[:, :3].astype(np.int64).T
        return PurchaseLines(baskets, customers, items, columns[:, 3].copy(), n_customers, n_items)

    return made


@pytest.fixture(scope="session")
def shop() -> PurchaseLines:
    """Half buy bread weekly and half milk every other week; whoever buys a tent buys pegs within two weeks."""
    rng = np.random.default_rng(7)
    rows: Rows = []
    for customer in range(N_CUSTOMERS):
        item, every = (BREAD, 7) if customer % 2 else (MILK, 14)
        days = np.arange(rng.uniform(0, every), N_DAYS, every) + rng.uniform(-1, 1)
        bought = [(item, float(day)) for day in days]
        bought += [(int(rng.integers(SEASONAL, N_ITEMS)), float(day)) for day in rng.uniform(0, N_DAYS, 6)]
        for day in rng.uniform(0, N_DAYS, 3).tolist():
            bought += [(TENT, day), (PEGS, day + float(rng.uniform(3, 14)))]
        rows += [(0, customer, one, day) for one, day in bought if 0 <= day < N_DAYS]
    rows.sort(key=lambda row: (row[3], row[1]))
    columns = np.array(rows)
    baskets, customers, items = np.arange(len(rows)), columns[:, 1].astype(np.int64), columns[:, 2].astype(np.int64)
    return PurchaseLines(baskets, customers, items, columns[:, 3].copy(), N_CUSTOMERS, N_ITEMS)
