"""Verdicts on many candidates: what counts, what is held back, and what the sentences say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from eval.effects.estimation import estimate_effect
from eval.effects.evidence import Adjusted, Basis, Evidence
from eval.effects.settings import EffectSettings
from eval.effects.synthetic import ConfoundedWorld
from eval.effects.verdicts import JudgementSettings, Verdict, judge
from eval.errors import EvalError
from eval.statistics.estimate import Estimate


def evidence(effect: float, error: float, *, within: Estimate | None = None, outcome: str = "conversion") -> Evidence:
    adjusted = Adjusted(
        effect=Estimate(effect, effect - 1.96 * error, effect + 1.96 * error, 1600),
        standard_error=error,
        p_value=float(2 * norm.sf(abs(effect) / error)),
        treated_rate=0.3 + effect,
        comparison_rate=0.3,
        n_effective=1500.0,
        n_trimmed=0,
        within_agent=within,
        e_value=1.5,
        e_value_limit=1.2,
    )
    return Evidence(outcome, Basis.OBSERVATIONAL, 812, 788, 0.12, 0.93, 0.21, adjusted)


TOO_LITTLE = Evidence(
    "conversion", Basis.OBSERVATIONAL, 12, 500, 0.1, None, 0.21, None, "only 12 uses with a known outcome", 18
)


def test_a_clear_effect_helps_and_says_so() -> None:
    (found,) = judge([evidence(0.081, 0.015)])
    assert found.verdict is Verdict.HELPS
    assert found.why == "+8.1 points (5.2 to 11.0) on conversion against an ordinary reply, 812 uses"
    assert found.needs_more == 0


def test_a_clear_loss_harms() -> None:
    (found,) = judge([evidence(-0.081, 0.015)])
    assert found.verdict is Verdict.HARMS
    assert found.why.startswith("-8.1 points (-11.0 to -5.2) on conversion")


def test_noise_cannot_be_told_and_says_how_much_is_missing() -> None:
    """One test at level 0.1: (1.645 + 0.842) standard errors must be 6 points, 0.0241; (0.035 / 0.0241)² = 2.104."""
    (found,) = judge([evidence(0.06, 0.035)])
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.needs_more == 900  # 1.104 · 812 = 897
    assert found.why == (
        "cannot tell yet, needs about 900 more uses: "
        "+6.0 points (-0.9 to 12.9) on conversion against an ordinary reply, 812 uses"
    )


def test_an_effect_too_small_to_matter_needs_no_more_uses() -> None:
    (found,) = judge([evidence(0.004, 0.01)])
    assert (found.verdict, found.needs_more) == (Verdict.CANNOT_TELL, 0)
    assert found.why.startswith("cannot tell, an effect of 5 points would have shown: +0.4 points")


def test_too_little_has_no_numbers_but_a_reason() -> None:
    (found,) = judge([TOO_LITTLE])
    assert (found.verdict, found.q_value, found.shrunk) == (Verdict.CANNOT_TELL, None, None)
    # error √(0.21 (1/12 + 1/500)) = 0.134, wanted 0.05 / 2.486 = 0.0201: 12 (44.3 - 1) = 519
    assert found.needs_more == 520
    assert found.why == "cannot tell yet, needs about 520 more uses: only 12 uses with a known outcome"


def test_what_more_uses_would_not_help_asks_for_none() -> None:
    (found,) = judge([replace(TOO_LITTLE, needed=None, too_little="only one agent has used it")])
    assert (found.needs_more, found.why) == (None, "cannot tell: only one agent has used it")


def test_agents_who_say_the_opposite_hold_an_effect_back() -> None:
    against, unclear = Estimate(-0.06, -0.1, -0.02, 900), Estimate(-0.06, -0.14, 0.02, 900)
    held, passed = judge([evidence(0.08, 0.015, within=against), evidence(0.08, 0.015, within=unclear)])
    assert (held.verdict, held.needs_more) == (Verdict.CANNOT_TELL, None)
    assert held.why.endswith("but -6.0 points (-10.0 to -2.0) where the same agent sent both")
    assert passed.verdict is Verdict.HELPS


def test_what_one_test_would_find_many_may_not() -> None:
    """p = 0.046 alone passes at 10 %; as the best of ten its q value is 0.46."""
    alone = judge([evidence(0.06, 0.03)])
    among = judge([evidence(0.06, 0.03), *[evidence(0.0, 0.03)] * 9])
    assert alone[0].verdict is Verdict.HELPS
    assert (among[0].verdict, among[0].q_value) == (Verdict.CANNOT_TELL, pytest.approx(0.455, abs=0.001))


def test_hopeless_candidates_do_not_make_the_others_harder() -> None:
    hopeless = [evidence(0.0, 0.06)] * 9
    found = judge([evidence(0.06, 0.03), *hopeless])
    assert found[0].verdict is Verdict.HELPS
    assert all(one.q_value is None and one.verdict is Verdict.CANNOT_TELL and one.needs_more for one in found[1:])


def test_an_interval_with_nought_never_helps() -> None:
    """At a false discovery rate of 20 % a p value of 0.1 would pass."""
    (found,) = judge([evidence(0.0494, 0.03)], JudgementSettings(fdr=0.2))
    assert found.q_value == pytest.approx(0.1, abs=0.001)
    assert found.verdict is Verdict.CANNOT_TELL


def test_shrunk_effects_are_drawn_together_within_their_outcome() -> None:
    rows = [evidence(effect, 0.03) for effect in (-0.04, 0.0, 0.02, 0.10)]
    rows += [evidence(0.3 + effect, 0.03, outcome="satisfaction") for effect in (-0.04, 0.0, 0.04)]
    found = judge(rows)
    assert 0.02 < found[3].shrunk.mean < 0.10
    assert -0.04 < found[0].shrunk.mean < 0.02
    assert all(0.2 < one.shrunk.mean < 0.4 for one in found[4:])


def test_nothing_to_judge_is_no_judgement() -> None:
    assert judge([]) == []


@given(st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.005, 0.1)), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_no_verdict_without_its_q_value_and_its_interval(rows: list[tuple[float, float]]) -> None:
    evidences = [evidence(effect, error) for effect, error in rows]
    for one, judged in zip(evidences, judge(evidences), strict=True):
        assert judged.evidence is one
        if judged.verdict is not Verdict.CANNOT_TELL:
            assert judged.q_value <= 0.1
            assert one.effect.low * one.effect.high > 0
            assert (judged.verdict is Verdict.HELPS) == (one.effect.mean > 0)


@pytest.mark.parametrize("wrong", [{"fdr": 0.0}, {"fdr": 1.0}, {"worthwhile": 0.0}, {"largest_error": -1.0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(EvalError, match="expected"):
        JudgementSettings(**wrong)


@pytest.mark.slow
def test_confounded_candidates_without_effect_are_seldom_said_to_help() -> None:
    """Sixty candidates that good agents favour, twenty of them good: raw differences find nearly all."""
    rng = np.random.default_rng(4)
    truth = [0.08] * 20 + [0.0] * 40
    draws = [ConfoundedWorld(effect=effect).draw(2500, rng) for effect in truth]
    judged = judge([estimate_effect(one, EffectSettings(), rng) for one in draws])
    helps = np.array([one.verdict is Verdict.HELPS for one in judged])
    assert helps[:20].mean() >= 0.8
    assert helps[20:].sum() <= 4
    raw = np.array([one.evidence.raw_difference for one in judged])
    assert (raw[20:] > 0.04).mean() > 0.5
