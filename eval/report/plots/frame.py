"""Two axes and their grid."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from eval.report.plots.scale import Scale
from eval.report.plots.svg import element

WIDTH = 360.0
"""About the width of a telephone, so that text is drawn at its own size there."""
LEFT, RIGHT, TOP, BOTTOM = 54.0, 12.0, 12.0, 44.0


@dataclass(frozen=True)
class Axis:
    """A scale with its name and how its numbers are written."""

    scale: Scale
    name: str
    write: Callable[[float], str]


def across(low: float, high: float) -> Scale:
    """A scale from left to right."""
    return Scale(low, high, LEFT, WIDTH - RIGHT)


def upwards(low: float, high: float, height: float) -> Scale:
    """A scale from the bottom to the top of a drawing of this height."""
    return Scale(low, high, height - BOTTOM, TOP)


def grid(x: Axis, y: Axis) -> Markup:
    """Lines, numbers and names of both axes."""
    return Markup("").join([*_columns(x, y.scale), *_lines(y, x.scale), *_names(x, y)])


def _columns(x: Axis, y: Scale) -> list[Markup]:
    marks = []
    for value in x.scale.ticks():
        at = x.scale(value)
        marks.append(element("line", x1=at, x2=at, y1=y.start, y2=y.stop, class_="grid"))
        marks.append(element("text", x.write(value), x=at, y=y.start + 16, text_anchor="middle"))
    return marks


def _lines(y: Axis, x: Scale) -> list[Markup]:
    marks = []
    for value in y.scale.ticks():
        at = y.scale(value)
        marks.append(element("line", x1=x.start, x2=x.stop, y1=at, y2=at, class_="grid"))
        marks.append(element("text", y.write(value), x=x.start - 7, y=at + 4, text_anchor="end"))
    return marks


def _names(x: Axis, y: Axis) -> list[Markup]:
    middle = (x.scale.start + x.scale.stop) / 2
    half_way = (y.scale.start + y.scale.stop) / 2
    return [
        element("text", x.name, x=middle, y=y.scale.start + 36, text_anchor="middle", class_="name"),
        element(
            "text",
            y.name,
            x=0,
            y=0,
            text_anchor="middle",
            class_="name",
            transform=f"translate(11 {half_way:g}) rotate(-90)",
        ),
    ]
