import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from eval.errors import DataError
from eval.experiments.sequential import MIN_UNITS, Arm, Measured, Plan

Z_95 = 1.959964


def test_an_arm_by_hand() -> None:
    # mean (1 + 2 + 6) / 3, squares 4 + 1 + 9 over 2
    assert Arm.of([1.0, 2.0, 6.0]) == Arm(3, 3.0, 7.0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(DataError, match=r"line 2: (nan|inf)"):
        Arm.of([1.0, value])


def test_a_difference_by_hand() -> None:
    control, variant = Arm.of([0.0, 1.0] * 5), Arm.of([1.0] * 10)
    # variances 10/4/9 = 5/18 and 0; pooled (9 · 5/18) / 18 = 5/36, which the variant's may not undercut
    difference = Measured.difference(control, variant)
    assert (difference.mean, difference.n) == (0.5, 20)
    assert difference.error == pytest.approx(math.sqrt(5 / 180 + 5 / 360))


def test_the_interval_by_hand() -> None:
    # at the planned number nρ² = -2 ln .05 + ln(-2 ln .05) + 1 = 5.99146 + 1.79033 + 1 = 8.78180; √9.78180 = 3.12758;
    # √(2 · (1 + 1/8.78180) · ln(3.12758 / .05)) = √(2 · 1.113872 · 4.135992) = 3.03545
    interval = Plan(500).interval(Measured(1.0, 0.1, 500))
    assert interval.low == pytest.approx(1.0 - 0.303545, abs=1e-6)
    assert interval.high == pytest.approx(1.0 + 0.303545, abs=1e-6)
    assert (interval.mean, interval.n) == (1.0, 500)


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(-6, 6))
def test_the_p_value_is_one_over_a_mixture_of_likelihood_ratios(planned: int, n: int, z: float) -> None:
    plan = Plan(planned)
    deviation = math.sqrt(plan.mixing)

    def integrand(size: float) -> float:
        return math.exp(size * z * math.sqrt(n) - n * size * size / 2 - size * size / (2 * plan.mixing))

    centre, width = z * math.sqrt(n) / (n + 1 / plan.mixing), 1 / math.sqrt(n + 1 / plan.mixing)
    area, _ = quad(integrand, centre - 12 * width, centre + 12 * width, epsabs=0, limit=200)
    ratio = area / (deviation * math.sqrt(2 * math.pi))
    assert plan.p_value(Measured(z * 0.5, 0.5, n)) == pytest.approx(min(1.0, 1 / ratio), rel=1e-6)


@given(st.integers(1, 5000), st.integers(20, 5000), st.floats(-3, 3), st.floats(0.01, 2))
def test_the_interval_leaves_out_zero_exactly_when_the_p_value_is_below_five_percent(
    planned: int, n: int, mean: float, error: float
) -> None:
    plan, measured = Plan(planned), Measured(mean, error, n)
    interval, p_value = plan.interval(measured), plan.p_value(measured)
    if abs(p_value - 0.05) > 1e-9:
        assert (interval.low > 0 or interval.high < 0) == (p_value < 0.05)
    above = plan.p_value_above(measured, -0.5)
    if abs(above - 0.05) > 1e-9:
        assert (interval.low > -0.5) == (above < 0.05)


@pytest.mark.parametrize(("times", "wider"), [(0.1, 1.24), (10, 1.08), (1, 1.0)])
def test_a_wrong_plan_costs_a_quarter_of_the_width_at_most(times: float, wider: float) -> None:
    right, other = (Plan(1000).interval(Measured(0.0, 1.0, n)).high for n in (1000, int(1000 * times)))
    assert other / right == pytest.approx(wider, abs=0.01)


def test_with_few_units_nothing_is_said() -> None:
    few, enough = Arm.of([0.0] * (MIN_UNITS - 1)), Arm.of([1.0] * MIN_UNITS)
    difference = Measured.difference(few, enough)
    assert Plan().interval(difference).low == -math.inf
    assert Plan().interval(difference).high == math.inf
    assert Plan().p_value(difference) == 1.0
    assert Plan().interval(Measured.mean_of(few)).high == math.inf


def test_while_no_two_units_differ_nothing_is_said() -> None:
    zeros, ones = Arm.of([0.0] * 50), Arm.of([1.0] * 50)
    for arms in ((zeros, zeros), (zeros, ones)):
        assert Plan().interval(Measured.difference(*arms)).high == math.inf
        assert Plan().p_value(Measured.difference(*arms)) == 1.0
    assert Plan().interval(Measured.mean_of(zeros)).high == math.inf
    some = Measured.difference(zeros, Arm.of([0.0] * 49 + [1.0]))
    assert Plan().interval(some).low < 0 < Plan().interval(some).high < 1


