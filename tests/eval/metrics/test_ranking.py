"""Ranking metrics: by hand, against trec_eval itself, and against a second implementation."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence

import ir_measures
import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError
from eval.metrics.ranking import as_run, check_metrics, measure_rankings

METRICS = (
    "nDCG@3",
    "nDCG@10",
    "nDCG",
    "R@3",
    "R@10",
    "P@1",
    "P@5",
    "RR",
    "Success@1",
    "Success@3",
    "AP",
    "AP@3",
    "Rprec",
)
TREC_NAMES = {
    "nDCG@3": "ndcg_cut_3",
    "nDCG@10": "ndcg_cut_10",
    "nDCG": "ndcg",
    "R@3": "recall_3",
    "R@10": "recall_10",
    "P@1": "P_1",
    "P@5": "P_5",
    "RR": "recip_rank",
    "Success@1": "success_1",
    "Success@3": "success_3",
    "AP": "map",
    "AP@3": "map_cut_3",
    "Rprec": "Rprec",
}
ITEMS = [f"d{i}" for i in range(8)] + ["话术", "É", "e"]
SCORES = [-1.5, 0.0, 0.25, 0.25 + 1e-9, 1.0, 1.0 + 1e-12, 1.0 + 1e-6, 3.0]

judgments = st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3), min_size=1, max_size=8)
rankings = st.dictionaries(st.sampled_from(ITEMS), st.sampled_from(SCORES), max_size=len(ITEMS))
queries = st.sampled_from([f"q{i}" for i in range(6)])


def test_metrics_of_a_ranking_worked_by_hand() -> None:
    qrels = {"q": {"a": 2, "b": 1, "c": 0, "d": 1}}
    run = {"q": as_run(["c", "a", "x", "b"])}
    values = {name: float(value[0]) for name, value in measure_rankings(qrels, run, ["nDCG@3", *METRICS]).items()}
    ideal = 2 / 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert values["nDCG@3"] == pytest.approx((2 / math.log2(3)) / ideal)
    assert values["nDCG@10"] == pytest.approx((2 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert values["R@3"] == pytest.approx(1 / 3)
    assert values["R@10"] == pytest.approx(2 / 3)
    assert values["P@1"] == 0
    assert values["P@5"] == pytest.approx(2 / 5)
    assert values["RR"] == pytest.approx(1 / 2)
    assert values["Success@1"] == 0
    assert values["Success@3"] == 1
    assert values["AP"] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert values["AP@3"] == pytest.approx((1 / 2) / 3)
    assert values["Rprec"] == pytest.approx(1 / 3)


def test_values_stand_in_the_order_of_the_qrels_and_a_query_without_a_ranking_scores_zero() -> None:
    qrels = {"z": {"a": 1}, "a": {"a": 1}, "m": {"a": 1}}
    run = {"m": as_run(["b", "a"]), "z": as_run(["a"])}
    values = measure_rankings(qrels, run, ["RR", "RR@1", "nDCG@10"])
    assert values["RR"].tolist() == [1, 0, 1 / 2]
    assert values["RR@1"].tolist() == [1, 0, 0]
    assert values["nDCG@10"].tolist() == [1, 0, pytest.approx(1 / math.log2(3))]


def test_an_empty_ranking_scores_zero() -> None:
    assert measure_rankings({"q": {"a": 1}}, {"q": []}, ["RR", "RR@3", "R@3"])["RR@3"].tolist() == [0]


def test_a_query_without_judgments_has_no_value_and_one_with_only_irrelevant_items_has_zero() -> None:
    values = measure_rankings(
        {"none": {}, "bad": {"a": 0}}, {"none": as_run(["a"]), "bad": as_run(["a"])}, ["R@1", "RR@1"]
    )
    for metric in ("R@1", "RR@1"):
        assert math.isnan(values[metric][0])
        assert values[metric][1] == 0


def test_no_query_or_no_metric_is_nothing_to_measure() -> None:
    assert measure_rankings({}, {}, ["R@1"])["R@1"].shape == (0,)
    assert measure_rankings({"q": {"a": 1}}, {}, []) == {}


def test_mrr_is_another_name_of_rr() -> None:
    values = measure_rankings({"q": {"a": 1}}, {"q": as_run(["b", "a"])}, ["MRR", "RR", "MRR@1"])
    assert [values[name][0] for name in ("MRR", "RR", "MRR@1")] == [1 / 2, 1 / 2, 0]


def test_recall_among_n_candidates_is_the_share_of_the_true_ones_in_the_first_k() -> None:
    candidates = dict.fromkeys("abcdefghij", 0)
    qrels = {"one": {**candidates, "c": 1}, "two": {**candidates, "a": 1, "j": 1}}
    run = {"one": as_run(list("bcadefghij")), "two": as_run(list("abcdefghij"))}
    values = measure_rankings(qrels, run, ["R10@1", "R10@2", "R10@10"])
    assert values["R10@1"].tolist() == [0, 1 / 2]
    assert values["R10@2"].tolist() == [1, 1 / 2]
    assert values["R10@10"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("qrels", "ranked", "said"),
    [
        ({"a": 1, "b": 0}, ["a"], "2 judged candidates; R3@1 expects exactly 3"),
        ({"a": 1, "b": 0, "c": 0}, ["x"], "'x' is ranked but is none of its candidates"),
    ],
)
def test_recall_among_n_candidates_refuses_rows_of_another_size(
    qrels: dict[str, int], ranked: list[str], said: str
) -> None:
    with pytest.raises(EvalError, match=said):
        measure_rankings({"q": qrels}, {"q": as_run(ranked)}, ["R3@1"])


@pytest.mark.parametrize(
    "name",
    ["ndcg@10", "nDCG@0", "nDCG@", "nDCG@-1", "R", "P", "Success", "Rprec@3", "R10", "P10@1", "R0@1", "", "ERR@10"],
)
def test_an_unknown_metric_is_named_beside_those_known(name: str) -> None:
    with pytest.raises(EvalError, match=r"unknown ranking metric .*nDCG@k, R@k") as failed:
        check_metrics([name])
    assert repr(name) in str(failed.value)
    with pytest.raises(EvalError, match="unknown ranking metric"):
        measure_rankings({"q": {"a": 1}}, {}, [name])


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused_by_query_and_item(score: float) -> None:
    with pytest.raises(EvalError, match=f"query 'q7': item 'b' has the score {score}"):
        measure_rankings({"q7": {"a": 1}}, {"q7": [("a", 1.0), ("b", score)]}, ["RR"])


def test_an_item_ranked_twice_is_refused() -> None:
    with pytest.raises(EvalError, match="query 'q7': item 'a' is ranked twice"):
        measure_rankings({"q7": {"a": 1}}, {"q7": [("a", 1.0), ("b", 0.5), ("a", 0.1)]}, ["RR"])


def test_a_query_ranked_but_unknown_to_the_qrels_is_refused() -> None:
    with pytest.raises(EvalError, match="1 queries ranked are not in the qrels, the first 'typo'"):
        measure_rankings({"q": {"a": 1}}, {"typo": as_run(["a"])}, ["RR"])


@pytest.mark.parametrize("relevance", [-1, 0.5, "1", math.nan])
def test_a_judgment_that_is_no_count_is_refused(relevance: object) -> None:
    with pytest.raises(EvalError, match="query 'q': item 'a' is judged"):
        measure_rankings({"q": {"a": relevance}}, {}, ["RR"])  # type: ignore[dict-item]


def test_judgments_may_be_numpy_integers() -> None:
    qrels = {"q": {"a": np.int64(2)}}
    assert measure_rankings(qrels, {"q": as_run(["a"])}, ["nDCG@1"])["nDCG@1"].tolist() == [1]


def test_scores_closer_than_a_32_bit_float_tell_are_ties_and_the_greatest_id_comes_first() -> None:
    qrels = {"q": {"a": 1}}
    run = {"q": [("a", 1.0 + 1e-9), ("b", 1.0)]}
    values = measure_rankings(qrels, run, ["RR", "P@1", "RR@5"])
    assert (values["RR"][0], values["P@1"][0]) == (1 / 2, 0)
    assert values["RR@5"][0] == 1  # not by trec_eval: 64 bits


def test_a_run_from_an_order_keeps_it_however_long() -> None:
    scores = [score for _, score in as_run([str(i) for i in range(100_000)])]
    as_floats = np.array(scores, np.float32)
    assert (np.diff(as_floats) < 0).all()
    assert [struct.unpack("f", struct.pack("f", score))[0] for score in scores[:3]] == [100_000, 99_999, 99_998]


def test_the_last_of_a_long_ranking_is_found_at_its_place() -> None:
    ids = [f"d{i}" for i in range(30_000)]
    values = measure_rankings({"q": {"d29999": 1}}, {"q": as_run(ids)}, ["RR", "RR@30000", "R@29999"])
    assert [float(value[0]) for value in values.values()] == [pytest.approx(1 / 30_000), pytest.approx(1 / 30_000), 0]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(queries, judgments, min_size=1), st.dictionaries(queries, rankings))
def test_equals_trec_eval_with_ties_and_missing_queries(
    qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]
) -> None:
    run = {query: ranking for query, ranking in run.items() if query in qrels}
    ours = measure_rankings(qrels, {query: list(ranking.items()) for query, ranking in run.items()}, METRICS)
    theirs = pytrec_eval.RelevanceEvaluator(qrels, set(TREC_NAMES.values())).evaluate(run)
    for name in METRICS:
        expected = [theirs[query][TREC_NAMES[name]] if query in theirs else 0.0 for query in qrels]
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(queries, judgments, min_size=1), st.dictionaries(queries, rankings))
def test_equals_ir_measures_with_ties_and_missing_queries(
    qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]
) -> None:
    run = {query: ranking for query, ranking in run.items() if query in qrels}
    names = (*METRICS, "RR@3", "RR@10")
    ours = measure_rankings(qrels, {query: list(ranking.items()) for query, ranking in run.items()}, names)
    for name in names:
        base, _, k = name.partition("@")
        measure = getattr(ir_measures, base) @ int(k) if k else getattr(ir_measures, base)
        theirs = {one.query_id: one.value for one in ir_measures.iter_calc([measure], qrels, run)}
        np.testing.assert_allclose(ours[name], [theirs[query] for query in qrels], rtol=0, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(queries, judgments, min_size=1), st.dictionaries(queries, rankings))
def test_equals_a_second_implementation_with_ties_and_missing_queries(
    qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]
) -> None:
    run = {query: ranking for query, ranking in run.items() if query in qrels}
    names = (*METRICS, "RR@3")
    ours = measure_rankings(qrels, {query: list(ranking.items()) for query, ranking in run.items()}, names)
    for name in names:
        order = by_ms_marco if name == "RR@3" else by_trec_eval
        expected = [second(name, judged, order(run.get(query, {}))) for query, judged in qrels.items()]
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(judgments, st.lists(st.sampled_from(ITEMS), unique=True))
def test_a_run_from_an_order_is_measured_in_that_order_by_every_metric(judged: dict[str, int], ids: list[str]) -> None:
    names = (*METRICS, "RR@3")
    ours = measure_rankings({"q": judged}, {"q": as_run(ids)}, names)
    for name in names:
        assert ours[name][0] == pytest.approx(second(name, judged, ids), abs=1e-9)


def by_trec_eval(ranking: Mapping[str, float]) -> list[str]:
    """Highest 32-bit score first, greatest id first among equals."""
    by_id = sorted(ranking, key=lambda item: item.encode(), reverse=True)
    return sorted(by_id, key=lambda item: -np.float32(ranking[item]))


def by_ms_marco(ranking: Mapping[str, float]) -> list[str]:
    """Highest score first, least id first among equals."""
    return sorted(sorted(ranking), key=lambda item: -ranking[item])


def second(name: str, judged: Mapping[str, int], ids: Sequence[str]) -> float:
    """The metric by its textbook definition."""
    base, _, k = name.partition("@")
    gains = [judged.get(item, 0) for item in ids]
    n_relevant = sum(relevance > 0 for relevance in judged.values())
    depth = int(k) if k else max(len(ids), len(judged))
    return SECOND[base](gains[:depth], depth, n_relevant, sorted(judged.values(), reverse=True))


def dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def ndcg(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return dcg(gains) / dcg(ideal[:depth]) if n_relevant else 0.0


def average_precision(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    hits = [place for place, gain in enumerate(gains, start=1) if gain > 0]
    return sum(n / place for n, place in enumerate(hits, start=1)) / n_relevant if n_relevant else 0.0


def reciprocal_rank(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return next((1 / place for place, gain in enumerate(gains, start=1) if gain > 0), 0.0)


def r_precision(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return sum(gain > 0 for gain in gains[:n_relevant]) / n_relevant if n_relevant else 0.0


def recall(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return sum(gain > 0 for gain in gains) / n_relevant if n_relevant else 0.0


def precision(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return sum(gain > 0 for gain in gains) / depth


def success(gains: Sequence[int], depth: int, n_relevant: int, ideal: Sequence[int]) -> float:
    return float(any(gain > 0 for gain in gains))


SECOND: dict[str, Callable[[Sequence[int], int, int, Sequence[int]], float]] = {
    "nDCG": ndcg,
    "AP": average_precision,
    "RR": reciprocal_rank,
    "Rprec": r_precision,
    "R": recall,
    "P": precision,
    "Success": success,
}
