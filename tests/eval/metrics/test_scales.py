"""What is known of a metric by its name."""

import pytest

from eval.metrics.scales import applies_whatever_is_answered, is_lower_better, range_of


@pytest.mark.parametrize("metric", ["nDCG@10", "R10@1", "RR", "Success@3", "keystrokes", "ROUGE-L@3"])
def test_shares_lie_within_0_and_1_and_more_is_better(metric: str) -> None:
    assert range_of(metric) == (0.0, 1.0)
    assert not is_lower_better(metric)


def test_errors_and_popularity_are_better_when_less() -> None:
    assert is_lower_better("Brier")
    assert is_lower_better("popularity@10")


def test_some_metrics_apply_only_where_something_was_answered() -> None:
    assert not applies_whatever_is_answered("diversity")
    assert applies_whatever_is_answered("nDCG@10")


@pytest.mark.parametrize("metric", ["novelty", "my own metric", "R10x"])
def test_of_other_metrics_no_range_is_assumed(metric: str) -> None:
    assert range_of(metric) is None
