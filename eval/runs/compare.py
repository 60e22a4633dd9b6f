"""One run against another over the same queries: what differs, by how much, and whether it could be chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eval.errors import RunError
from eval.runs.answers import SideBySide, side_by_side
from eval.runs.cells import Cell, cell_name
from eval.runs.pairing import Paired, TooFew, flips_for, pair_runs
from eval.runs.run import Run
from eval.runs.summary import FEWEST_CLUSTERS
from eval.runs.tables import plain_table
from eval.statistics.bootstrap import mean_estimates
from eval.statistics.correction import CORRECTIONS
from eval.statistics.estimate import Estimate
from eval.statistics.randomisation import sign_flip_test

N_EXAMPLES = 10
ALPHA = 0.05


@dataclass(frozen=True)
class Difference:
    """A metric of two runs over the queries of one cell to which it applies in both; the difference is b - a."""

    metric: str
    slice: str | None
    label: str | None
    mean_a: float
    mean_b: float
    difference: Estimate
    p: float
    """Two-sided."""
    p_adjusted: float
    """Over all metrics and slices of the comparison."""
    n_won: int
    """Queries in which b is better, whichever way is better for the metric."""
    n_lost: int
    n_tied: int
    n_unpaired: int
    """Queries to which the metric applies in one run only."""

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """All that differs between two runs, and by metric the queries won and lost by most, the most first."""

    a: str
    b: str
    by: str
    correction: str
    differences: tuple[Difference, ...]
    too_few: tuple[TooFew, ...]
    won: Mapping[str, tuple[SideBySide, ...]]
    lost: Mapping[str, tuple[SideBySide, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("a", "b", "by", "correction")},
            "differences": [one.to_dict() for one in self.differences],
            "too_few": [vars(one) for one in self.too_few],
            "won": {metric: [one.to_dict() for one in examples] for metric, examples in self.won.items()},
            "lost": {metric: [one.to_dict() for one in examples] for metric, examples in self.lost.items()},
        }

    def to_text(self) -> str:
        """A table of the differences, for a terminal."""
        header = ("metric", "queries", "n", "a", "b", "b - a", "95 %", "p", "adjusted", "won", "lost", "tied")
        return plain_table(header, [_row(one) for one in self.differences])


def compare(
    a: Run,
    b: Run,
    *,
    by: str,
    metrics: Sequence[str],
    slices: Sequence[str] = (),
    rng: np.random.Generator,
    correction: str = "holm",
    n_examples: int = N_EXAMPLES,
) -> Comparison:
    """How b differs from a: paired differences with a cluster bootstrap, a randomisation test and its correction.

    Slices of fewer than five clusters are named and left out. Examples that differ alike stand in the order of the run.

    Raises:
        RunError: the runs cannot be compared, a metric applies to no query in both, or there is no such correction.
    """
    if correction not in CORRECTIONS:
        raise RunError(f"cannot correct by {correction!r}; expected one of {', '.join(CORRECTIONS)}")
    paired = pair_runs(a, b, by=by, metrics=metrics, slices=slices)
    for metric, n_clusters in zip(paired.metrics, paired.n_clusters(paired.cells[0]), strict=True):
        if not n_clusters:
            raise RunError(f"{metric} applies to no query in both runs {a.id} and {b.id}")
    measurable, too_few = paired.split(FEWEST_CLUSTERS)
    n_flips = flips_for(sum(len(columns) for _, columns in measurable), ALPHA)
    found = [one for cell, columns in measurable for one in _differences(paired, cell, columns, rng, n_flips)]
    adjusted = CORRECTIONS[correction]([one.p for one in found])
    return Comparison(
        a=a.id,
        b=b.id,
        by=by,
        correction=correction,
        differences=tuple(replace(one, p_adjusted=float(p)) for one, p in zip(found, adjusted, strict=True)),
        too_few=tuple(too_few),
        won=_examples(a, b, paired, 1, n_examples),
        lost=_examples(a, b, paired, -1, n_examples),
    )


def _differences(
    paired: Paired, cell: Cell, columns: list[int], rng: np.random.Generator, n_flips: int
) -> list[Difference]:
    clusters = paired.clusters[cell.rows]
    differences = paired.differences[cell.rows][:, columns]
    estimates = mean_estimates(differences, clusters, rng)
    p_values = [sign_flip_test(column, clusters, rng, n_flips_closer=n_flips) for column in differences.T]
    return [
        _difference(paired, cell, column, estimate, p)
        for column, estimate, p in zip(columns, estimates, p_values, strict=True)
    ]


def _difference(paired: Paired, cell: Cell, column: int, estimate: Estimate, p: float) -> Difference:
    a, b, gains = (values[cell.rows, column] for values in (paired.a, paired.b, paired.gains))
    both = ~np.isnan(gains)
    return Difference(
        metric=paired.metrics[column],
        slice=cell.slice,
        label=cell.label,
        mean_a=float(a[both].mean()),
        mean_b=float(b[both].mean()),
        difference=estimate,
        p=p,
        p_adjusted=p,
        n_won=int((gains > 0).sum()),
        n_lost=int((gains < 0).sum()),
        n_tied=int((gains == 0).sum()),
        n_unpaired=int((np.isnan(a) != np.isnan(b)).sum()),
    )


def _examples(a: Run, b: Run, paired: Paired, sign: int, n: int) -> dict[str, tuple[SideBySide, ...]]:
    """By metric, the queries won (sign 1) or lost (-1) by most."""
    gains = sign * paired.gains
    examples = {}
    for column, metric in enumerate(paired.metrics):
        moved = np.flatnonzero(gains[:, column] > 0)
        most = moved[np.argsort(-gains[moved, column], kind="stable")][:n]
        examples[metric] = tuple(side_by_side(a, b, metric, int(row)) for row in most)
    return examples


def _row(one: Difference) -> list[str]:
    estimate = one.difference
    return [
        one.metric,
        cell_name(one.slice, one.label),
        str(estimate.n),
        f"{one.mean_a:.3f}",
        f"{one.mean_b:.3f}",
        f"{estimate.mean:+.3f}",
        f"[{estimate.low:+.3f}, {estimate.high:+.3f}]",
        f"{one.p:.2g}",
        f"{one.p_adjusted:.2g}",
        str(one.n_won),
        str(one.n_lost),
        str(one.n_tied),
    ]
