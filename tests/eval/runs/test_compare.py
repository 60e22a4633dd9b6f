"""One run against another."""

import json
import math

import numpy as np
import pytest

from eval.errors import RunError
from eval.runs.compare import compare
from eval.runs.tables import display_width, plain_table
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.correction import benjamini_hochberg, holm
from eval.statistics.randomisation import sign_flip_test

NAN = math.nan
A = [1.0, 0.0, 0.0, 1.0, 0.0, 0.5, 1.0, NAN]
B = [1.0, 1.0, 1.0, 0.5, 0.0, 1.0, NAN, NAN]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def reply(item_id: str, **why: float) -> dict[str, object]:
    parts = [{"feature": feature, "contribution": amount} for feature, amount in why.items()]
    score = sum(why.values())
    return {"item_id": item_id, "version": 1, "text": item_id, "score": score, "probability": None, "why": parts}


def test_differences_are_paired_query_by_query(make_run) -> None:
    (found,) = compare(make_run({"P@1": A}), make_run({"P@1": B}), by="query", metrics=["P@1"], rng=rng()).differences
    # of the first six: 0 +1 +1 -1/2 0 +1/2
    assert found.difference.mean == pytest.approx(2 / 6)
    assert (found.mean_a, found.mean_b) == (pytest.approx(2.5 / 6), pytest.approx(4.5 / 6))
    assert (found.n_won, found.n_lost, found.n_tied, found.n_unpaired) == (3, 1, 2, 1)
    assert found.difference.n == 6
    # signs of 1 1 1/2 1/2: |sum| of 2 or more under (+ + + -) (+ + - +) (+ + + +) and their negatives, 6 of 16
    assert found.p == 6 / 16


def test_intervals_and_tests_are_over_the_clusters_asked_for(make_run) -> None:
    conversations = [f"c{i // 5}" for i in range(100)]
    a, b = rng(1).random(100), rng(2).random(100)
    runs = [make_run({"RR": values}, conversation_id=conversations) for values in (a, b)]
    (found,) = compare(*runs, by="conversation", metrics=["RR"], rng=rng(7)).differences
    chance = rng(7)
    assert found.difference == mean_estimate(b - a, conversations, chance)
    assert found.p == sign_flip_test(b - a, conversations, chance)


def test_a_run_does_not_differ_from_itself(make_run) -> None:
    run = make_run({"P@1": A})
    found = compare(run, run, by="query", metrics=["P@1"], rng=rng())
    (difference,) = found.differences
    assert (difference.difference.mean, difference.difference.low, difference.difference.high) == (0, 0, 0)
    assert (difference.p, difference.n_tied, difference.n_won) == (1, 7, 0)
    assert found.won == found.lost == {"P@1": ()}


def test_where_lower_is_better_less_is_won(make_run) -> None:
    a, b = make_run({"Brier": [0.1, 0.9, 0.5]}), make_run({"Brier": [0.2, 0.1, 0.1]})
    found = compare(a, b, by="query", metrics=["Brier"], rng=rng())
    (difference,) = found.differences
    assert difference.difference.mean == pytest.approx((0.1 - 0.8 - 0.4) / 3)
    assert (difference.n_won, difference.n_lost) == (2, 1)
    assert [one.query_id for one in found.won["Brier"]] == ["q1", "q2"]


@pytest.mark.parametrize(("name", "correction"), [("holm", holm), ("bh", benjamini_hochberg)])
def test_p_values_are_adjusted_over_all_slices_and_metrics(make_run, name: str, correction) -> None:
    stages = [["sale" if row % 2 else "service"] for row in range(40)]
    a, b = ({"P@1": rng(seed).integers(0, 2, 40), "RR": rng(seed).random(40)} for seed in (1, 2))
    runs = [make_run(values, slice_stage=stages) for values in (a, b)]
    found = compare(*runs, by="query", metrics=["P@1", "RR"], slices=["stage"], rng=rng(), correction=name).differences
    assert [(one.slice, one.label, one.metric) for one in found] == [
        (None, None, "P@1"),
        (None, None, "RR"),
        ("stage", "sale", "P@1"),
        ("stage", "sale", "RR"),
        ("stage", "service", "P@1"),
        ("stage", "service", "RR"),
    ]
    assert [one.p_adjusted for one in found] == correction([one.p for one in found]).tolist()


def test_small_slices_are_named_and_not_compared(make_run) -> None:
    stages = [["sale"]] * 5 + [["rare"]] * 3
    runs = [make_run({"P@1": values}, slice_stage=stages) for values in (A, B)]
    found = compare(*runs, by="query", metrics=["P@1"], slices=["stage"], rng=rng())
    assert [(one.slice, one.label) for one in found.differences] == [(None, None), ("stage", "sale")]
    assert [vars(one) for one in found.too_few] == [
        {"slice": "stage", "label": "rare", "metric": "P@1", "n_clusters": 1}
    ]


