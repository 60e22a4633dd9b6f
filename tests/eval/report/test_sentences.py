import json
from dataclasses import replace

import pytest

from eval.report.sentences import coverage_sentence, limits, method, plain_sentence, verdict_sentence
from eval.report.verdict import judge
from eval.report.words import words_of
from eval.runs.compare import Comparison, Difference
from eval.statistics.estimate import Estimate

EN, ZH = words_of("en"), words_of("zh")


def difference(metric, before, after, p, label=None):
    change = after - before
    interval = Estimate(change, change - 0.02, change + 0.02, 200)
    return Difference(metric, "scene" if label else None, label, before, after, interval, p, p, 9, 4, 187, 0)


@pytest.fixture
def told(alone):
    """The same run as if compared with these outcomes."""

    def _told(*differences):
        comparison = Comparison("a", alone.run.run_id, "query", "holm", differences, (), {}, {})
        return replace(alone, comparison=comparison, verdict=judge(comparison, "nDCG@10"))

    return _told


def test_a_clear_gain_is_said_with_its_interval(told):
    found = told(difference("nDCG@10", 0.5, 0.625, 0.001), difference("P@1", 0.4, 0.5, 0.5))
    assert verdict_sentence(found, EN) == (
        "Better than the baseline: nDCG@10 went from 0.500 to 0.625 (+0.125, 95% interval +0.105 to +0.145), "
        "and nothing became clearly worse."
    )
    assert verdict_sentence(found, ZH) == (
        "优于基线：nDCG@10 从 0.500 变为 0.625（+0.125，95% 区间 +0.105 至 +0.145），没有任何指标明显变差。"
    )
    assert plain_sentence(found, EN) == "Of 100 messages, 50 get a right answer first; with the baseline it was 40."


def test_one_in_a_hundred_is_said_of_a_first_answer(alone):
    metrics = {"nDCG@10": Estimate(0.5, 0.4, 0.6, 9), "Success@1": Estimate(0.284, 0.2, 0.3, 9)}
    found = replace(alone, summary=replace(alone.summary, whole=replace(alone.summary.whole, metrics=metrics)))
    assert plain_sentence(found, EN) == "Of 100 messages, 28 get a right answer first."
    assert plain_sentence(found, ZH) == "每 100 条消息中，有 28 条的第一条建议就是对的。"


def test_without_a_metric_that_counts_messages_nothing_plain_is_said(alone):
    metrics = {"nDCG@10": Estimate(0.5, 0.4, 0.6, 9)}
    found = replace(alone, summary=replace(alone.summary, whole=replace(alone.summary.whole, metrics=metrics)))
    assert plain_sentence(found, EN) == ""


def test_a_loss_elsewhere_is_not_passed_over(told):
    found = told(difference("nDCG@10", 0.5, 0.6, 0.001), difference("R@10", 0.5, 0.4, 0.01, "group"))
    assert verdict_sentence(found, EN).endswith(", but R@10 (scene: group) became clearly worse.")


def test_many_losses_are_counted(told):
    losses = [difference(f"R@{k}", 0.5, 0.4, 0.01) for k in range(1, 6)]
    found = told(difference("nDCG@10", 0.5, 0.6, 0.001), *losses)
    assert verdict_sentence(found, EN).endswith(", but R@1, R@2, R@3 and 2 more became clearly worse.")


def test_a_difference_that_could_be_chance_is_no_difference(told):
    found = told(difference("nDCG@10", 0.5, 0.51, 0.3), difference("P@1", 0.4, 0.5, 0.5))
    assert verdict_sentence(found, EN).startswith("No clear difference: nDCG@10 went from 0.500 to 0.510 (+0.010,")
    assert plain_sentence(found, EN) == ""


def test_a_worse_run_is_called_worse_whatever_else_got_better(told):
    found = told(difference("nDCG@10", 0.5, 0.4, 0.001), difference("P@1", 0.4, 0.5, 0.01))
    assert verdict_sentence(found, EN).startswith("Worse than the baseline: nDCG@10 went from 0.500 to 0.400 (−0.100,")
    assert verdict_sentence(found, EN).endswith(", though P@1 became clearly better.")


def test_a_run_alone_is_described(alone):
    own = alone.summary.whole.metrics["nDCG@10"]
    assert verdict_sentence(alone, EN) == (
        f"nDCG@10 is {own.mean:.3f} (95% interval {own.low:.3f} to {own.high:.3f}) over {own.n} queries."
    )


def test_the_threshold_is_described_where_there_is_one(report, alone):
    chosen = report.certainty.chosen
    assert coverage_sentence(report, EN) == (
        f"At the threshold 0.42, {chosen.coverage:.0%} of the queries get an answer "
        f"and {chosen.precision:.0%} of these answers are right."
    )
    assert coverage_sentence(alone, EN) == "From the surest answer to the least sure."
    nothing = replace(report, certainty=replace(report.certainty, threshold=1.0, chosen=None))
    assert coverage_sentence(nothing, EN) == "At the threshold 1.00 no query gets an answer."


def test_only_what_was_done_is_explained(report, alone):
    assert set(method(report, EN)) - set(method(alone, EN)) == {"Differences", "p"}
    assert f"all {len(report.comparison.differences)} tests" in json.dumps(method(report, EN))
    assert len(limits(replace(alone, slices=()), EN)) == len(limits(alone, EN)) - 1
