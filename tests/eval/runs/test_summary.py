"""What a run's metrics come to."""

import json
import math

import numpy as np
import pytest

from eval.errors import EvalError, RunError
from eval.metrics.calibration import expected_calibration_error
from eval.metrics.classification import auroc, coverage_precision
from eval.runs.cells import cell_name, cells_of
from eval.runs.certainty import candidate_certainty, first_replies
from eval.runs.summary import Measured, summarise
from eval.statistics.bootstrap import mean_estimate

NAN = math.nan


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def reply(item_id: str, probability: float | None) -> dict[str, object]:
    return {"item_id": item_id, "version": 1, "text": item_id, "score": 1.0, "probability": probability, "why": []}


def test_each_metric_is_the_mean_of_the_queries_it_applies_to(make_run) -> None:
    run = make_run({"P@1": [1, 0, 1, NAN], "novelty": [2.0, 4.0, 6.0, 8.0]})
    whole = summarise(run, by="query", rng=rng()).whole
    assert (whole.n_queries, whole.n_clusters) == (4, 4)
    assert (whole.metrics["P@1"].mean, whole.metrics["P@1"].n) == (pytest.approx(2 / 3), 3)
    assert (whole.metrics["novelty"].mean, whole.metrics["novelty"].n) == (5, 4)


def test_intervals_are_over_the_clusters_asked_for(make_run) -> None:
    values = rng(1).integers(0, 2, 10).repeat(10).astype(float)
    run = make_run({"P@1": values}, conversation_id=[f"c{i // 10}" for i in range(100)])
    by_query = summarise(run, by="query", rng=rng()).whole.metrics["P@1"]
    by_conversation = summarise(run, by="conversation", rng=rng()).whole
    assert by_conversation.n_clusters == 10
    assert by_conversation.metrics["P@1"] == mean_estimate(values, run.clusters("conversation"), rng(), limits=(0, 1))
    assert by_conversation.metrics["P@1"].high - by_conversation.metrics["P@1"].low > 2 * (by_query.high - by_query.low)


def test_a_metric_that_applies_nowhere_is_not_there(make_run) -> None:
    summary = summarise(make_run({"P@1": [1.0, 0.0], "diversity": [NAN, NAN]}), by="query", rng=rng())
    assert list(summary.whole.metrics) == ["P@1"]


def test_a_run_without_queries_has_no_metrics(make_run) -> None:
    summary = summarise(make_run({"P@1": []}), by="query", slices=["stage"], rng=rng())
    assert summary.whole == Measured(0, 0, {})
    assert summary.slices == {"stage": {}}


def test_perfect_answers_to_few_queries_leave_room_for_doubt(make_run) -> None:
    found = summarise(make_run({"P@1": [1.0] * 8}), by="query", rng=rng()).whole.metrics["P@1"]
    assert (found.mean, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 8))


def test_a_slice_holds_the_queries_with_its_label_and_a_query_may_have_several(make_run) -> None:
    tags = [["vip", "new"], ["vip"], ["vip", "vip"], ["vip"], ["vip"], [], ["new"]]
    run = make_run({"P@1": [1, 0, 1, 0, 1, 1, 1]}, slice_tag=tags)
    labels = summarise(run, by="query", slices=["tag"], rng=rng()).slices["tag"]
    assert list(labels) == ["new", "vip"]
    assert (labels["vip"].n_queries, labels["vip"].metrics["P@1"].mean) == (5, pytest.approx(3 / 5))
    assert labels["new"] == Measured(2, 2, {})


