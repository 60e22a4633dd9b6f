"""What may go out and what may not."""

import json
import math

import numpy as np
import pytest

from eval.errors import EvalError, RunError
from eval.runs.gate import default_metrics, gate
from eval.statistics.correction import holm
from eval.statistics.randomisation import sign_flip_test

NAN = math.nan


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def baseline(make_run):
    return make_run({"P@1": [1.0] * 30 + [0.0] * 30}, run_id="old", slice_stage=[["sale"]] * 30 + [["service"]] * 30)


def changed(make_run, n_lost: int, n_won: int = 0):
    values = [0.0] * n_lost + [1.0] * (30 - n_lost) + [1.0] * n_won + [0.0] * (30 - n_won)
    return make_run({"P@1": values}, run_id="new", slice_stage=[["sale"]] * 30 + [["service"]] * 30)


def test_the_same_answers_pass(baseline) -> None:
    found = gate(baseline, baseline, metrics=["P@1"], by="query", slices=["stage"], rng=rng())
    assert found.passed
    assert [check.p for check in found.checks] == [1, 1, 1]


def test_a_better_candidate_passes(make_run, baseline) -> None:
    found = gate(baseline, changed(make_run, 0, 20), metrics=["P@1"], by="query", rng=rng())
    assert found.passed
    assert found.checks[0].difference.mean == pytest.approx(20 / 60)


def test_a_significant_loss_fails_and_is_named(make_run, baseline) -> None:
    found = gate(baseline, changed(make_run, 10), metrics=["P@1"], by="query", rng=rng())
    assert not found.passed
    (check,) = found.failures
    assert (check.metric, check.slice, check.baseline) == ("P@1", None, 1 / 2)
    assert check.candidate == pytest.approx(20 / 60)
    assert check.difference.mean == pytest.approx(-10 / 60)
    assert check.p == 1 / 2**10  # ten queries lost, none won


def test_a_loss_that_could_be_chance_passes(make_run, baseline) -> None:
    found = gate(baseline, changed(make_run, 5), metrics=["P@1"], by="query", rng=rng())
    assert found.checks[0].p == 1 / 2**5  # 0.031
    assert found.passed
    assert not gate(baseline, changed(make_run, 5), metrics=["P@1"], by="query", rng=rng(), alpha=0.05).passed


def test_a_loss_within_the_margin_passes(make_run, baseline) -> None:
    candidate = changed(make_run, 10)  # 17 points worse
    found = gate(baseline, candidate, metrics=["P@1"], by="query", rng=rng(), margin=0.2)
    assert found.passed
    above_the_margin = np.array([-0.8] * 10 + [0.2] * 50)
    expected = sign_flip_test(above_the_margin, np.arange(60), rng(), side="below")
    assert found.checks[0].p == pytest.approx(expected, abs=0.02)
    assert gate(baseline, changed(make_run, 30), metrics=["P@1"], by="query", rng=rng(), margin=0.2).failures


def test_where_lower_is_better_a_rise_fails(make_run) -> None:
    low, high = make_run({"Brier": [0.1] * 40}, run_id="low"), make_run({"Brier": [0.3] * 40}, run_id="high")
    assert not gate(low, high, metrics=["Brier"], by="query", rng=rng()).passed
    assert gate(high, low, metrics=["Brier"], by="query", rng=rng()).passed


def test_a_loss_hidden_in_one_slice_fails_there(make_run, baseline) -> None:
    """Twelve queries lost in one stage and as many won in the other: nothing is lost overall."""
    found = gate(baseline, changed(make_run, 12, 12), metrics=["P@1"], by="query", slices=["stage"], rng=rng())
    assert [(check.slice, check.label) for check in found.failures] == [("stage", "sale")]
    assert found.checks[0].difference.mean == 0


def test_the_whole_keeps_most_of_alpha_however_many_slices_are_watched(make_run) -> None:
    tags = [[f"t{row % 20}"] for row in range(600)]
    old = make_run({"P@1": [1.0] * 600}, slice_tag=tags)
    new = make_run({"P@1": [0.0] * 8 + [1.0] * 592}, slice_tag=tags)
    found = gate(old, new, metrics=["P@1"], by="query", slices=["tag"], rng=rng())
    whole, *labelled = found.checks
    assert len(labelled) == 20
    assert whole.p == 1 / 2**8
    assert whole.p_adjusted == pytest.approx(1 / 0.8 / 2**8)
    assert whole.failed
    expected = holm([check.p for check in found.checks], [0.8, *[0.2 / 20] * 20])
    assert [check.p_adjusted for check in found.checks] == pytest.approx(expected.tolist())


