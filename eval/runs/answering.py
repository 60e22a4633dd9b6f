"""Whether candidates answer at all: yes or no for each, and for each message whether anything does."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from eval.metrics.classification import auroc
from eval.runs.run import Run
from eval.statistics.bootstrap import N_RESAMPLES
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import statistic_estimates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Judged:
    """Scores and labels of all candidates of all rows, row after row; `row` says which row each belongs to."""

    scores: Floats
    labels: NDArray[np.bool_]
    row: NDArray[np.intp]
    fold: NDArray[np.intp]

    @classmethod
    def of(cls, run: Run) -> "_Judged":
        scores, labels, rows, folds = [], [], [], []
        columns = (run.table[name].to_pylist() for name in ("query_id", "replies", "relevant"))
        for number, (query_id, replies, relevant) in enumerate(zip(*columns, strict=True)):
            right = frozenset(relevant or ())
            for reply in replies or ():
                scores.append(reply["score"])
                labels.append(reply["item_id"] in right)
                rows.append(number)
                folds.append(crc32(query_id.encode()) % 2)
        return cls(np.array(scores), np.array(labels, np.bool_), np.array(rows, np.intp), np.array(folds, np.intp))


def answering_estimates(run: Run, rng: np.random.Generator, *, n_resamples: int = N_RESAMPLES) -> dict[str, Estimate]:
    """`F1` of single candidates and `AUROC` of messages that have an answer against those that have none.

    A candidate counts as an answer when its score reaches a threshold. Each half of the messages, by a hash of their
    ids, gets the threshold that serves the other half best, so that none is judged by one fitted to it. A message is
    as sure to have an answer as its best candidate's score is high. Missing where the labels leave it undefined.
    """
    judged = _Judged.of(run)
    n_rows = len(run.table)
    tables = np.zeros((n_rows, 3))
    for fold in (0, 1):
        other, own = judged.fold != fold, judged.fold == fold
        threshold = best_f1_threshold(judged.scores[other], judged.labels[other])
        yes = judged.scores[own] >= threshold
        outcomes = np.column_stack([yes & judged.labels[own], yes & ~judged.labels[own], ~yes & judged.labels[own]])
        np.add.at(tables, judged.row[own], outcomes.astype(np.float64))
    best = np.full(n_rows, -np.inf)
    np.maximum.at(best, judged.row, judged.scores)
    answered = np.zeros(n_rows, np.bool_)
    np.logical_or.at(answered, judged.row, judged.labels)
    known = np.isfinite(best)

    def statistics(rows: NDArray[np.intp]) -> list[float]:
        hits, false, missed = tables[rows].sum(axis=0)
        counted = rows[known[rows]]
        return [f1_of(hits, false, missed), auroc(best[counted], answered[counted])]

    found = statistic_estimates(statistics, np.arange(n_rows), rng, n_resamples=n_resamples)
    return {name: one for name, one in zip(("F1", "AUROC"), found, strict=True) if one is not None}


def best_f1_threshold(scores: Floats, labels: NDArray[np.bool_]) -> float:
    """The score from which on saying yes gives the best F1; infinite without any right candidate."""
    if not labels.any():
        return np.inf
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + labels.sum())
    is_last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    return float(scores[order][int(np.argmax(np.where(is_last_of_ties, f1, -1.0)))])


def f1_of(hits: float, false: float, missed: float) -> float:
    """2 hits / (2 hits + false + missed); NaN when there is nothing to find and nothing was claimed."""
    total = 2 * hits + false + missed
    return float(2 * hits / total) if total else float("nan")