def test_a_slice_of_few_clusters_is_counted_but_not_estimated(make_run) -> None:
    conversations = ["a", "a", "b", "b", "c", "c", "d", "d", "e"]
    run = make_run({"P@1": [1.0] * 9}, slice_stage=[["sale"]] * 9, conversation_id=conversations)
    five = summarise(run, by="conversation", slices=["stage"], rng=rng()).slices["stage"]["sale"]
    assert list(five.metrics) == ["P@1"]
    fewer = make_run({"P@1": [1.0] * 8 + [NAN]}, slice_stage=[["sale"]] * 9, conversation_id=conversations)
    four = summarise(fewer, by="conversation", slices=["stage"], rng=rng()).slices["stage"]["sale"]
    assert four == Measured(9, 5, {})


def test_what_cannot_be_grouped_or_sliced_is_refused(make_run) -> None:
    with pytest.raises(RunError, match="cannot group queries by 'moon'"):
        summarise(make_run({"P@1": [1.0]}), by="moon", rng=rng())
    with pytest.raises(RunError, match="cannot slice by 'moon'"):
        summarise(make_run({"P@1": [1.0]}), by="query", slices=["moon"], rng=rng())


def test_the_first_reply_is_judged_where_something_relevant_is_known(make_run) -> None:
    run = make_run(
        {},
        relevant=[["a"], ["a"], ["a"], [], None, ["b"]],
        replies=[
            [reply("a", 0.9), reply("b", 0.1)],
            [reply("b", 0.8), reply("a", 0.2)],
            [],  # nothing suggested
            [reply("a", 0.7)],  # nothing relevant known
            [reply("a", 0.7)],
            [reply("b", None)],  # no probability
        ],
    )
    found = first_replies(run)
    assert found.rows.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found.probabilities, [0.9, 0.8, NAN])
    assert found.correct.tolist() == [True, False, False]


def test_the_first_reply_is_found_in_part_of_a_table(make_run) -> None:
    run = make_run(
        {},
        relevant=[["a"], ["b"], ["c"]],
        replies=[[reply(x, p), reply("z", 0.0)] for x, p in zip("abc", (0.1, 0.2, 0.3), strict=True)],
    )
    part = type(run)(run.folder, run.manifest, run.table.slice(1, 2))
    assert first_replies(part).probabilities.tolist() == [0.2, 0.3]


def test_certainty_is_measured_over_all_queries_together(make_run) -> None:
    n = 60
    probabilities = rng(1).random(n)
    correct = rng(2).random(n) < probabilities
    replies = [[reply("a" if right else "b", float(p))] for p, right in zip(probabilities, correct, strict=True)]
    replies[7] = []
    run = make_run({}, relevant=[["a"]] * n, replies=replies)
    metrics = summarise(run, by="query", rng=rng()).whole.metrics
    kept = np.arange(n) != 7
    assert metrics["ECE"].mean == pytest.approx(expected_calibration_error(probabilities[kept], correct[kept]))
    assert metrics["AUROC"].mean == pytest.approx(auroc(probabilities[kept], correct[kept]))
    with_none = np.where(kept, probabilities, NAN)
    assert metrics["coverage-precision"].mean == pytest.approx(coverage_precision(with_none, correct & kept).area)
    assert (metrics["ECE"].n, metrics["coverage-precision"].n) == (n - 1, n)
    for estimate in metrics.values():
        assert estimate.low <= estimate.mean <= estimate.high


def test_without_probabilities_there_is_no_certainty(make_run) -> None:
    run = make_run({"P@1": [1.0, 0.0]}, relevant=[["a"], ["a"]], replies=[[reply("a", None)], [reply("b", None)]])
    assert list(summarise(run, by="query", rng=rng()).whole.metrics) == ["P@1"]


def test_answers_that_are_all_right_have_no_auroc(make_run) -> None:
    run = make_run({}, relevant=[["a"]] * 3, replies=[[reply("a", 0.5)]] * 3)
    assert list(summarise(run, by="query", rng=rng()).whole.metrics) == [
        "ECE",
        "ECE-debiased",
        "Brier",
        "coverage-precision",
    ]


