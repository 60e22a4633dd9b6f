"""Stated against actual probability."""

from collections.abc import Sequence

from markupsafe import Markup

from eval.metrics.calibration import ReliabilityBin
from eval.report import numbers
from eval.report.plots.frame import WIDTH, Axis, across, grid, upwards
from eval.report.plots.scale import Scale
from eval.report.plots.svg import drawing, element
from eval.report.words import Words

HEIGHT = 330.0
COUNTS_HEIGHT = 72.0
"""Of the histogram below."""


def reliability_plot(bins: Sequence[ReliabilityBin], words: Words) -> Markup:
    """One dot a group of answers, the diagonal where stated and actual agree, and how many answers each group has."""
    x, y = across(0.0, 1.0), upwards(0.0, 1.0, HEIGHT)
    return drawing(
        WIDTH,
        HEIGHT + COUNTS_HEIGHT + 2,
        grid(Axis(x, words("calibration.stated"), numbers.share), Axis(y, words("calibration.actual"), numbers.share)),
        element("line", x1=x(0.0), y1=y(0.0), x2=x(1.0), y2=y(1.0), class_="reference"),
        *(_group(one, x, y) for one in bins),
        *_counts(bins, x, words),
        title=words("calibration.title"),
        description=words("calibration.description", bins=len(bins)),
    )


def _group(one: ReliabilityBin, x: Scale, y: Scale) -> Markup:
    at = x(one.mean_probability)
    gap = element("line", x1=at, x2=at, y1=y(one.mean_probability), y2=y(one.share_correct), class_="whisker weak")
    return gap + element("circle", cx=at, cy=y(one.share_correct), r=5, class_="dot run")


def _counts(bins: Sequence[ReliabilityBin], x: Scale, words: Words) -> list[Markup]:
    """A bar a group, over the probabilities it spans; its area stands for its answers."""
    most = max((_density(one) for one in bins), default=1.0)
    bottom = HEIGHT + COUNTS_HEIGHT
    marks = [
        element("text", words("calibration.answers"), x=x.start, y=HEIGHT + 18, class_="name"),
        element("line", x1=x.start, x2=x.stop, y1=bottom, y2=bottom, class_="tick"),
    ]
    for one in bins:
        height = (COUNTS_HEIGHT - 28) * _density(one) / most
        left, right = x(one.low), x(one.high)
        width = max(2.0, right - left - 1)
        marks.append(element("rect", x=left, width=width, y=bottom - height, height=height, class_="bar weak"))
    return marks


def _density(one: ReliabilityBin) -> float:
    return one.n / max(one.high - one.low, 0.01)
