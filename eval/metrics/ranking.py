"""Ranking metrics, as `ir_measures` and trec_eval compute them.

Names are those of ir-measures: `nDCG@10`, `R@10`, `RR@10`, `P@1`, `AP`, `Success@3` (the hit rate). Beside them stands
`R10@1`, "recall at 1 in 10 candidates", the usual figure for response selection (Wu et al., Sequential Matching
Network, 2017): R@1 over rows that each have exactly ten judged candidates.

Ties are a trap. trec_eval reads scores as 32-bit floats and puts the *greatest* id first among equals, whatever the
order given; `RR@k`, which trec_eval does not know and ir-measures takes from MS MARCO's script, reads 64 bits and puts
the *least* id first. A system that ranks differently is measured exactly only through `as_run`, which leaves no ties.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import NamedTuple

import ir_measures
import numpy as np
from ir_measures.measures.base import Measure
from numpy.typing import NDArray

from eval.errors import EvalError

Qrels = Mapping[str, Mapping[str, int]]
Ranking = Sequence[tuple[str, float]]

WITH_CUTOFF = frozenset({"R", "P", "Success", "nDCG", "AP", "RR", "MRR"})
WITHOUT_CUTOFF = frozenset({"Rprec", "nDCG", "AP", "RR", "MRR"})
KNOWN = "nDCG@k, R@k, P@k, Success@k, AP@k, RR@k, MRR@k, nDCG, AP, RR, MRR, Rprec and Rn@k, such as nDCG@10 and R10@1"

_NAME = re.compile(r"(?P<measure>[A-Za-z]+?)(?P<n>[1-9]\d*)?(?:@(?P<k>[1-9]\d*))?")


def measure_rankings(
    qrels: Qrels, run: Mapping[str, Ranking], metrics: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Each metric's value per query, shape (n_queries,), in the order of the qrels.

    A query without a ranking scores zero, and so does one whose judged items are all irrelevant, as in trec_eval. A
    query without any judgment has NaN: there is nothing to compare with.

    Raises:
        EvalError: a metric is unknown; a query ranked is not in the qrels; a score is not finite; an item is ranked
            twice; a judgment is no whole number from 0; `Rn@k` is asked of a row without exactly n candidates.
    """
    named = {name: _parse(name) for name in metrics}
    judged = {query: _judgments(query, items) for query, items in qrels.items() if items}
    scores = {query: _scores(query, ranking) for query, ranking in run.items()}
    _check_queries(qrels, scores)
    for name, metric in named.items():
        if metric.n_candidates is not None:
            _check_candidates(name, metric.n_candidates, judged, scores)
    values = _calculate({metric.measure for metric in named.values()}, judged, scores)
    return {
        name: np.array([values.get((metric.measure, query), math.nan) for query in qrels])
        for name, metric in named.items()
    }


def as_run(ranked_ids: Sequence[str]) -> list[tuple[str, float]]:
    """A ranking in exactly this order: n, n - 1, … 1, which are distinct as 32-bit floats up to 16 million items."""
    return [(item_id, float(len(ranked_ids) - position)) for position, item_id in enumerate(ranked_ids)]


def check_metrics(metrics: Iterable[str]) -> None:
    """See to it that every metric can be measured, before any work is done.

    Raises:
        EvalError: one is unknown.
    """
    for name in metrics:
        _parse(name)


class _Metric(NamedTuple):
    measure: Measure
    n_candidates: int | None


def _parse(name: str) -> _Metric:
    # Not `ir_measures.parse_measure`, which uses parts of `ast` that newer Pythons warn of and then lack.
    found = _NAME.fullmatch(name)
    if found is None:
        raise _unknown(name)
    measure, n, k = found["measure"], found["n"], found["k"]
    if n is not None and (measure != "R" or k is None):
        raise _unknown(name)
    if measure not in (WITHOUT_CUTOFF if k is None else WITH_CUTOFF):
        raise _unknown(name)
    base: Measure = getattr(ir_measures, measure)
    return _Metric(base if k is None else base @ int(k), None if n is None else int(n))


def _unknown(name: str) -> EvalError:
    return EvalError(f"unknown ranking metric {name!r}; expected one of {KNOWN}")


def _judgments(query: str, items: Mapping[str, int]) -> dict[str, int]:
    for item, relevance in items.items():
        if not isinstance(relevance, Integral) or relevance < 0:
            raise EvalError(f"query {query!r}: item {item!r} is judged {relevance!r}; expected a whole number from 0")
    return {item: int(relevance) for item, relevance in items.items()}


def _scores(query: str, ranking: Ranking) -> dict[str, float]:
    scores: dict[str, float] = {}
    for item, score in ranking:
        if not math.isfinite(score):
            raise EvalError(f"query {query!r}: item {item!r} has the score {score}; expected a finite number")
        if item in scores:
            raise EvalError(f"query {query!r}: item {item!r} is ranked twice; expected each item once")
        scores[item] = float(score)
    return scores


def _check_queries(qrels: Qrels, scores: Mapping[str, object]) -> None:
    strange = [query for query in scores if query not in qrels]
    if strange:
        raise EvalError(f"{len(strange)} queries ranked are not in the qrels, the first {strange[0]!r}")


def _check_candidates(
    name: str, n: int, judged: Mapping[str, Mapping[str, int]], scores: Mapping[str, Mapping[str, float]]
) -> None:
    for query, items in judged.items():
        if len(items) != n:
            raise EvalError(f"query {query!r} has {len(items)} judged candidates; {name} expects exactly {n}")
        strange = [item for item in scores.get(query, ()) if item not in items]
        if strange:
            raise EvalError(f"query {query!r}: item {strange[0]!r} is ranked but is none of its candidates")


def _calculate(
    measures: set[Measure], judged: dict[str, dict[str, int]], scores: dict[str, dict[str, float]]
) -> dict[tuple[Measure, str], float]:
    if not measures or not judged:
        return {}
    found = ir_measures.iter_calc(measures, judged, scores)
    return {(metric.measure, metric.query_id): float(metric.value) for metric in found}
