"""One order of what was shown against another, as if what stands lower had been looked at as often."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.training.log import DecisionLog
from eval.errors import NothingMeasuredError
from eval.statistics.bootstrap import N_RESAMPLES, expanded_tail, resampled_sums
from eval.statistics.estimate import Estimate
from models.rankers.examination import Examination
from models.rankers.slates import Floats, Slates

DEPTH = 3
METRICS = ("nDCG@3", "accept@1")


@dataclass(frozen=True)
class Judged:
    """A metric of the serving order, of the learned one, and their difference; over what was taken."""

    before: Estimate
    after: Estimate
    difference: Estimate

    @property
    def is_better(self) -> bool:
        """Whether the difference lies above zero beyond chance."""
        return self.difference.low > 0.0

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {name: getattr(self, name).to_dict() for name in ("before", "after", "difference")}


def judge_orders(
    log: DecisionLog, before: Floats, after: Floats, examination: Examination, rng: np.random.Generator
) -> dict[str, Judged]:
    """nDCG@3 and accept@1 of two scores of the rows shown, each taking weighted by one over its place's examination.

    Of a self-normalised sum, Σ gain / examination over Σ 1 / examination (Swaminathan and Joachims 2015), so both
    metrics are of the lists that hold what the agent wanted: where it would stand, and whether first. The interval
    resamples conversations and, in each resample, draws the examination anew from what the log leaves open.

    Raises:
        NothingMeasuredError: nothing was taken.
    """
    rows = np.flatnonzero(log.slates.taken)
    if not len(rows):
        raise NothingMeasuredError("nothing was taken of what was shown; expected at least one taking to judge by")
    gains = np.column_stack([gain[rows] for scores in (before, after) for gain in _gains(log.slates, scores)])
    columns = np.column_stack([gains, np.ones(len(rows))])
    table = _sums(columns, log.slates.places[rows], log.groups[log.slates.slate[rows]], log.n_places)
    drawn = resampled_sums(table, rng, N_RESAMPLES).reshape(N_RESAMPLES, log.n_places, -1)
    curves = examination.draw(rng, N_RESAMPLES)
    found = _ratios(table.sum(axis=0).reshape(1, log.n_places, -1), examination.curve[np.newaxis])[0]
    spread = _ratios(drawn, curves)
    n = len(METRICS)
    estimates = [_estimate(found[i], spread[:, i], len(table), len(rows)) for i in range(2 * n)]
    gaps = [
        _estimate(found[n + i] - found[i], spread[:, n + i] - spread[:, i], len(table), len(rows)) for i in range(n)
    ]
    return {name: Judged(estimates[i], estimates[n + i], gaps[i]) for i, name in enumerate(METRICS)}


def ranks(slates: Slates, scores: Floats) -> NDArray[np.intp]:
    """Where each row stands in its list by a score, from 0; equal ones as they were shown."""
    order = np.lexsort((slates.places, -scores, slates.slate))
    found = np.empty(len(order), np.intp)
    found[order] = np.arange(len(order)) - slates.starts[slates.slate[order]]
    return found


def _gains(slates: Slates, scores: Floats) -> tuple[Floats, Floats]:
    """What each row would bring if it were the wanted one: to nDCG@3 and to accept@1."""
    rank = ranks(slates, scores)
    return np.where(rank < DEPTH, 1 / np.log2(rank + 2), 0.0), (rank == 0).astype(np.float64)


def _sums(columns: Floats, places: NDArray[np.intp], groups: NDArray[np.intp], n_places: int) -> Floats:
    """The columns summed by group and place, shape (n_groups, n_places * n_columns)."""
    known, members = np.unique(groups, return_inverse=True)
    table = np.zeros((len(known), n_places, columns.shape[1]))
    np.add.at(table, (members, places), columns)
    return table.reshape(len(known), -1)


def _ratios(sums: Floats, curves: Floats) -> Floats:
    """The weighted means, shape (n_samples, n_columns - 1); NaN where a sample holds nothing."""
    weighted = (sums / curves[:, :, np.newaxis]).sum(axis=1)
    ratios = np.full((len(weighted), weighted.shape[1] - 1), np.nan)
    np.divide(weighted[:, :-1], weighted[:, -1:], out=ratios, where=weighted[:, -1:] > 0)
    return ratios


def _estimate(value: float, drawn: Floats, n_clusters: int, n: int) -> Estimate:
    if n_clusters < 2:
        return Estimate(float(value), -np.inf, np.inf, n)
    tail = expanded_tail(n_clusters)
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return Estimate(float(value), float(low), float(high), n)
