from dataclasses import replace

import numpy as np
import pytest

from eval.errors import RunError
from eval.report.report import SECTIONS, Report
from eval.runs.compare import compare


def test_a_full_report_has_every_section_and_lacks_nothing(report):
    assert report.sections == list(SECTIONS)
    assert report.absent == []


def test_a_report_without_a_baseline_says_what_it_lacks(alone):
    assert alone.sections == ["metrics", "slices", "calibration", "abstentions", "timing", "manifest", "method"]
    assert alone.absent == ["comparison", "examples", "growth"]


def test_a_run_against_itself_has_no_examples(run, summary):
    rng = np.random.default_rng(0)
    same = compare(run, run, by="query", metrics=["nDCG@10"], rng=rng)
    found = Report.of(run, summary=summary, baseline=run, comparison=same)
    assert found.verdict.kind == "same"
    assert "examples" not in found.sections
    assert "examples_equal" in found.absent


def test_the_usual_metric_decides_unless_another_is_named(run, summary):
    assert Report.of(run, summary=summary).primary == "nDCG@10"
    chosen = Report.of(run, summary=summary, primary="P@1")
    assert chosen.primary == "P@1"
    assert next(iter(chosen.metrics)) == "P@1"
    assert chosen.headline[0] == "P@1"
    assert {table.metric for table in chosen.slices} == {"P@1"}


def test_without_a_usual_metric_the_first_one_decides(run, summary):
    whole = replace(summary.whole, metrics={"novelty": summary.whole.metrics["novelty"]})
    assert Report.of(run, summary=replace(summary, whole=whole)).primary == "novelty"


def test_a_run_is_called_by_its_folder_and_told_apart_by_its_id(run, report):
    assert report.run.name == "hybrid-v3"
    assert report.baseline.name == "lexical"
    rng = np.random.default_rng(0)
    same = compare(run, run, by="query", metrics=["P@1"], rng=rng)
    summary = report.summary
    found = Report.of(run, summary=replace(summary, run_id=run.id), baseline=run, comparison=same)
    assert found.run.name == f"new ({run.id})"


def test_a_metric_nobody_measured_cannot_decide(run, summary):
    with pytest.raises(RunError, match=r"no metric 'MAP'; it has nDCG@10, R@10"):
        Report.of(run, summary=summary, primary="MAP")


def test_a_metric_that_was_not_compared_cannot_decide(run, summary):
    same = compare(run, run, by="query", metrics=["P@1"], rng=np.random.default_rng(0))
    with pytest.raises(RunError, match=r"not compared by 'nDCG@10', only by P@1"):
        Report.of(run, summary=summary, baseline=run, comparison=same, primary="nDCG@10")


def test_numbers_of_other_runs_are_refused(run, summary, report):
    with pytest.raises(RunError, match="the summary is of run other"):
        Report.of(run, summary=replace(summary, run_id="other"))
    with pytest.raises(RunError, match="come together"):
        Report.of(run, summary=summary, baseline=run)
    with pytest.raises(RunError, match="the comparison is of"):
        Report.of(run, summary=summary, baseline=run, comparison=report.comparison)


def test_a_run_without_a_number_gives_no_report(run, summary):
    with pytest.raises(RunError, match="no metric to report on"):
        Report.of(run, summary=replace(summary, whole=replace(summary.whole, metrics={})))