def test_a_plan_for_nobody_is_refused() -> None:
    with pytest.raises(DataError, match="0 units"):
        Plan(0)


Values = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How values of units come about, shape (n,), and the true effect of being treated, shape of `treated` (n,)."""

    draw: Callable[[np.random.Generator, NDArray[np.bool_]], Values]
    effect: float

    def looks(self, share: float, n: int, rng: np.random.Generator) -> Iterator[Measured]:
        """The difference after each unit of an experiment, by running sums."""
        treated = rng.random(n) < share
        sums = {False: [0, 0.0, 0.0], True: [0, 0.0, 0.0]}
        for value, arm in zip(self.draw(rng, treated).tolist(), treated.tolist(), strict=True):
            counted = sums[arm]
            counted[0] += 1
            counted[1] += value
            counted[2] += value * value
            if min(sums[False][0], sums[True][0]) >= MIN_UNITS:
                yield Measured.difference(running(*sums[False]), running(*sums[True]))


def running(n: int, total: float, squares: float) -> Arm:
    return Arm(n, total / n, max(0.0, (squares - total * total / n) / (n - 1)))


def coins(rate: float, effect: float) -> World:
    return World(lambda rng, treated: (rng.random(len(treated)) < rate + effect * treated) * 1.0, effect)


def normal(effect: float) -> World:
    return World(lambda rng, treated: rng.normal(size=len(treated)) + effect * treated, effect)


def skewed(times: float) -> World:
    """Amounts with a long tail, of mean √e, multiplied by being treated."""
    return World(
        lambda rng, treated: rng.lognormal(size=len(treated)) * np.where(treated, times, 1.0),
        (times - 1) * math.exp(0.5),
    )


WORLDS = {
    "nothing happens, normal": normal(0.0),
    "nothing happens, often": coins(0.3, 0.0),
    "nothing happens, seldom": coins(0.05, 0.0),
    "nothing happens, skewed": skewed(1.0),
    "normal": normal(0.3),
    "often": coins(0.3, 0.1),
    "seldom": coins(0.05, 0.05),
    "skewed": skewed(1.2),
}


def misses(world: World, *, share: float, n: int, repeats: int) -> tuple[float, float]:
    """How many experiments ever missed the truth, by the always-valid interval and by that for a fixed number."""
    rng, plan = np.random.default_rng(7), Plan(n)
    always = fixed = 0
    for _ in range(repeats):
        seen = list(world.looks(share, n, rng))
        always += any(plan.p_value(one, world.effect) < 0.05 for one in seen)
        fixed += any(abs(one.mean - world.effect) > Z_95 * one.error for one in seen)
    return always / repeats, fixed / repeats


def test_looking_after_every_unit_misses_the_truth_in_at_most_five_percent() -> None:
    always, fixed = misses(WORLDS["nothing happens, often"], share=0.5, n=400, repeats=200)
    assert always <= 0.05
    assert fixed >= 0.25


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_looking_all_the_time_is_safe_for_all_sorts_of_values(name: str, share: float) -> None:
    always, fixed = misses(WORLDS[name], share=share, n=800, repeats=300)
    assert always <= 0.05
    assert fixed > always


@pytest.mark.slow
def test_values_of_units_may_grow_while_one_looks() -> None:
    """Agents whose acceptance rate becomes clearer day by day, each with an own rate."""
    rng, plan, alarms = np.random.default_rng(8), Plan(60), 0
    for _ in range(300):
        rates = np.clip(0.3 + 0.1 * rng.normal(size=60), 0.01, 0.99)
        treated, begins = rng.random(60) < 0.5, rng.integers(0, 30, 60)
        totals, counts, alarm = np.zeros(60), np.zeros(60), False
        for day in range(60):
            new = rng.poisson(2, 60) * (begins <= day)
            totals, counts = totals + rng.binomial(new, rates), counts + new
            seen = counts > 0
            arms = [Arm.of(totals[seen & side] / counts[seen & side]) for side in (~treated, treated)]
            alarm |= plan.p_value(Measured.difference(*arms)) < 0.05
        alarms += alarm
    assert alarms / 300 <= 0.05


def test_an_effect_is_found() -> None:
    rng, plan = np.random.default_rng(9), Plan(400)
    found = 0
    for _ in range(100):
        last = list(coins(0.3, 0.25).looks(0.5, 400, rng))[-1]
        found += plan.p_value(last) < 0.05
    assert found >= 95
