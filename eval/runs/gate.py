"""Whether a release may go out: no metric, overall or in a slice, may be significantly worse than a margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eval.errors import EvalError, RunError
from eval.metrics.scales import applies_whatever_is_answered
from eval.runs.cells import Cell, cell_name
from eval.runs.pairing import Measurable, Paired, TooFew, flips_for, pair_runs
from eval.runs.run import Run
from eval.runs.tables import plain_table
from eval.statistics.bootstrap import mean_estimates
from eval.statistics.correction import holm
from eval.statistics.estimate import Estimate
from eval.statistics.randomisation import sign_flip_test

ALPHA = 0.025
"""One-sided, as is usual for non-inferiority (ICH E9, 1998, section 5.5): one side of a 95 % interval."""
WHOLE_SHARE = 0.8
"""Of alpha. A slice must lose more than the whole to be noticed anyway, so that the smaller share costs it little."""
FEWEST_CLUSTERS = 30
"""Below this a gate refuses to answer, for nothing but a disaster would be significant."""
FEWEST_IN_SLICE = 20
"""A slice of fewer is named as unchecked."""


@dataclass(frozen=True)
class Check:
    """One metric in one cell; the difference is candidate - baseline, in the metric's own direction."""

    metric: str
    slice: str | None
    label: str | None
    baseline: float
    candidate: float
    difference: Estimate
    p: float
    """The chance of so large a loss, were the candidate worse by just the margin."""
    p_adjusted: float
    failed: bool

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True)
class Verdict:
    """Every check, the whole first, and what could not be checked."""

    baseline: str
    candidate: str
    by: str
    margin: float
    alpha: float
    checks: tuple[Check, ...]
    unchecked: tuple[TooFew, ...]

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.failed)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        names = ("passed", "baseline", "candidate", "by", "margin", "alpha")
        return {
            **{name: getattr(self, name) for name in names},
            "checks": [check.to_dict() for check in self.checks],
            "unchecked": [vars(one) for one in self.unchecked],
        }

    def to_text(self) -> str:
        """A table of the checks and the verdict, for a terminal."""
        header = ("metric", "queries", "n", "baseline", "candidate", "difference", "95 %", "p", "adjusted", "")
        verdict = "passed" if self.passed else f"FAILED: {len(self.failures)} of {len(self.checks)} checks"
        unchecked = [f"not checked, too few: {len(self.unchecked)} slices"] if self.unchecked else []
        return "\n".join([plain_table(header, [_row(check) for check in self.checks]), *unchecked, verdict])


def gate(
    baseline: Run,
    candidate: Run,
    *,
    metrics: Sequence[str],
    by: str,
    rng: np.random.Generator,
    slices: Sequence[str] = (),
    margin: float = 0.0,
    alpha: float = ALPHA,
) -> Verdict:
    """Whether the candidate is significantly worse than the baseline by more than a margin, in anything asked for.

    Each check tests the hypothesis that the loss is at most `margin`, in the metric's own unit (0.01 of nDCG is a
    point), with a one-sided sign-flip test by cluster. The chance that any check fails though no loss is larger is at
    most `alpha`, by Holm's correction. With slices, the whole has four fifths of `alpha` to begin with and the slices
    the rest: a loss overall must not become harder to see the more slices are watched.

    Raises:
        RunError: the runs cannot be compared, a metric is missing or applies to different queries, or there are fewer
            than 30 clusters, or none of a slice's labels has 20: what cannot be checked has not passed.
        EvalError: the margin is negative, or alpha is not between 0 and 1.
    """
    if not (0 <= margin < math.inf and 0 < alpha < 1):
        raise EvalError(f"margin {margin} and alpha {alpha}; expected a margin of 0 or more and 0 < alpha < 1")
    paired = pair_runs(baseline, candidate, by=by, metrics=metrics, slices=slices)
    measurable, unchecked = paired.split(FEWEST_IN_SLICE)
    _check_applies_alike(paired, baseline)
    _check_enough(paired, measurable, by)
    n_flips = flips_for(sum(len(columns) for _, columns in measurable), (1 - WHOLE_SHARE) * alpha)
    checks = [check for cell, columns in measurable for check in _checks(paired, cell, columns, margin, rng, n_flips)]
    adjusted = holm([check.p for check in checks], _weights(checks))
    judged = [
        replace(check, p_adjusted=float(p), failed=bool(p <= alpha)) for check, p in zip(checks, adjusted, strict=True)
    ]
    return Verdict(baseline.id, candidate.id, by, margin, alpha, tuple(judged), tuple(unchecked))


