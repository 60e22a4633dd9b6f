import numpy as np
import pytest

from models.errors import ModelError


def test_chosen_customers_get_new_numbers_in_the_order_given(lines) -> None:
    found = lines((1, 0, 0, 1.0), (2, 2, 3, 2.0), (3, 1, 1, 3.0)).of(np.array([2, 0]))
    assert found.customers.tolist() == [1, 0]
    assert found.items.tolist() == [0, 3]
    assert (found.n_customers, found.n_items) == (2, 4)


def test_a_customer_without_lines_keeps_a_number(lines) -> None:
    found = lines((1, 0, 0, 1.0)).of(np.array([1, 0]))
    assert (found.n_customers, found.customers.tolist()) == (2, [1])


@pytest.mark.parametrize(("chosen", "says"), [([0, 0], "stand twice"), ([3], r"0\.\.2, got 3\.\.3"), ([-1], "-1")])
def test_customers_who_are_unknown_or_stand_twice_are_refused(lines, chosen: list[int], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        lines((1, 0, 0, 1.0)).of(np.array(chosen))


def test_lines_of_the_moment_itself_are_not_before_it(lines) -> None:
    found = lines((1, 0, 0, 1.0), (2, 0, 1, 2.0), (3, 0, 2, 3.0)).before(2.0)
    assert found.items.tolist() == [0]
    assert (found.n_customers, found.n_items) == (3, 4)


def test_an_item_twice_in_a_basket_counts_once_and_in_two_baskets_twice(lines) -> None:
    counts = lines((1, 0, 0, 1.0), (1, 0, 0, 1.0), (2, 0, 0, 2.0), (2, 1, 0, 2.0), (3, 1, 3, 2.0)).counts()
    assert counts.toarray().tolist() == [[2, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]


def test_no_lines_count_nothing(lines) -> None:
    assert lines().counts().toarray().tolist() == [[0] * 4] * 3
    assert lines(n_items=0).counts().shape == (3, 0)


@pytest.mark.parametrize(
    ("row", "says"), [((1, 3, 0, 0.0), "customer numbers"), ((1, 0, 9, 0.0), "item"), ((1, 0, 0, np.nan), "nan")]
)
def test_numbers_out_of_range_and_days_that_are_none_are_refused(lines, row, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        lines(row)
