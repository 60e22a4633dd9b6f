import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eval.report.plots.scale import Scale


def test_a_number_half_way_lies_half_way():
    assert Scale(0.0, 4.0, 100.0, 200.0)(2.0) == 150.0
    assert Scale(0.0, 1.0, 300.0, 100.0)(0.25) == 250.0


def test_numbers_beyond_the_ends_stay_at_the_ends():
    scale = Scale(0.0, 1.0, 0.0, 100.0)
    assert (scale(-3.0), scale(2.0), scale(-math.inf), scale(math.inf)) == (0.0, 100.0, 0.0, 100.0)


def test_powers_of_ten_lie_equally_far_apart():
    scale = Scale.powers([100, 1000, 10_000], 0.0, 100.0)
    assert [scale(size) for size in (100, 1000, 10_000)] == pytest.approx([0.0, 50.0, 100.0])
    assert scale.ticks() == [100.0, 1000.0, 10_000.0]


def test_between_few_powers_of_ten_stand_their_double_and_half():
    assert Scale.powers([250, 5183], 0.0, 100.0).ticks() == [500.0, 1000.0, 2000.0, 5000.0]
    assert Scale.powers([100, 1000], 0.0, 100.0).ticks() == [100.0, 200.0, 500.0, 1000.0]


def test_one_size_alone_still_has_a_place():
    assert Scale.powers([50], 0.0, 100.0)(50) == 0.0


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.012, 0.047], (0.01, 0.05)), ([-0.03, 0.08], (-0.05, 0.1)), ([0.0, 1.0], (0.0, 1.0)), ([], (0.0, 1.0))],
)
def test_a_scale_has_round_ends(values, ends):
    scale = Scale.around(values, 0.0, 1.0)
    assert (scale.low, scale.high) == pytest.approx(ends)


def test_what_differs_by_rounding_alone_is_drawn_as_one():
    scale = Scale.around([0.5, 0.5 + 1e-16 * 3], 0.0, 100.0)
    assert scale(0.5) == pytest.approx(50.0)


def test_ticks_are_round_and_inside():
    assert Scale(0.0, 1.0, 0.0, 1.0).ticks() == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Scale(0.0, 1.0, 0.0, 1.0).ticks(3) == pytest.approx([0.0, 0.5, 1.0])
    assert Scale(-0.03, 0.08, 0.0, 1.0).ticks() == pytest.approx([-0.025, 0.0, 0.025, 0.05, 0.075])


def test_infinite_ends_do_not_stretch_a_scale():
    scale = Scale.around([-math.inf, 0.2, 0.4, math.nan], 0.0, 1.0)
    assert (scale.low, scale.high) == pytest.approx((0.2, 0.4))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
@example([5e-324])
def test_every_value_lies_on_its_scale_in_order(values):
    scale = Scale.around(values, 0.0, 100.0)
    slack = 1e-8 * (scale.high - scale.low)
    assert scale.low - slack <= min(values)
    assert max(values) <= scale.high + slack
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert 2 <= len(scale.ticks()) <= 7
