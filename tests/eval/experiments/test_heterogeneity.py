import math

import numpy as np
import pytest

from eval.errors import DataError
from eval.experiments.heterogeneity import Groups, Verdict, effects_by_group
from eval.experiments.sequential import Arm, Measured, Plan

GROUPS = Groups(("novice", "expert"), ("expert",), margin=0.1)
PLAN = Plan(200)


def test_each_group_is_compared_with_its_own_control() -> None:
    control = {"novice": [0.0, 1.0] * 10, "expert": [0.0, 1.0] * 20}
    variant = {"novice": [1.0] * 20, "expert": [0.0, 1.0] * 20, "stranger": [5.0] * 20}
    found = effects_by_group(control, variant, GROUPS, PLAN)
    assert [(one.group, one.effect.mean, one.effect.n) for one in found.groups] == [
        ("novice", 0.5, 40),
        ("expert", 0.0, 80),
    ]
    novice = Measured.difference(Arm.of(control["novice"]), Arm.of(variant["novice"]))
    expert = Measured.difference(Arm.of(control["expert"]), Arm.of(variant["expert"]))
    assert found.groups[0].p_value == pytest.approx(2 * PLAN.p_value(novice))
    assert found.groups[0].effect == PLAN.interval(novice)
    assert found.lead == PLAN.interval(Measured(0.5, math.hypot(novice.error, expert.error), 120))


def test_a_group_that_only_one_arm_has_is_left_out() -> None:
    found = effects_by_group({"novice": [1.0] * 20}, {"novice": [1.0] * 20, "expert": [1.0] * 20}, GROUPS, PLAN)
    assert [one.group for one in found.groups] == ["novice"]
    assert found.lead is None
    assert found.protected == ()


def people(rng: np.random.Generator, rate: float, n: int) -> list[float]:
    return ((rng.random(n) < rate) * 1.0).tolist()


@pytest.mark.parametrize(("rate", "verdict"), [(0.5, Verdict.SAFE), (0.1, Verdict.LOSES), (0.44, Verdict.CANNOT_TELL)])
def test_experts_are_safe_lose_or_it_cannot_be_told(rate: float, verdict: Verdict) -> None:
    rng = np.random.default_rng(1)
    control = {"novice": people(rng, 0.3, 400), "expert": people(rng, 0.5, 1500)}
    variant = {"novice": people(rng, 0.6, 400), "expert": people(rng, rate, 1500)}
    found = effects_by_group(control, variant, GROUPS, PLAN)
    (expert,) = found.protected
    assert (expert.group, expert.verdict) == ("expert", verdict)
    assert (expert.p_value < 0.05) == (verdict is Verdict.SAFE)
    assert found.groups[0].p_value < 0.05
    assert found.groups[0].effect.low > 0


def test_novices_gain_more_than_experts() -> None:
    rng = np.random.default_rng(2)
    control = {"novice": people(rng, 0.2, 800), "expert": people(rng, 0.5, 800)}
    variant = {"novice": people(rng, 0.5, 800), "expert": people(rng, 0.5, 800)}
    lead = effects_by_group(control, variant, GROUPS, PLAN).lead
    assert lead.low > 0
    assert lead.low < 0.3 < lead.high


def test_a_loss_as_large_as_the_margin_is_called_safe_in_at_most_five_percent_of_looks_at_will() -> None:
    rng, n_safe = np.random.default_rng(3), 0
    for _ in range(100):
        control, variant = people(rng, 0.5, 400), people(rng, 0.4, 400)
        looks = (
            effects_by_group({"expert": control[:n]}, {"expert": variant[:n]}, GROUPS, PLAN).protected[0]
            for n in range(10, 400, 10)
        )
        n_safe += any(one.verdict is Verdict.SAFE for one in looks)
    assert n_safe <= 5


@pytest.mark.parametrize(
    "wrong", [{"protected": ("chief",)}, {"margin": 0.0}, {"margin": math.nan}, {"margin": math.inf}]
)
def test_groups_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError, match=r"chief|margin"):
        Groups(**wrong)