def test_a_metric_that_is_missing_is_no_pass(make_run, baseline) -> None:
    with pytest.raises(RunError, match="run old has no metric 'RR'; it has P@1"):
        gate(baseline, changed(make_run, 0), metrics=["RR"], by="query", rng=rng())
    other = make_run({"RR": [1.0] * 60}, run_id="new")
    with pytest.raises(RunError, match="run new has no metric 'P@1'"):
        gate(baseline, other, metrics=["P@1"], by="query", rng=rng())
    with pytest.raises(RunError, match="no metric to compare by"):
        gate(baseline, baseline, metrics=[], by="query", rng=rng())


def test_too_few_clusters_are_no_pass(make_run) -> None:
    run = make_run({"P@1": [1.0] * 40}, conversation_id=[f"c{row % 29}" for row in range(40)])
    with pytest.raises(RunError, match=r"P@1 has values in 29 clusters \(by conversation\); a gate needs at least 30"):
        gate(run, run, metrics=["P@1"], by="conversation", rng=rng())


def test_a_slice_that_nothing_can_be_said_of_is_no_pass(make_run) -> None:
    run = make_run({"P@1": [1.0] * 40}, slice_tag=[["vip"] if row < 19 else [] for row in range(40)])
    for name in ("tag", "scene"):
        with pytest.raises(RunError, match=f"no label of slice '{name}' has P@1 in 20 clusters"):
            gate(run, run, metrics=["P@1"], by="query", slices=[name], rng=rng())


def test_small_labels_beside_large_ones_are_named_as_unchecked(make_run) -> None:
    run = make_run({"P@1": [1.0] * 40}, slice_tag=[["vip"] if row < 19 else ["new"] for row in range(40)])
    found = gate(run, run, metrics=["P@1"], by="query", slices=["tag"], rng=rng())
    assert [(check.slice, check.label) for check in found.checks] == [(None, None), ("tag", "new")]
    assert [vars(one) for one in found.unchecked] == [
        {"slice": "tag", "label": "vip", "metric": "P@1", "n_clusters": 19}
    ]
    assert "not checked, too few: 1 slices" in found.to_text()


def test_a_candidate_cannot_pass_by_leaving_queries_unmeasured(make_run, baseline) -> None:
    hiding = make_run({"P@1": [1.0] * 30 + [NAN] * 30}, run_id="new")
    with pytest.raises(RunError, match=r"P@1 applies to query 'q30' in one run only \(30 such values in all\)"):
        gate(baseline, hiding, metrics=["P@1"], by="query", rng=rng())


def test_by_default_whatever_the_answers_cannot_evade_is_gated(make_run) -> None:
    run = make_run({"P@1": [1.0, NAN], "diversity": [0.5, 0.5], "AP": [NAN, NAN], "keystrokes": [0.1, 0.2]})
    assert default_metrics(run) == ["P@1", "keystrokes"]


def test_runs_over_other_data_are_refused(make_run, baseline) -> None:
    with pytest.raises(RunError, match="expected the same data"):
        gate(baseline, make_run({"P@1": [1.0] * 60}, data="other"), metrics=["P@1"], by="query", rng=rng())


@pytest.mark.parametrize(
    ("margin", "alpha"), [(-0.01, 0.05), (math.nan, 0.05), (math.inf, 0.05), (0, 0), (0, 1), (0, math.nan)]
)
def test_a_margin_or_level_that_makes_no_sense_is_refused(baseline, margin: float, alpha: float) -> None:
    with pytest.raises(EvalError, match="expected a margin of 0 or more and 0 < alpha < 1"):
        gate(baseline, baseline, metrics=["P@1"], by="query", rng=rng(), margin=margin, alpha=alpha)


def test_a_verdict_is_json_and_text(make_run, baseline) -> None:
    found = gate(baseline, changed(make_run, 12), metrics=["P@1"], by="query", slices=["stage"], rng=rng())
    written = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (written["passed"], written["baseline"], written["candidate"]) == (False, "old", "new")
    assert [(check["slice"], check["failed"]) for check in written["checks"]] == [
        (None, True),
        ("stage", True),
        ("stage", False),
    ]
    lines = found.to_text().splitlines()
    assert lines[1].startswith("P@1     all")
    assert lines[1].endswith("WORSE")
    assert lines[-1] == "FAILED: 2 of 3 checks"
    assert gate(baseline, baseline, metrics=["P@1"], by="query", rng=rng()).to_text().endswith("passed")
