import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.report import numbers


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.6125, "0.613"), (1.0, "1.000"), (-0.25, "−0.250"), (-0.0004, "0.000"), (1234.5, "1,234.500"), (math.nan, "–")],
)
def test_a_metric_has_three_decimals(value, written):
    assert numbers.metric(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.032, "+0.032"),
        (-0.004, "−0.004"),
        (0.0, "0.000"),
        (0.0004, "0.000"),
        (-0.0004, "0.000"),
        (2000.0, "+2,000.000"),
    ],
)
def test_a_difference_carries_its_sign_unless_it_rounds_to_nothing(value, written):
    assert numbers.signed(value) == written


def test_an_end_that_is_nowhere_is_infinite():
    assert numbers.interval(-math.inf, math.inf) == "[−∞, ∞]"
    assert numbers.signed_interval(-math.inf, math.inf) == "[−∞, +∞]"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0%"),
        (0.0004, "< 0.1%"),
        (0.004, "0.4%"),
        (0.711, "71%"),
        (0.996, "99.6%"),
        (0.9996, "> 99.9%"),
        (1.0, "100%"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(value, written):
    assert numbers.share(value) == written


@pytest.mark.parametrize(("p", "written"), [(0.0001, "< 0.001"), (0.001, "0.001"), (0.0134, "0.013"), (1.0, "1.000")])
def test_a_tiny_p_is_only_said_to_be_tiny(p, written):
    assert numbers.probability(p) == written


@pytest.mark.parametrize(("value", "written"), [(0.513, "0.51"), (8.84, "8.8"), (99.9, "99.9"), (1203.7, "1,204")])
def test_milliseconds_have_about_three_digits(value, written):
    assert numbers.milliseconds(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0.1, "0.1"), (0.25, "0.25"), (1e5, "100,000"), (-0.5, "−0.5"), (0.0, "0")]
)
def test_a_tick_is_as_short_as_it_can_be(value, written):
    assert numbers.tick(value) == written


@given(st.floats(-1e6, 1e6))
def test_a_written_difference_is_within_half_a_thousandth(value):
    read = float(numbers.signed(value).replace("−", "-").replace(",", "").replace("+", ""))
    assert abs(read - value) <= 0.0005 + 1e-9