def default_metrics(baseline: Run) -> list[str]:
    """What to gate on when nothing is named: all that the baseline has values of and that answers cannot evade."""
    return [
        name
        for name in baseline.metric_names
        if applies_whatever_is_answered(name) and not np.isnan(baseline.values(name)).all()
    ]


def _check_applies_alike(paired: Paired, run: Run) -> None:
    unlike = np.isnan(paired.a) != np.isnan(paired.b)
    if unlike.any():
        row, column = (int(place[0]) for place in np.nonzero(unlike))
        raise RunError(
            f"{paired.metrics[column]} applies to query {run.query_ids[row]!r} in one run only "
            f"({int(unlike.sum())} such values in all); a gate needs metrics that apply whatever was answered"
        )


def _check_enough(paired: Paired, measurable: Measurable, by: str) -> None:
    for metric, n in zip(paired.metrics, paired.n_clusters(paired.cells[0]), strict=True):
        if n < FEWEST_CLUSTERS:
            raise RunError(f"{metric} has values in {n} clusters (by {by}); a gate needs at least {FEWEST_CLUSTERS}")
    done = {(cell.slice, column) for cell, columns in measurable for column in columns}
    for name in paired.slices:
        for column, metric in enumerate(paired.metrics):
            if (name, column) not in done:
                raise RunError(
                    f"no label of slice {name!r} has {metric} in {FEWEST_IN_SLICE} clusters (by {by}); "
                    "leave the slice out or gate on more queries"
                )


def _weights(checks: Sequence[Check]) -> list[float]:
    n_whole = sum(check.slice is None for check in checks)
    n_slices = len(checks) - n_whole
    return [WHOLE_SHARE / n_whole if check.slice is None else (1 - WHOLE_SHARE) / n_slices for check in checks]


def _checks(
    paired: Paired, cell: Cell, columns: list[int], margin: float, rng: np.random.Generator, n_flips: int
) -> list[Check]:
    clusters, gains = paired.clusters[cell.rows], paired.gains[cell.rows]
    differences = mean_estimates(paired.differences[cell.rows][:, columns], clusters, rng)
    p_values = [
        sign_flip_test(gains[:, column] + margin, clusters, rng, side="below", n_flips_closer=n_flips)
        for column in columns
    ]
    return [
        _check(paired, cell, column, difference, p)
        for column, difference, p in zip(columns, differences, p_values, strict=True)
    ]


def _check(paired: Paired, cell: Cell, column: int, difference: Estimate, p: float) -> Check:
    return Check(
        metric=paired.metrics[column],
        slice=cell.slice,
        label=cell.label,
        baseline=float(np.nanmean(paired.a[cell.rows, column])),
        candidate=float(np.nanmean(paired.b[cell.rows, column])),
        difference=difference,
        p=p,
        p_adjusted=p,
        failed=False,
    )


def _row(check: Check) -> list[str]:
    estimate = check.difference
    return [
        check.metric,
        cell_name(check.slice, check.label),
        str(estimate.n),
        f"{check.baseline:.3f}",
        f"{check.candidate:.3f}",
        f"{estimate.mean:+.3f}",
        f"[{estimate.low:+.3f}, {estimate.high:+.3f}]",
        f"{check.p:.2g}",
        f"{check.p_adjusted:.2g}",
        "WORSE" if check.failed else "",
    ]
