"""What a kind costs, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError, NothingMeasuredError
from eval.robustness.losses import Outcome, losses


def outcome(number: int, plain: float, perturbed: float, cluster: str | None = None) -> Outcome:
    return Outcome("typo-sound", f"m{number}", cluster or f"s{number}", 9, {"R@1": plain}, {"R@1": perturbed})


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_what_is_lost_is_a_difference_and_a_share_of_what_was_found() -> None:
    """Of ten messages eight were found and six still are: .2 is lost, a quarter of .8."""
    found = losses([outcome(i, float(i < 8), float(i < 6)) for i in range(10)], rng())["R@1"]
    assert (found.plain.mean, found.perturbed.mean) == (0.8, 0.6)
    assert found.lost.mean == pytest.approx(0.2)
    assert found.lost_share is not None
    assert found.lost_share.mean == pytest.approx(0.25)
    assert found.lost_share.low < 0.25 < found.lost_share.high
    assert found.lost.n == 10


def test_messages_that_lose_nothing_do_not_promise_that_none_ever_will() -> None:
    """Of n = 20 scripts none loses: a share u of losers would go unseen with (1 - u)^20 = 2.5 %."""
    found = losses([outcome(i, 1.0, 1.0) for i in range(20)], rng())["R@1"]
    unseen = 1 - 0.025 ** (1 / 20)
    assert (found.lost.mean, found.lost.low) == (0.0, 0.0)
    assert found.lost.high == pytest.approx(unseen)
    assert found.lost_share is not None
    assert found.lost_share.high == pytest.approx(unseen)


def test_a_share_of_nothing_is_none() -> None:
    assert losses([outcome(i, 0.0, 0.0) for i in range(5)], rng())["R@1"].lost_share is None


def test_messages_of_one_script_are_no_independent_witnesses() -> None:
    apart = [outcome(i, 1.0, float(i % 2)) for i in range(40)]
    together = [outcome(i, 1.0, float(i % 2), f"s{i % 4}") for i in range(40)]
    wide, narrow = losses(together, rng())["R@1"].lost, losses(apart, rng())["R@1"].lost
    assert wide.high - wide.low > narrow.high - narrow.low


def test_a_gain_is_a_negative_loss() -> None:
    found = losses([outcome(0, 0.0, 1.0), outcome(1, 1.0, 1.0)], rng())["R@1"]
    assert found.lost.mean == -0.5


def test_nothing_measured_is_said() -> None:
    with pytest.raises(NothingMeasuredError, match="no message could be written differently"):
        losses([], rng())


def test_outcomes_must_have_the_same_metrics() -> None:
    strange = Outcome("typo-sound", "m1", "s1", 9, {"R@3": 1.0}, {"R@3": 1.0})
    with pytest.raises(EvalError, match="message 'm1' has metrics"):
        losses([outcome(0, 1.0, 1.0), strange], rng())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_the_difference_of_the_means_is_the_mean_of_the_differences(pairs: list[tuple[bool, bool]]) -> None:
    found = losses([outcome(i, float(a), float(b)) for i, (a, b) in enumerate(pairs)], rng())["R@1"]
    assert found.lost.mean == pytest.approx(found.plain.mean - found.perturbed.mean)
    assert found.lost.low <= found.lost.mean <= found.lost.high
