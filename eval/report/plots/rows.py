"""Strips beside the numbers of a table, all rows of one column on one scale.

Places are percentages of the strip's width, so that it stretches with the page while dots stay round.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from markupsafe import Markup

from eval.report.plots.scale import Scale
from eval.report.plots.svg import element, percent, row
from eval.statistics.estimate import Estimate

HEIGHT = 22.0
MIDDLE = HEIGHT / 2
FULL = 100.0
N_STEPS = 3
"""As many as the numbers of a narrow column allow."""
Tone = Literal["run", "baseline", "gain", "loss", "even", "weak"]


def across(values: Sequence[float]) -> Scale:
    """The scale of a column that must show these numbers."""
    return Scale.around(values, 0.0, FULL)


def across_intervals(estimates: Iterable[Estimate]) -> Scale:
    """The scale of a column that must show these intervals."""
    return across([end for one in estimates for end in (one.low, one.high)])


def is_share(estimate: Estimate) -> bool:
    """Whether it lies on the scale of shares."""
    return estimate.low >= 0 and estimate.high <= 1


SHARES = Scale(0.0, 1.0, 0.0, FULL)
"""The scale of what lies between nothing and everything."""


def interval_row(estimate: Estimate, scale: Scale, tone: Tone, *, reference: float | None = None) -> Markup:
    """A dot at the mean on the line of its interval; `reference` is what to compare with, a line from top to bottom."""
    low, mean, high = (percent(scale(value)) for value in (estimate.low, estimate.mean, estimate.high))
    marks = [element("line", x1=percent(0), x2=percent(FULL), y1=MIDDLE, y2=MIDDLE, class_="rail")]
    marks += [_upright(scale(reference), "reference")] if reference is not None else []
    marks.append(element("line", x1=low, x2=high, y1=MIDDLE, y2=MIDDLE, class_=f"whisker {tone}"))
    marks.append(element("circle", cx=mean, cy=MIDDLE, r=4.5, class_=f"dot {tone}"))
    return row(HEIGHT, *marks)


def axis_row(scale: Scale, write: Callable[[float], str], *, reference: float | None = None) -> Markup:
    """The scale of a column: its ticks and their numbers."""
    marks = [_upright(scale(reference), "reference")] if reference is not None else []
    for value in scale.ticks(N_STEPS):
        at = scale(value)
        anchor = "start" if at < 2 else "end" if at > 98 else "middle"
        marks.append(element("line", x1=percent(at), x2=percent(at), y1=HEIGHT - 4, y2=HEIGHT, class_="tick"))
        marks.append(element("text", write(value), x=percent(at), y=HEIGHT - 8, text_anchor=anchor))
    return row(HEIGHT, *marks)


def parts_row(parts: Sequence[tuple[float, Tone]]) -> Markup:
    """A whole divided into its parts, from left to right."""
    whole = sum(size for size, _ in parts)
    marks, start = [], 0.0
    for size, tone in parts:
        width = FULL * size / whole if whole else 0.0
        if width:
            marks.append(_bar(start, width, tone))
        start += width
    return row(HEIGHT, *marks)


def bar_row(value: float, scale: Scale, tone: Tone) -> Markup:
    """A bar from zero to a number, to the left when it is negative."""
    zero, at = scale(0.0), scale(value)
    return row(HEIGHT, _bar(min(zero, at), abs(at - zero), tone))


def quantiles_row(p50: float, p95: float, p99: float, scale: Scale) -> Markup:
    """A bar to the median, a fainter one to the 95th percentile, a line to the 99th."""
    zero, half, most, nearly_all = (scale(value) for value in (0.0, p50, p95, p99))
    whisker = element("line", x1=percent(zero), x2=percent(nearly_all), y1=MIDDLE, y2=MIDDLE, class_="whisker weak")
    end = element("line", x1=percent(nearly_all), x2=percent(nearly_all), y1=6, y2=HEIGHT - 6, class_="whisker weak")
    return row(HEIGHT, whisker, end, _bar(zero, most - zero, "weak"), _bar(zero, half - zero, "run"))


def _bar(start: float, width: float, tone: Tone) -> Markup:
    return element("rect", x=percent(start), width=percent(width), y=6, height=HEIGHT - 12, class_=f"bar {tone}")


def _upright(at: float, class_: str) -> Markup:
    return element("line", x1=percent(at), x2=percent(at), y1=0, y2=HEIGHT, class_=class_)
