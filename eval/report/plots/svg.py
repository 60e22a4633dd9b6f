"""SVG elements as text that is safe to put into a page."""

import math
from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, *children: str, **attributes: str | float) -> Markup:
    """One element; plain text in it is escaped. `class_` is written as class, other underscores as hyphens."""
    written = Markup("").join(_attribute(key, value) for key, value in attributes.items())
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inner)  # noqa: S704 - our own tag names


def percent(value: float) -> str:
    """A length relative to the drawing's width, so that rows stretch with the page and their marks do not."""
    return f"{_short(value)}%"


def polyline(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """A line through points."""
    return element("polyline", points=_pairs(points), class_=class_)


def polygon(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """An area around points."""
    return element("polygon", points=_pairs(points), class_=class_)


def drawing(width: float, height: float, *children: str, title: str, description: str) -> Markup:
    """A picture of its own, named and described to those who cannot see it."""
    named = (element("title", title), element("desc", description))
    return element("svg", *named, *children, viewBox=f"0 0 {width:g} {height:g}", role="img", class_="plot")


def row(height: float, *children: str) -> Markup:
    """A strip as wide as its table cell; the numbers stand beside it, so it is hidden from screen readers."""
    return element("svg", *children, height=height, width="100%", aria_hidden="true", class_="row")


def _attribute(key: str, value: str | float) -> Markup:
    name = key.removesuffix("_").replace("_", "-")
    return Markup(' {}="{}"').format(name, value if isinstance(value, str) else _short(value))


def _pairs(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _short(value: float) -> str:
    """Two decimals are finer than a pixel; adding zero turns -0 into 0."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be drawn; expected a finite number")
    return f"{round(value, 2) + 0.0:.12g}"