def test_queries_won_and_lost_come_with_both_rankings_and_their_reasons(make_run) -> None:
    a = make_run(
        {"P@1": [0.0, 1.0]},
        run_id="a",
        message=["hello", "price?"],
        sent=["hi", None],
        relevant=[["s1"], ["s2"]],
        replies=[[reply("s9", trigger=0.5, words=0.25)], [reply("s2", trigger=1.0)]],
    )
    b = make_run(
        {"P@1": [1.0, 0.0]},
        run_id="b",
        message=["hello", "price?"],
        sent=["hi", None],
        relevant=[["s1"], ["s2"]],
        replies=[[reply("s1", trigger=0.75)], []],
        abstain_reason=[None, "unlikely: 0.1"],
    )
    found = compare(a, b, by="query", metrics=["P@1"], rng=rng())
    (won,), (lost,) = found.won["P@1"], found.lost["P@1"]
    assert (won.query_id, won.message, won.sent, won.difference) == ("q0", "hello", "hi", 1)
    assert [(one.item_id, one.is_relevant) for one in won.a.replies + won.b.replies] == [("s9", False), ("s1", True)]
    assert [(part.feature, part.contribution) for part in won.a.replies[0].why] == [("trigger", 0.5), ("words", 0.25)]
    assert (lost.query_id, lost.a.value, lost.b.value, lost.difference) == ("q1", 1, 0, -1)
    assert (lost.b.replies, lost.b.abstain_reason) == ((), "unlikely: 0.1")


def test_examples_are_those_that_differ_most_and_in_the_order_of_the_run_where_alike(make_run) -> None:
    a, b = make_run({"RR": [0.0] * 6}), make_run({"RR": [0.5, 0.1, 1.0, 0.0, 0.5, 0.5]})
    found = compare(a, b, by="query", metrics=["RR"], rng=rng(), n_examples=3)
    assert [one.query_id for one in found.won["RR"]] == ["q2", "q0", "q4"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "other"}, "run a is over data data… and run b over other…"),
        ({"query_id": ["q0", "q1", "x"]}, r"1 only in the first \['q2'\], 1 only in the second \['x'\]"),
        ({"query_id": ["q0", "q2", "q1"]}, "differ in the order of queries from row 2"),
    ],
)
def test_runs_over_other_queries_are_refused(make_run, changes: dict[str, object], said: str) -> None:
    a, b = make_run({"RR": [0.0] * 3}, run_id="a"), make_run({"RR": [0.0] * 3}, run_id="b", **changes)
    with pytest.raises(RunError, match=said):
        compare(a, b, by="query", metrics=["RR"], rng=rng())


def test_a_run_with_fewer_queries_is_refused(make_run) -> None:
    a, b = make_run({"RR": [0.0] * 3}, run_id="a"), make_run({"RR": [0.0] * 2}, run_id="b")
    with pytest.raises(RunError, match=r"1 only in the first \['q2'\], 0 only in the second"):
        compare(a, b, by="query", metrics=["RR"], rng=rng())


def test_a_query_that_comes_twice_is_refused(make_run) -> None:
    run = make_run({"RR": [0.0] * 3}, query_id=["q0", "q1", "q0"])
    with pytest.raises(RunError, match="has query 'q0' more than once"):
        compare(run, run, by="query", metrics=["RR"], rng=rng())


def test_a_manifest_that_does_not_name_its_data_is_refused(make_run) -> None:
    run = make_run({"RR": [0.0]})
    nameless = type(run)(run.folder, {"run_id": "r"}, run.table)
    with pytest.raises(RunError, match="does not say which data"):
        compare(nameless, run, by="query", metrics=["RR"], rng=rng())


def test_what_was_not_measured_cannot_be_compared(make_run) -> None:
    run = make_run({"RR": [0.0], "AP": [NAN]})
    with pytest.raises(RunError, match="has no metric 'P@1'; it has RR, AP"):
        compare(run, run, by="query", metrics=["P@1"], rng=rng())
    with pytest.raises(RunError, match="AP applies to no query"):
        compare(run, run, by="query", metrics=["AP"], rng=rng())
    with pytest.raises(RunError, match="no metric to compare by"):
        compare(run, run, by="query", metrics=[], rng=rng())
    with pytest.raises(RunError, match="cannot correct by 'bonferroni'; expected one of holm, bh"):
        compare(run, run, by="query", metrics=["RR"], rng=rng(), correction="bonferroni")


def test_a_comparison_is_json_and_the_same_for_a_seed(make_run) -> None:
    runs = [make_run({"P@1": values}, run_id=name) for name, values in (("a", A), ("b", B))]
    found = compare(*runs, by="query", metrics=["P@1"], rng=rng(1)).to_dict()
    assert json.dumps(found, allow_nan=False) == json.dumps(
        compare(*runs, by="query", metrics=["P@1"], rng=rng(1)).to_dict()
    )
    assert {name: found[name] for name in ("a", "b", "by", "correction")} == {
        "a": "a",
        "b": "b",
        "by": "query",
        "correction": "holm",
    }
    assert found["differences"][0]["difference"]["n"] == 6
    assert [one["query_id"] for one in found["won"]["P@1"]] == ["q1", "q2", "q5"]


def test_the_table_has_a_line_for_every_difference(make_run) -> None:
    runs = [make_run({"P@1": values}, slice_tag=[["会员"]] * 8) for values in (A, B)]
    lines = compare(*runs, by="query", metrics=["P@1"], slices=["tag"], rng=rng()).to_text().splitlines()
    assert " ".join(lines[0].split()) == "metric queries n a b b - a 95 % p adjusted won lost tied"
    assert lines[1].split()[:6] == ["P@1", "all", "6", "0.417", "0.750", "+0.333"]
    assert lines[2].split()[:2] == ["P@1", "tag=会员"]
    assert len({display_width(line) for line in lines}) == 1


def test_columns_of_a_table_stand_under_each_other_in_chinese_too() -> None:
    assert plain_table(["a", "b", "n"], [["话术", "x", "10"], ["y", "中", "5"]]).splitlines() == [
        "a     b    n",
        "话术  x   10",
        "y     中   5",
    ]
