"""A metric over the size of the library."""

from collections.abc import Sequence

from markupsafe import Markup

from eval.report import numbers
from eval.report.growth import Growth, LibraryGrowth
from eval.report.plots.frame import LEFT, RIGHT, Axis, grid, upwards
from eval.report.plots.rows import Tone
from eval.report.plots.scale import Scale
from eval.report.plots.svg import drawing, element, polygon, polyline
from eval.report.words import Words

WIDTH, HEIGHT = 360.0, 300.0
TONES: tuple[Tone, ...] = ("run", "baseline", "gain", "loss")


def growth_plot(growth: LibraryGrowth, words: Words) -> Markup:
    """One line a system, with the band of its intervals."""
    sizes = [size.n_items for system in growth.systems for size in system.sizes]
    x = Scale.powers(sizes, LEFT + 10, WIDTH - RIGHT - 10)
    y = upwards(0.0, 1.0, HEIGHT)
    return drawing(
        WIDTH,
        HEIGHT,
        grid(Axis(x, words("growth.size"), numbers.tick), Axis(y, growth.metric, numbers.tick)),
        *_bands(growth.systems, x, y),
        *_lines(growth.systems, x, y),
        title=words("growth.title", metric=growth.metric),
        description=words("growth.description", metric=growth.metric),
    )


def tone_of(position: int) -> Tone:
    """The colour of a system; beyond the fourth they repeat."""
    return TONES[position % len(TONES)]


def _bands(systems: Sequence[Growth], x: Scale, y: Scale) -> list[Markup]:
    marks = []
    for position, system in enumerate(systems):
        lower = [(x(size.n_items), y(size.estimate.low)) for size in system.sizes]
        upper = [(x(size.n_items), y(size.estimate.high)) for size in reversed(system.sizes)]
        marks.append(polygon([*lower, *upper], f"band {tone_of(position)}"))
    return marks


def _lines(systems: Sequence[Growth], x: Scale, y: Scale) -> list[Markup]:
    marks = []
    for position, system in enumerate(systems):
        points = [(x(size.n_items), y(size.estimate.mean)) for size in system.sizes]
        marks.append(polyline(points, f"curve {tone_of(position)}"))
        marks += [element("circle", cx=at, cy=height, r=4, class_=f"dot {tone_of(position)}") for at, height in points]
    return marks
