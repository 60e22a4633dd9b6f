"""How often something was shown and accepted, week by week, as drawings for light and dark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from copilot.curation.counts import Counts
from copilot.curation.performance import Row
from copilot.curation.trends import Week
from copilot.web.pages.translation import Words
from eval.report import numbers
from eval.report.plots.frame import BOTTOM, LEFT, RIGHT, TOP, Axis, grid
from eval.report.plots.scale import Scale
from eval.report.plots.svg import drawing, element, polygon, polyline
from eval.statistics.estimate import Estimate

WIDTH: Final = 520.0
HEIGHT: Final = 210.0
MARGIN: Final = 0.6
"""Of a week, from the frame to the first and the last, so that no bar is cut off."""
MOST_BAR: Final = 26.0


@dataclass(frozen=True)
class Plots:
    """The two drawings of a period."""

    acceptance: Markup
    exposures: Markup


def plots_of(row: Row, weeks: Sequence[Week], words: Words) -> Plots:
    """The drawings of a row."""
    return Plots(acceptance_plot(row.by_week, weeks, words), exposures_plot(row.by_week, weeks, words))


def acceptance_plot(counts: Sequence[Counts], weeks: Sequence[Week], words: Words) -> Markup:
    """Acceptance with the band of its interval; weeks in which nothing was shown leave a gap."""
    most = max((known.high for one in counts if (known := one.acceptance)), default=1.0)
    x, y = _weekly(weeks), Scale.around([0.0, most], HEIGHT - BOTTOM, TOP)
    marks = []
    for run in _runs(counts):
        points = [(x(place), one) for place, one in run]
        upper = [(at, y(one.high)) for at, one in points]
        lower = [(at, y(one.low)) for at, one in reversed(points)]
        middle = [(at, y(one.mean)) for at, one in points]
        if len(points) == 1:
            at, one = points[0]
            marks.append(element("line", x1=at, x2=at, y1=y(one.low), y2=y(one.high), class_="whisker run"))
        else:
            marks += [polygon([*upper, *lower], "band run"), polyline(middle, "curve run")]
        marks += [element("circle", cx=at, cy=height, r=3.5, class_="dot run") for at, height in middle]
    return _plot(
        Axis(x, words("performance.week_of"), _dates(weeks)),
        Axis(y, words("performance.acceptance"), numbers.share),
        marks,
        title=words("performance.trend"),
        description=words("performance.trend_description"),
    )


def exposures_plot(counts: Sequence[Counts], weeks: Sequence[Week], words: Words) -> Markup:
    """How often something was shown; a week that is not whole is drawn faint."""
    most = max((one.n_shown for one in counts), default=0)
    x, y = _weekly(weeks), Scale.around([0.0, float(max(1, most))], HEIGHT - BOTTOM, TOP)
    width = min(MOST_BAR, (x.stop - x.start) / max(1, len(weeks)) * 0.7)
    marks = [
        element(
            "rect",
            x=x(place) - width / 2,
            width=width,
            y=y(one.n_shown),
            height=y.start - y(one.n_shown),
            class_="bar run" if week.is_whole else "bar weak",
        )
        for place, (one, week) in enumerate(zip(counts, weeks, strict=True))
        if one.n_shown
    ]
    return _plot(
        Axis(x, words("performance.week_of"), _dates(weeks)),
        Axis(y, words("performance.n_shown"), numbers.tick),
        marks,
        title=words("performance.exposures"),
        description=words("performance.exposures_description"),
    )


def _plot(x: Axis, y: Axis, marks: Sequence[Markup], *, title: str, description: str) -> Markup:
    return drawing(WIDTH, HEIGHT, grid(x, y), *marks, title=title, description=description)


def _weekly(weeks: Sequence[Week]) -> Scale:
    """A scale over the numbers of the weeks; one week stands in the middle."""
    return Scale(-MARGIN, len(weeks) - 1 + MARGIN, LEFT, WIDTH - RIGHT)


def _dates(weeks: Sequence[Week]) -> Callable[[float], str]:
    """Under every week, or every few weeks, the day on which it begins; nothing between two weeks."""

    def write(value: float) -> str:
        place = round(value)
        if abs(value - place) > 1e-6 or not 0 <= place < len(weeks):
            return ""
        return weeks[place].first.strftime("%m-%d")

    return write


def _runs(counts: Sequence[Counts]) -> list[list[tuple[int, Estimate]]]:
    """Stretches of weeks of which something is known."""
    runs: list[list[tuple[int, Estimate]]] = [[]]
    for place, one in enumerate(counts):
        known = one.acceptance
        if known is not None:
            runs[-1].append((place, known))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