def test_what_is_no_probability_is_refused(make_run) -> None:
    run = make_run({}, relevant=[["a"]], replies=[[reply("a", 1.5)]])
    with pytest.raises(EvalError, match=r"probability 0 is 1\.5; expected 0 to 1"):
        summarise(run, by="query", rng=rng())


@pytest.mark.parametrize(("metric", "value"), [("P@1", 1.5), ("P@1", -0.1), ("novelty", math.inf)])
def test_a_value_that_a_metric_cannot_have_is_refused(make_run, metric: str, value: float) -> None:
    run = make_run({metric: [0.5, value]}, run_id="r1")
    with pytest.raises(RunError, match=f"run r1: {metric} of query 'q1' is {value}; expected"):
        summarise(run, by="query", rng=rng())


def test_a_summary_is_json_and_the_same_for_a_seed(make_run) -> None:
    run = make_run(
        {"P@1": [1.0, 0.0, 1.0], "nDCG@3": [0.5, 0.1, 1.0]},
        run_id="r1",
        slice_scene=[["direct"], ["direct"], ["group"]],
        conversation_id=["c", "c", "c"],
    )
    summary = summarise(run, by="conversation", slices=["scene"], rng=rng(3)).to_dict()
    text = json.dumps(summary, allow_nan=False)
    assert text == json.dumps(summarise(run, by="conversation", slices=["scene"], rng=rng(3)).to_dict())
    assert summary["run_id"] == "r1"
    assert summary["metrics"]["P@1"] == {"mean": pytest.approx(2 / 3), "low": 0.0, "high": 1.0, "n": 3}  # one cluster
    assert summary["slices"] == {
        "scene": {
            "direct": {"n_queries": 2, "n_clusters": 1, "metrics": {}},
            "group": {"n_queries": 1, "n_clusters": 1, "metrics": {}},
        }
    }


def test_the_whole_comes_first_and_then_slices_as_asked_with_their_labels_in_order(make_run) -> None:
    run = make_run({"P@1": [1.0, 0.0]}, slice_scene=[["group"], ["direct"]], slice_stage=[["sale"], None])
    cells = cells_of(run, ["stage", "scene", "stage"])
    assert [cell_name(cell.slice, cell.label) for cell in cells] == ["all", "stage=sale", "scene=direct", "scene=group"]
    assert [cell.rows.tolist() for cell in cells] == [[0, 1], [0], [1], [0]]


def test_every_candidate_is_held_against_its_label(make_run) -> None:
    run = make_run(
        {},
        relevant=[["a"], []],
        replies=[[reply("a", 0.8), reply("b", 0.4)], [reply("c", 0.4), reply("d", 0.4)]],
    )
    found = candidate_certainty(run, rng())
    # .8 is right and .4 thrice wrong: a tenth part of the bins each, so 1/4 |.8 - 1| + 3/4 |.4 - 0|
    assert found["ECE-candidates"].mean == pytest.approx(0.2 / 4 + 3 * 0.4 / 4)
    assert found["Brier-candidates"].mean == pytest.approx((0.04 + 3 * 0.16) / 4)
    assert found["ECE-candidates"].n == 4


def test_candidates_without_probabilities_have_no_certainty(make_run) -> None:
    assert candidate_certainty(make_run({}, relevant=[["a"]], replies=[[reply("a", None)]]), rng()) == {}


def test_the_debiased_error_lies_within_the_interval_of_the_plain_one(make_run) -> None:
    probabilities = rng(1).random(200)
    replies = [
        [reply("a" if right else "b", p)] for p, right in zip(probabilities.tolist(), probabilities > 0.5, strict=True)
    ]
    metrics = summarise(make_run({}, relevant=[["a"]] * 200, replies=replies), by="query", rng=rng()).whole.metrics
    assert metrics["ECE-debiased"].mean <= metrics["ECE"].mean
    assert metrics["ECE-debiased"].high == metrics["ECE"].high
    assert metrics["Brier"].mean == pytest.approx(np.mean((probabilities - (probabilities > 0.5)) ** 2))
