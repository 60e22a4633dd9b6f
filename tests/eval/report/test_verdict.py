import pytest

from eval.report.verdict import changed_slices, judge, outcome
from eval.runs.compare import Comparison, Difference
from eval.statistics.estimate import Estimate


def difference(metric, change, p, label=None):
    return Difference(
        metric=metric,
        slice="scene" if label else None,
        label=label,
        mean_a=0.5,
        mean_b=0.5 + change,
        difference=Estimate(change, change - 0.01, change + 0.01, 100),
        p=p,
        p_adjusted=p,
        n_won=3 if change else 0,
        n_lost=2 if change else 0,
        n_tied=95,
        n_unpaired=0,
    )


def comparison(*differences):
    return Comparison("a", "b", "query", "holm", tuple(differences), (), {}, {})


@pytest.mark.parametrize(
    ("metric", "change", "p", "found"),
    [
        ("nDCG@10", 0.1, 0.04, "gain"),
        ("nDCG@10", -0.1, 0.04, "loss"),
        ("nDCG@10", 0.1, 0.05, "even"),
        ("ECE", 0.1, 0.01, "loss"),
        ("ECE", -0.1, 0.01, "gain"),
        ("nDCG@10", 0.0, 0.01, "even"),
    ],
)
def test_a_change_is_clear_below_five_percent_and_good_in_its_own_direction(metric, change, p, found):
    assert outcome(difference(metric, change, p)) == found


CLEAR_GAIN, CLEAR_LOSS = difference("nDCG@10", 0.1, 0.001), difference("nDCG@10", -0.1, 0.001)


@pytest.mark.parametrize(
    ("differences", "kind"),
    [
        ([CLEAR_GAIN], "better"),
        ([CLEAR_GAIN, difference("R@10", -0.1, 0.2)], "better"),
        ([CLEAR_GAIN, difference("R@10", -0.1, 0.01)], "mixed"),
        ([CLEAR_GAIN, difference("nDCG@10", -0.1, 0.01, "group")], "mixed"),
        ([CLEAR_LOSS, difference("R@10", 0.1, 0.01)], "worse"),
        ([difference("nDCG@10", 0.1, 0.3)], "unclear"),
        ([difference("nDCG@10", 0.1, 0.3), difference("R@10", -0.1, 0.01)], "mixed"),
        ([difference("nDCG@10", 0.0, 1.0)], "same"),
    ],
)
def test_the_primary_metric_decides_unless_something_else_became_worse(differences, kind):
    assert judge(comparison(*differences), "nDCG@10").kind == kind


def test_a_run_without_a_baseline_stands_alone():
    assert judge(None, "nDCG@10").kind == "alone"


def test_gains_are_told_of_all_queries_and_losses_of_every_slice():
    better, worse = difference("R@10", 0.1, 0.01, "group"), difference("P@1", -0.1, 0.01, "direct")
    found = judge(comparison(CLEAR_GAIN, better, worse), "nDCG@10")
    assert (found.gains, found.losses) == ((), (worse,))


def test_changed_slices_come_surest_first():
    sure, surer = difference("R@10", 0.1, 0.01, "group"), difference("R@10", -0.1, 0.001, "direct")
    unclear = difference("R@10", 0.1, 0.5, "other")
    assert changed_slices(comparison(CLEAR_GAIN, sure, unclear, surer)) == [surer, sure]
