import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.portrait.fifths import FEWEST, Standard

HUNDRED = Standard.of([float(n) for n in range(100)])


@pytest.mark.parametrize(
    ("value", "fifth"), [(-1, 1), (0, 1), (19, 1), (20, 2), (59, 3), (60, 4), (80, 5), (99, 5), (500, 5)]
)
def test_a_number_of_which_more_is_better_is_in_the_fifth_of_the_share_below_it(value: float, fifth: int) -> None:
    assert HUNDRED.fifth_upwards(value) == fifth


@pytest.mark.parametrize(("days", "fifth"), [(0, 5), (19, 5), (20, 4), (79, 2), (80, 1), (99, 1), (500, 1)])
def test_a_number_of_which_less_is_better_is_counted_from_the_other_end(days: float, fifth: int) -> None:
    assert HUNDRED.fifth_downwards(days) == fifth


def test_customers_with_the_same_number_are_in_the_same_fifth() -> None:
    ones = Standard.of([1.0] * 90 + [2.0] * 10)
    assert [ones.fifth_upwards(n) for n in (1, 2)] == [1, 5]


def test_among_too_few_customers_no_fifth_is_named() -> None:
    few = Standard.of([float(n) for n in range(FEWEST - 1)])
    assert few.fifth_upwards(3) is None
    assert few.fifth_downwards(3) is None
    assert Standard.of([*few.values, 99.0]).fifth_upwards(99) == 5


@given(st.lists(st.floats(0, 1e6), min_size=FEWEST, max_size=80), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_better_number_is_never_in_a_worse_fifth(values: list[float], one: float, other: float) -> None:
    standard = Standard.of(values)
    low, high = sorted((one, other))
    assert (standard.fifth_upwards(low) or 0) <= (standard.fifth_upwards(high) or 0)
    assert (standard.fifth_downwards(low) or 0) >= (standard.fifth_downwards(high) or 0)
