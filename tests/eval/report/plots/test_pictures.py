"""The plots with axes, checked at places worked out by hand."""

import numpy as np
from lxml import etree

from eval.metrics.calibration import ReliabilityBin
from eval.metrics.classification import coverage_precision
from eval.report.certainty import Certainty, CoveragePoint
from eval.report.growth import Growth, LibraryGrowth, LibrarySize
from eval.report.plots.coverage import coverage_plot, thinned
from eval.report.plots.frame import BOTTOM, LEFT, RIGHT, TOP, WIDTH
from eval.report.plots.growth import growth_plot
from eval.report.plots.reliability import HEIGHT, reliability_plot
from eval.report.words import words_of
from eval.statistics.estimate import Estimate

WORDS = words_of("en")
ACROSS = WIDTH - RIGHT - LEFT
UP = HEIGHT - BOTTOM - TOP
SOME = Estimate(0.1, 0.0, 0.2, 4)


def parsed(drawn):
    return etree.fromstring(str(drawn))


def of_class(drawn, name):
    return [mark for mark in parsed(drawn).iter() if name in (mark.get("class") or "").split()]


def test_a_group_stands_where_stated_and_actual_meet():
    drawn = reliability_plot([ReliabilityBin(0.4, 0.6, 10, 0.5, 0.25), ReliabilityBin(0.8, 1.0, 10, 1.0, 1.0)], WORDS)
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in of_class(drawn, "dot")]
    assert dots == [(LEFT + ACROSS / 2, TOP + 0.75 * UP), (LEFT + ACROSS, TOP)]


def test_the_area_of_a_bar_stands_for_the_answers_of_its_group():
    drawn = reliability_plot([ReliabilityBin(0.0, 0.5, 10, 0.3, 0.3), ReliabilityBin(0.5, 0.75, 10, 0.6, 0.6)], WORDS)
    wide, narrow = of_class(drawn, "bar")
    assert float(narrow.get("height")) == 2 * float(wide.get("height"))


def certainty(threshold, chosen):
    # Surest first: right, wrong, right; the fourth query got nothing.
    curve = coverage_precision([0.9, 0.8, 0.6, np.nan], [1, 0, 1, 0])
    return Certainty(4, SOME, (), curve, threshold, chosen)


def test_the_curve_runs_through_every_threshold():
    (curve,) = of_class(coverage_plot(certainty(None, None), WORDS), "curve")
    xs = [LEFT + ACROSS * share for share in (1 / 4, 2 / 4, 3 / 4)]
    ys = [TOP + UP * (1 - share) for share in (1, 1 / 2, 2 / 3)]
    expected = [(round(x, 2), round(y, 2)) for x, y in zip(xs, ys, strict=True)]
    assert [tuple(map(float, pair.split(","))) for pair in curve.get("points").split()] == expected


def test_the_threshold_is_marked_on_the_curve():
    drawn = coverage_plot(certainty(0.7, CoveragePoint(0.8, 0.5, 0.5)), WORDS)
    (dot,) = [mark for mark in of_class(drawn, "threshold") if mark.tag == "circle"]
    assert (float(dot.get("cx")), float(dot.get("cy"))) == (LEFT + ACROSS / 2, TOP + UP / 2)
    assert "Threshold 0.70" in parsed(drawn).itertext()


def test_a_curve_of_many_points_keeps_its_ends():
    kept = thinned(10_000, 300)
    assert (kept[0], kept[-1], len(kept)) == (0, 9_999, 300)
    assert thinned(3, 300).tolist() == [0, 1, 2]


def test_each_system_has_its_line_and_its_band():
    sizes = tuple(LibrarySize(n, Estimate(0.5, 0.4, 0.6, 9)) for n in (10, 100, 1000))
    drawn = growth_plot(LibraryGrowth("R@10", (Growth("one", sizes), Growth("two", sizes))), WORDS)
    assert [mark.get("class") for mark in of_class(drawn, "curve")] == ["curve run", "curve baseline"]
    assert len(of_class(drawn, "band")) == 2
    assert len(of_class(drawn, "dot")) == 6
