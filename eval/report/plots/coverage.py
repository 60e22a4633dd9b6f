"""How many answers are right when only the surer ones are given."""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from eval.metrics.classification import CoveragePrecision
from eval.report import numbers
from eval.report.certainty import Certainty, CoveragePoint
from eval.report.plots.frame import WIDTH, Axis, across, grid, upwards
from eval.report.plots.scale import Scale
from eval.report.plots.svg import drawing, element, polyline
from eval.report.words import Words

HEIGHT = 330.0
N_POINTS = 300
"""More could not be told apart on the drawing."""


def coverage_plot(certainty: Certainty, words: Words, *, baseline: CoveragePrecision | None = None) -> Markup:
    """Precision over coverage, with the threshold in use marked."""
    x, y = across(0.0, 1.0), upwards(0.0, 1.0, HEIGHT)
    lines = [polyline(_points(baseline, x, y), "curve baseline")] if baseline else []
    return drawing(
        WIDTH,
        HEIGHT,
        grid(Axis(x, words("coverage.coverage"), numbers.share), Axis(y, words("coverage.precision"), numbers.share)),
        *lines,
        polyline(_points(certainty.curve, x, y), "curve run"),
        *([_chosen(certainty.chosen, certainty.threshold, words, x, y)] if certainty.chosen else []),
        title=words("coverage.title"),
        description=words("coverage.description"),
    )


def thinned(n: int, most: int) -> NDArray[np.intp]:
    """Up to `most` positions among `n`, evenly apart, with the first and the last."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))


def _points(curve: CoveragePrecision, x: Scale, y: Scale) -> list[tuple[float, float]]:
    kept = thinned(len(curve.coverage), N_POINTS)
    pairs = zip(curve.coverage[kept].tolist(), curve.precision[kept].tolist(), strict=True)
    return [(x(coverage), y(precision)) for coverage, precision in pairs]


def _chosen(chosen: CoveragePoint, threshold: float | None, words: Words, x: Scale, y: Scale) -> Markup:
    """The place of the threshold, with lines to both axes."""
    at, height = x(chosen.coverage), y(chosen.precision)
    is_right = chosen.coverage > 0.5
    label = words("coverage.threshold", threshold=f"{threshold:.2f}")
    place = {"x": at - 8 if is_right else at + 8, "y": y.start - 8, "text_anchor": "end" if is_right else "start"}
    return Markup("").join(
        [
            element("line", x1=at, x2=at, y1=y.start, y2=height, class_="threshold"),
            element("line", x1=x.start, x2=at, y1=height, y2=height, class_="threshold"),
            element("circle", cx=at, cy=height, r=6, class_="dot threshold"),
            element("text", label, class_="strong", **place),
        ]
    )
