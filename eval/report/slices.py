"""One metric in every part of the data, beside the whole and, where there is one, beside the baseline."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.runs.compare import Comparison, Difference
from eval.runs.run import Run
from eval.runs.summary import Measured, Summary
from eval.statistics.estimate import Estimate

ORDERED = frozenset({"agent-tenure", "length"})
"""Slicings whose labels say an order; of others the largest part comes first."""

N_SHOWN = 20


@dataclass(frozen=True)
class Part:
    """The queries of one label; without an estimate where they are too few to claim an interval."""

    label: str
    n: int
    estimate: Estimate | None
    change: Difference | None

    @property
    def n_counted(self) -> int:
        """The queries that the estimate is over; all where there is none."""
        return self.estimate.n if self.estimate else self.n


@dataclass(frozen=True)
class SliceTable:
    """All parts of one slicing; `n_unlabelled` queries are in none."""

    slice: str
    metric: str
    whole: Part
    parts: tuple[Part, ...]
    n_unlabelled: int

    @property
    def shown(self) -> tuple[Part, ...]:
        """The whole and as many parts as a reader can take in."""
        return (self.whole, *self.parts[:N_SHOWN])

    @property
    def n_not_shown(self) -> int:
        return max(0, len(self.parts) - N_SHOWN)

    @property
    def intervals(self) -> list[Estimate]:
        """All estimates to be drawn on one scale."""
        return [one.estimate for one in self.shown if one.estimate]

    @property
    def changes(self) -> list[Difference]:
        """All changes to be drawn on one scale."""
        return [one.change for one in self.shown if one.change]

    @property
    def overlaps(self) -> bool:
        """Whether some queries are in several parts."""
        return sum(part.n for part in self.parts) + self.n_unlabelled > self.whole.n

    def to_whole(self, part: Part) -> float | None:
        """How far a part lies above the whole."""
        both = part.estimate, self.whole.estimate
        return both[0].mean - both[1].mean if both[0] and both[1] else None


def slice_tables(run: Run, summary: Summary, comparison: Comparison | None, metric: str) -> tuple[SliceTable, ...]:
    """A table for every slicing of the summary that has labels."""
    changes = {
        (one.slice, one.label): one for one in (comparison.differences if comparison else ()) if one.metric == metric
    }
    whole = Part("", summary.whole.n_queries, summary.whole.metrics.get(metric), changes.get((None, None)))
    return tuple(
        SliceTable(
            slice=name,
            metric=metric,
            whole=whole,
            parts=tuple(_ordered(name, _parts(name, labels, metric, changes))),
            n_unlabelled=sum(not given for given in run.slice_labels(name)),
        )
        for name, labels in summary.slices.items()
        if labels
    )


def _parts(
    name: str,
    labels: Mapping[str, Measured],
    metric: str,
    changes: Mapping[tuple[str | None, str | None], Difference],
) -> Iterable[Part]:
    for label, measured in labels.items():
        yield Part(label, measured.n_queries, measured.metrics.get(metric), changes.get((name, label)))


def _ordered(name: str, parts: Iterable[Part]) -> list[Part]:
    if name in ORDERED:
        return sorted(parts, key=lambda one: (*_place(one.label), one.label))
    return sorted(parts, key=lambda one: (-one.n, one.label))


def _place(label: str) -> tuple[float, bool]:
    """Where `under 30 days`, `30 to 180 days` and `41 and more` belong: by the first number, words before it first."""
    number = re.search(r"\d+", label)
    return (float(number.group()), number.start() == 0) if number else (math.inf, False)
