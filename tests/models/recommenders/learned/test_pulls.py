"""Pulls on one customer, who is waiting, are those on many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.recommenders.learned.pulls import Pulls
from models.recommenders.lines import PurchaseLines

N_ITEMS, TODAY = 9, 50.0


@pytest.fixture(scope="module")
def pulls() -> Pulls:
    rng, items = np.random.default_rng(4), np.array([1, 3, 4, 8])
    weights, kinds, together = (rng.normal(size=shape).astype(np.float32) for shape in ((8, 4), (4, 4), (4, 4)))
    return Pulls(items, weights, kinds, together)


def history(rows: list[tuple[int, int, float]], n_customers: int) -> PurchaseLines:
    """All rows are of the first customer."""
    baskets, items, days = np.array(rows, np.float64).reshape(-1, 3).T
    nobody = np.zeros(len(rows), np.int64)
    return PurchaseLines(baskets.astype(np.int64), nobody, items.astype(np.int64), days, n_customers, N_ITEMS)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, N_ITEMS - 1), st.floats(0.0, TODAY)), max_size=14))
def test_one_customer_alone_is_pulled_as_beside_another(pulls: Pulls, rows: list[tuple[int, int, float]]) -> None:
    alone, beside = pulls.of(history(rows, 1), TODAY), pulls.of(history(rows, 2), TODAY)
    assert alone.shape == (3, 1, 4)
    assert alone.dtype == np.float32
    np.testing.assert_allclose(alone[:, 0], beside[:, 0], atol=1e-5)


def test_a_basket_counts_an_item_once(pulls: Pulls) -> None:
    found: NDArray[np.float32] = pulls.of(history([(0, 3, 10.0), (0, 3, 10.0), (1, 3, 20.0)], 1), TODAY)
    np.testing.assert_allclose(found[2, 0], np.log(3.0) * pulls.together[1], rtol=1e-6)
