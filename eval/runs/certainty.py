"""How far the probabilities of a run can be trusted, judged by the first reply to each query."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eval.metrics.calibration import brier, calibration_gaps, debiased_calibration_error
from eval.metrics.weighted import SurestFirst
from eval.runs.run import Run
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import gap_estimate, weighted_estimates

N_RESAMPLES = 500
"""Fewer than of a mean, for every one of them goes through all queries."""


@dataclass(frozen=True)
class FirstReplies:
    """The first reply to each query whose right answer is known, in the order of the run."""

    rows: NDArray[np.intp]
    """Where these queries stand in the run."""
    probabilities: NDArray[np.float64]
    """NaN where nothing was suggested."""
    correct: NDArray[np.bool_]

    def among(self, rows: NDArray[np.intp]) -> "FirstReplies":
        """Those of the given rows of the run."""
        kept = np.isin(self.rows, rows)
        return FirstReplies(self.rows[kept], self.probabilities[kept], self.correct[kept])

    def answered(self) -> "FirstReplies":
        """Those of the queries for which something was suggested."""
        kept = ~np.isnan(self.probabilities)
        return FirstReplies(self.rows[kept], self.probabilities[kept], self.correct[kept])


def first_replies(run: Run) -> FirstReplies:
    """How sure the system was of its first reply, and whether it was right.

    Queries of which nothing relevant is known are left out, for there any reply might be right; so are replies without
    a probability.
    """
    replies = run.table["replies"].combine_chunks()
    n_replies = pc.fill_null(pc.list_value_length(replies), 0).to_numpy(zero_copy_only=False)
    ids, probabilities = _first(replies, n_replies, "item_id"), _first(replies, n_replies, "probability")
    relevant = run.table["relevant"].to_pylist()
    rows = [
        row for row, right in enumerate(relevant) if right and (n_replies[row] == 0 or probabilities[row] is not None)
    ]
    return FirstReplies(
        rows=np.array(rows, np.intp),
        probabilities=np.array([probabilities[row] for row in rows], np.float64),
        correct=np.array([ids[row] in relevant[row] for row in rows], np.bool_),
    )


def certainty_estimates(
    replies: FirstReplies, clusters: NDArray[np.intp], rng: np.random.Generator
) -> Mapping[str, Estimate]:
    """`ECE`, `ECE-debiased`, `Brier` and `AUROC` of the queries answered, `coverage-precision` of all.

    The last is the area under that curve. The debiased error has the interval of the plain one, which allows for noise
    already.
    `clusters` are those of the whole run. What is undefined is left out: everything where nothing was answered with a
    probability, AUROC where all answers are right or all wrong.

    Raises:
        EvalError: a probability is not within 0 to 1.
    """
    answered = replies.answered()
    if not len(answered.rows):
        return {}
    gaps = calibration_gaps(answered.probabilities, answered.correct)
    error = gap_estimate(gaps, clusters[answered.rows], rng, n_resamples=N_RESAMPLES)
    debiased = _debiased(error, debiased_calibration_error(answered.probabilities, answered.correct))
    squares = brier(answered.probabilities, answered.correct)
    score = mean_estimate(squares, clusters[answered.rows], rng, limits=(0.0, 1.0), n_resamples=N_RESAMPLES)
    ordered = SurestFirst.of(replies.probabilities, replies.correct)
    found = weighted_estimates(
        lambda weights: np.column_stack([ordered.auroc(weights), ordered.area(weights)]),
        clusters[replies.rows],
        rng,
        n_resamples=N_RESAMPLES,
    )
    names = ("ECE", "ECE-debiased", "Brier", "AUROC", "coverage-precision")
    named = zip(names, (error, debiased, score, *found), strict=True)
    return {name: estimate for name, estimate in named if estimate is not None}


def candidate_certainty(run: Run, rng: np.random.Generator) -> Mapping[str, Estimate]:
    """`ECE-candidates` and `Brier-candidates` of all replies listed, each against whether it is relevant.

    For runs that order given candidates, all of them judged, a query without a relevant one included. Queries are
    resampled whole. Empty where any reply has no probability.

    Raises:
        EvalError: a probability is not within 0 to 1.
    """
    stated: list[float | None] = []
    correct, queries = [], []
    columns = (run.table[name].to_pylist() for name in ("replies", "relevant"))
    for number, (replies, relevant) in enumerate(zip(*columns, strict=True)):
        for reply in replies or ():
            stated.append(reply["probability"])
            correct.append(reply["item_id"] in (relevant or ()))
            queries.append(number)
    if not stated or None in stated:
        return {}
    probabilities, labels, rows = np.array(stated, np.float64), np.array(correct), np.array(queries)
    error = gap_estimate(calibration_gaps(probabilities, labels), rows, rng, n_resamples=N_RESAMPLES)
    score = mean_estimate(brier(probabilities, labels), rows, rng, limits=(0.0, 1.0), n_resamples=N_RESAMPLES)
    return {"ECE-candidates": error, "Brier-candidates": score}


def _debiased(error: Estimate, value: float) -> Estimate:
    """Another value of the same error, with the same interval."""
    return replace(error, mean=value, low=min(error.low, value))


def _first(replies: pa.ListArray, n_replies: NDArray[np.int64], field: str) -> list[object]:
    """A field of each query's first reply, None where there is none."""
    starts = pa.array(replies.offsets.to_numpy()[:-1], mask=n_replies == 0)
    values: list[object] = replies.values.field(field).take(starts).to_pylist()
    return values
