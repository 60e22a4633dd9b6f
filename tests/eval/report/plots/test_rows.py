import math

from lxml import etree

from eval.report.plots.rows import (
    SHARES,
    across,
    across_intervals,
    axis_row,
    bar_row,
    interval_row,
    is_share,
    parts_row,
    quantiles_row,
)
from eval.statistics.estimate import Estimate


def marks(row, tag, *names):
    found = etree.fromstring(row).iter(tag)
    return [tuple(mark.get(name) for name in names) for mark in found]


def test_the_dot_stands_at_the_mean_on_the_line_of_its_interval():
    row = interval_row(Estimate(0.5, 0.25, 0.75, 9), SHARES, "run", reference=0.1)
    assert marks(row, "circle", "cx", "class") == [("50%", "dot run")]
    assert ("25%", "75%", "whisker run") in marks(row, "line", "x1", "x2", "class")
    assert ("10%", "10%", "reference") in marks(row, "line", "x1", "x2", "class")


def test_an_interval_without_an_end_reaches_to_the_edge():
    row = interval_row(Estimate(0.5, -math.inf, math.inf, 1), SHARES, "even")
    assert ("0%", "100%", "whisker even") in marks(row, "line", "x1", "x2", "class")


def test_parts_fill_the_row_in_proportion():
    row = parts_row([(1, "gain"), (2, "even"), (1, "loss")])
    assert marks(row, "rect", "x", "width", "class") == [
        ("0%", "25%", "bar gain"),
        ("25%", "50%", "bar even"),
        ("75%", "25%", "bar loss"),
    ]


def test_nothing_has_no_parts():
    assert marks(parts_row([(0, "gain"), (0, "loss")]), "rect", "x") == []


def test_a_negative_bar_points_left_of_zero():
    scale = across([-1.0, 1.0])
    assert marks(bar_row(0.5, scale, "run"), "rect", "x", "width") == [("50%", "25%")]
    assert marks(bar_row(-0.5, scale, "loss"), "rect", "x", "width") == [("25%", "25%")]


def test_quantiles_grow_from_zero():
    row = quantiles_row(1.0, 2.0, 4.0, across([0.0, 4.0]))
    assert marks(row, "rect", "x", "width", "class") == [("0%", "50%", "bar weak"), ("0%", "25%", "bar run")]
    assert marks(row, "line", "x1", "x2")[0] == ("0%", "100%")


def test_the_axis_writes_round_numbers():
    texts = [mark.text for mark in etree.fromstring(axis_row(SHARES, str)).iter("text")]
    assert texts == ["0.0", "0.5", "1.0"]


def test_a_scale_holds_every_interval():
    scale = across_intervals([Estimate(0.2, 0.1, 0.3, 9), Estimate(0.5, 0.4, 0.6, 9)])
    assert (scale.low, round(scale.high, 9)) == (0.1, 0.6)


def test_bits_are_no_shares():
    assert is_share(Estimate(0.5, 0.0, 1.0, 9))
    assert not is_share(Estimate(5.1, 5.0, 5.2, 9))
    assert not is_share(Estimate(0.5, -math.inf, math.inf, 9))
