"""Two runs over the same queries, value beside value."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.errors import RunError
from eval.metrics.scales import is_lower_better
from eval.runs.cells import Cell, cells_of, cluster_codes
from eval.runs.run import Run

Measurable = list[tuple[Cell, list[int]]]
"""The metrics that can be measured in each cell, as columns."""

HITS_AT_LEAST = 5
"""A p value that just survives correction rests on so many random flips that came out as extreme."""


@dataclass(frozen=True)
class TooFew:
    """A slice that has values of a metric in too few clusters to say anything about it."""

    slice: str
    label: str
    metric: str
    n_clusters: int


@dataclass(frozen=True)
class Paired:
    """The values of some metrics in two runs, both of shape (n_queries, n_metrics), and what to measure them over."""

    metrics: Sequence[str]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    clusters: NDArray[np.intp]
    slices: Sequence[str]
    cells: Sequence[Cell]
    """The whole first."""

    @property
    def differences(self) -> NDArray[np.float64]:
        """How far b lies above a; NaN where the metric does not apply in both."""
        return self.b - self.a

    @property
    def gains(self) -> NDArray[np.float64]:
        """The differences with the sign turned where lower is better, so that positive is better."""
        signs = np.array([-1.0 if is_lower_better(metric) else 1.0 for metric in self.metrics])
        return np.asarray(self.differences * signs, np.float64)

    def n_clusters(self, cell: Cell) -> list[int]:
        """How many clusters of a cell have a pair of values, for each metric."""
        clusters, present = self.clusters[cell.rows], ~np.isnan(self.differences[cell.rows])
        return [len(np.unique(clusters[present[:, column]])) for column in range(len(self.metrics))]

    def split(self, fewest: int) -> tuple[Measurable, list[TooFew]]:
        """What has pairs in at least so many clusters, and what has not; the whole always counts as measurable."""
        measurable: Measurable = []
        too_few: list[TooFew] = []
        for cell in self.cells:
            n_clusters = self.n_clusters(cell)
            measurable.append((cell, [column for column, n in enumerate(n_clusters) if cell.is_whole or n >= fewest]))
            too_few += [
                TooFew(cell.slice, cell.label or "", metric, n)
                for metric, n in zip(self.metrics, n_clusters, strict=True)
                if cell.slice is not None and n < fewest
            ]
        return measurable, too_few


def pair_runs(a: Run, b: Run, *, by: str, metrics: Sequence[str], slices: Sequence[str]) -> Paired:
    """Two runs, query by query; clusters and slices are those of the first.

    Raises:
        RunError: the runs are of different data or queries, a query comes twice, a metric was not measured in both, no
            metric is given, or there is no such grouping or slicing.
    """
    check_same_queries(a, b)
    if not metrics:
        raise RunError(f"no metric to compare by; run {a.id} has {', '.join(a.metric_names)}")
    names = list(dict.fromkeys(metrics))
    return Paired(
        metrics=names,
        a=np.column_stack([a.values(name) for name in names]),
        b=np.column_stack([b.values(name) for name in names]),
        clusters=cluster_codes(a, by),
        slices=list(dict.fromkeys(slices)),
        cells=cells_of(a, slices),
    )


def check_same_queries(a: Run, b: Run) -> None:
    """See to it that two runs answer the same queries of the same data, in the same order.

    Raises:
        RunError: they do not; the message names the first difference.
    """
    if (ours := _data_hash(a)) != (theirs := _data_hash(b)):
        raise RunError(
            f"run {a.id} is over data {ours[:12]}… and run {b.id} over {theirs[:12]}…; expected the same data"
        )
    ids, others = a.query_ids, b.query_ids
    if repeated := [one for one, n in Counter(ids).items() if n > 1]:
        raise RunError(f"run {a.id} has query {repeated[0]!r} more than once; expected every query once")
    if ids == others:
        return
    in_a, in_b = set(ids), set(others)
    missing, added = [one for one in ids if one not in in_b], [one for one in others if one not in in_a]
    if missing or added:
        raise RunError(
            f"runs {a.id} and {b.id} answer different queries: {len(missing)} only in the first {missing[:3]}, "
            f"{len(added)} only in the second {added[:3]}; expected the same queries"
        )
    row = next((row for row, (one, other) in enumerate(zip(ids, others, strict=False)) if one != other), len(ids))
    raise RunError(f"runs {a.id} and {b.id} differ in the order of queries from row {row + 1}; expected the same order")


def flips_for(n_tests: float, alpha: float) -> int:
    """How many random flips tell p values apart that are small enough to survive correction over so many tests."""
    return math.ceil(HITS_AT_LEAST * n_tests / alpha)


def _data_hash(run: Run) -> str:
    data = run.manifest.get("data")
    digest = data.get("sha256") if isinstance(data, dict) else None
    if not isinstance(digest, str):
        raise RunError(f"the manifest of run {run.id} does not say which data it is over (data.sha256)")
    return digest
