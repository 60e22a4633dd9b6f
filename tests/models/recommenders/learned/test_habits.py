"""Habits worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recommenders.learned.habits import CUSTOMER_FEATURES, HABIT_FEATURES, Habits
from models.recommenders.lines import PurchaseLines

Make = Callable[..., PurchaseLines]
USUAL = np.full(5, 40.0, np.float32)


def habit(found: Habits, customer: int, item: int) -> dict[str, float]:
    (row,) = np.flatnonzero((found.customers == customer) & (found.items == item))
    return dict(zip(HABIT_FEATURES, found.values[row].tolist(), strict=True))


def test_a_habit_is_counted_dated_and_set_against_the_customers_baskets(lines_of: Make) -> None:
    rows = [(1, 0, 2, 60.0), (2, 0, 2, 80.0), (2, 0, 3, 80.0), (3, 0, 3, 95.0)]
    found = habit(Habits.of(lines_of(rows), 100.0, USUAL), 0, 2)
    assert (found["baskets"], found["baskets_28"], found["baskets_112"]) == (2, 1, 2)
    assert found["days_since"] == 20
    assert found["share"] == pytest.approx(2 / 3)
    assert found["decayed_10"] == pytest.approx(2**-4 + 2**-2)
    # two of the customer's three baskets, the newer of them with one after it
    assert found["share_lately"] == pytest.approx((0.95 + 0.95**2) / (1 + 0.95 + 0.95**2 + 1))
    # one interval of 20 days, and twice the usual 40
    assert found["interval"] == pytest.approx((20 + 2 * 40) / 3)
    assert found["due"] == pytest.approx(20 / found["interval"])
    # bought in both four-week periods in which anything was bought: days 73-100 and 45-72
    assert found["periods"] == 1.0


def test_the_strongest_habit_of_each_customer_ranks_first(lines_of: Make) -> None:
    rows = [(1, 0, 2, 10.0), (2, 0, 3, 95.0), (3, 1, 2, 99.0)]
    found = Habits.of(lines_of(rows), 100.0, USUAL)
    assert [habit(found, *pair)["rank"] for pair in ((0, 2), (0, 3), (1, 2))] == [1, 0, 0]


def test_an_item_twice_in_a_basket_counts_once(lines_of: Make) -> None:
    found = Habits.of(lines_of([(1, 0, 2, 90.0), (1, 0, 2, 90.0)]), 100.0, USUAL)
    assert habit(found, 0, 2)["baskets"] == 1
    assert dict(zip(CUSTOMER_FEATURES, found.of_customers[0].tolist(), strict=True)) == {
        "orders": 1,
        "orders_28": 1,
        "orders_84": 1,
        "order_size": 1,
        "days_since_order": 10,
    }


def test_an_order_by_a_clock_that_is_ahead_counts_as_of_now(lines_of: Make) -> None:
    ahead, now = (Habits.of(lines_of([(1, 0, 2, 60.0), (2, 0, 2, day)]), 100.0, USUAL) for day in (100.5, 100.0))
    np.testing.assert_array_equal(ahead.values, now.values)
    np.testing.assert_array_equal(ahead.of_customers, now.of_customers)


def test_a_customer_without_lines_has_never_ordered(lines_of: Make) -> None:
    found = Habits.of(lines_of([]), 100.0, USUAL)
    assert len(found.items) == 0
    np.testing.assert_array_equal(found.of_customers, np.tile([0, 0, 0, 0, 9_999], (3, 1)))


def test_what_was_never_bought_is_long_overdue_at_the_usual_interval(lines_of: Make) -> None:
    found = Habits.of(lines_of([]), 100.0, USUAL).absent(np.array([40.0], np.float32))
    values = dict(zip(HABIT_FEATURES, found[0].tolist(), strict=True))
    assert (values["baskets"], values["days_since"], values["interval"], values["due"]) == (0, 9_999, 40, 20)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.floats(0, 99)), max_size=30), st.randoms())
def test_the_order_of_lines_says_nothing(rows: list[tuple[int, int, float]], random: object) -> None:
    # a basket belongs to one customer and one day
    of_basket = {basket: (basket % 3, day) for basket, _, day in rows}
    lines = [(basket, of_basket[basket][0], item, of_basket[basket][1]) for basket, item, _ in rows]
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (Habits.of(_lines(part), 100.0, USUAL) for part in (lines, shuffled))
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-5)
    assert np.isfinite(one.values).all()


def _lines(rows: list[tuple[int, int, int, float]]) -> PurchaseLines:
    columns = np.array(rows, np.float64).reshape(-1, 4)
    baskets, customers, items = columns[:, :3].astype(np.int64).T
    return PurchaseLines(baskets, customers, items, columns[:, 3].copy(), 3, 5)
