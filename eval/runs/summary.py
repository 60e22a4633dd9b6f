"""How good a run is: every metric with its interval, for the whole and for each slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.errors import RunError
from eval.metrics.scales import range_of
from eval.runs.cells import Cell, cells_of, cluster_codes
from eval.runs.certainty import FirstReplies, certainty_estimates, first_replies
from eval.runs.run import Run
from eval.statistics.bootstrap import mean_estimates
from eval.statistics.estimate import Estimate

ROUNDING = 1e-9
FEWEST_CLUSTERS = 5
"""A slice of fewer is counted, but no interval is claimed for it."""


@dataclass(frozen=True)
class Measured:
    """The metrics of some queries; one that applies to none of them, or to too few clusters, is not there."""

    n_queries: int
    n_clusters: int
    metrics: Mapping[str, Estimate]

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        metrics = {name: estimate.to_dict() for name, estimate in self.metrics.items()}
        return {"n_queries": self.n_queries, "n_clusters": self.n_clusters, "metrics": metrics}


@dataclass(frozen=True)
class Summary:
    """The metrics of a run; `by` says what was resampled for the intervals."""

    run_id: str
    by: str
    whole: Measured
    slices: Mapping[str, Mapping[str, Measured]]

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON: the whole at the top, then slice, label and metric."""
        slices = {
            name: {label: measured.to_dict() for label, measured in labels.items()}
            for name, labels in self.slices.items()
        }
        return {"run_id": self.run_id, "by": self.by, **self.whole.to_dict(), "slices": slices}


def summarise(run: Run, *, by: str, slices: Sequence[str] = (), rng: np.random.Generator) -> Summary:
    """The mean of every metric of a run and its 95 % interval by bootstrap over clusters.

    Where replies have probabilities, ECE, AUROC and the area under the coverage-precision curve stand beside.

    Raises:
        RunError: there is no such grouping or slicing, or a metric has a value that it cannot have.
        EvalError: a probability is not within 0 to 1.
    """
    table = _Table(run.metric_names, _checked_values(run), cluster_codes(run, by), first_replies(run))
    whole, *labelled = cells_of(run, slices)
    by_slice: dict[str, dict[str, Measured]] = {name: {} for name in slices}
    measured = _measure(table, whole, 1, rng)
    for cell in labelled:
        by_slice[cell.slice or ""][cell.label or ""] = _measure(table, cell, FEWEST_CLUSTERS, rng)
    return Summary(run.id, by, measured, by_slice)


@dataclass(frozen=True)
class _Table:
    metrics: Sequence[str]
    values: NDArray[np.float64]
    clusters: NDArray[np.intp]
    replies: FirstReplies


def _checked_values(run: Run) -> NDArray[np.float64]:
    values = np.empty((run.table.num_rows, len(run.metric_names)))
    for column, name in enumerate(run.metric_names):
        values[:, column] = run.values(name)
        low, high = range_of(name) or (-np.finfo(np.float64).max, np.finfo(np.float64).max)
        outside = np.flatnonzero((values[:, column] < low - ROUNDING) | (values[:, column] > high + ROUNDING))
        if len(outside):
            query, value = run.query_ids[outside[0]], values[outside[0], column]
            raise RunError(f"run {run.id}: {name} of query {query!r} is {value}; expected {low:g} to {high:g}")
    return values


def _measure(table: _Table, cell: Cell, fewest: int, rng: np.random.Generator) -> Measured:
    values, clusters = table.values[cell.rows], table.clusters[cell.rows]
    kept = [
        column
        for column in range(len(table.metrics))
        if len(np.unique(clusters[~np.isnan(values[:, column])])) >= fewest
    ]
    limits = [range_of(table.metrics[column]) for column in kept]
    means = mean_estimates(values[:, kept], clusters, rng, limits=limits)
    metrics = {table.metrics[column]: mean for column, mean in zip(kept, means, strict=True)}
    replies = table.replies.among(cell.rows)
    if len(np.unique(table.clusters[replies.answered().rows])) >= fewest:
        metrics |= certainty_estimates(replies, table.clusters, rng)
    return Measured(len(cell.rows), len(np.unique(clusters)), metrics)
