"""E-values, against numbers worked by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.effects.sensitivity import e_value, e_values


def test_a_doubled_rate_needs_a_cause_of_3_41() -> None:
    assert e_value(2.0) == pytest.approx(2 + math.sqrt(2))
    assert e_value(0.5) == e_value(2.0)


def test_no_effect_needs_no_cause() -> None:
    assert e_value(1.0) == 1


def test_the_limit_is_that_of_the_nearer_end() -> None:
    """0.30 against 0.20, interval 0.02 to 0.18: ratios 1.5 and 0.22 / 0.20 = 1.1."""
    of_effect, of_limit = e_values(0.30, 0.20, 0.02, 0.18)
    assert of_effect == pytest.approx(1.5 + math.sqrt(1.5 * 0.5))
    assert of_limit == pytest.approx(1.1 + math.sqrt(1.1 * 0.1))


def test_a_harm_is_nearest_at_its_upper_end() -> None:
    assert e_values(0.10, 0.20, -0.15, -0.05)[1] == pytest.approx(e_value(0.15 / 0.20))


def test_an_interval_with_nought_needs_no_cause() -> None:
    assert e_values(0.25, 0.20, -0.01, 0.11)[1] == 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_rates_of_nought_give_finite_numbers(treated: float, comparison: float) -> None:
    assert all(1 <= one < math.inf for one in e_values(treated, comparison, -1.0, 1.0))
