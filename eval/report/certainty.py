"""Whether stated probabilities come true, and what is gained by answering only when sure."""

from dataclasses import dataclass

import numpy as np

from eval.errors import EvalError
from eval.metrics.calibration import ReliabilityBin, reliability
from eval.metrics.classification import CoveragePrecision, coverage_precision
from eval.runs.certainty import first_replies
from eval.runs.run import Run
from eval.runs.summary import Summary
from eval.statistics.estimate import Estimate

ECE = "ECE"
N_STEPS = 10


@dataclass(frozen=True)
class CoveragePoint:
    """One threshold: which share of the queries is answered, and which share of these answers is right."""

    threshold: float
    coverage: float
    precision: float


@dataclass(frozen=True)
class Certainty:
    """The first replies of a run with their probabilities, of `n_queries` whose right answer is known.

    `chosen` is the point of the threshold in use, empty where none is given or nothing reaches it.
    """

    n_queries: int
    ece: Estimate
    bins: tuple[ReliabilityBin, ...]
    curve: CoveragePrecision
    threshold: float | None
    chosen: CoveragePoint | None

    @property
    def points(self) -> tuple[CoveragePoint, ...]:
        """The curve in steps of a tenth of the queries, and its end."""
        steps = np.arange(1, N_STEPS + 1) / N_STEPS
        reached = np.searchsorted(self.curve.coverage, steps - 1e-12)
        last = len(self.curve.coverage) - 1
        return tuple(_point(self.curve, int(place)) for place in np.unique(np.minimum(reached, last)))


def certainty_of(run: Run, summary: Summary, threshold: float | None) -> Certainty | None:
    """How certain a run was of its first replies; None without replies that have a probability and can be judged.

    Raises:
        EvalError: a probability or the threshold is not within 0 to 1.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise EvalError(f"threshold {threshold}; expected a probability from 0 to 1")
    replies = first_replies(run)
    answered = replies.answered()
    ece, curve = summary.whole.metrics.get(ECE), coverage_curve(run)
    if ece is None or curve is None:
        return None
    return Certainty(
        n_queries=len(replies.rows),
        ece=ece,
        bins=tuple(reliability(answered.probabilities, answered.correct)),
        curve=curve,
        threshold=threshold,
        chosen=None if threshold is None else _at(curve, threshold),
    )


def coverage_curve(run: Run) -> CoveragePrecision | None:
    """Coverage and precision of the first replies; None without replies that have a probability and can be judged."""
    replies = first_replies(run)
    curve = coverage_precision(replies.probabilities, replies.correct)
    return curve if len(curve.coverage) else None


def _at(curve: CoveragePrecision, threshold: float) -> CoveragePoint | None:
    """The last point whose answers all reach the threshold."""
    n_reached = int(np.count_nonzero(curve.thresholds >= threshold))
    return _point(curve, n_reached - 1) if n_reached else None


def _point(curve: CoveragePrecision, place: int) -> CoveragePoint:
    columns = (curve.thresholds, curve.coverage, curve.precision)
    return CoveragePoint(*(float(column[place]) for column in columns))
