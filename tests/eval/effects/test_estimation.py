"""Adjusted effects: right in worlds whose truth is known, and none at all where there is too little to tell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge

from eval.effects.design import Design
from eval.effects.estimation import estimate_effect, kish
from eval.effects.evidence import Basis, Evidence
from eval.effects.exposures import Exposures
from eval.effects.scores import is_usual, score
from eval.effects.settings import EffectSettings
from eval.effects.synthetic import ConfoundedWorld
from eval.errors import DataError, EvalError

SETTINGS = EffectSettings()


def evidence_of(exposures: Exposures, **changed: object) -> Evidence:
    return estimate_effect(replace(exposures, **changed), SETTINGS, np.random.default_rng(0))


def drawn(effect: float = 0.1, n: int = 3000, seed: int = 100, **world: float) -> Exposures:
    return ConfoundedWorld(effect=effect, **world).draw(n, np.random.default_rng(seed))


def test_confounding_by_customers_and_agents_is_removed() -> None:
    found = evidence_of(drawn(0.0, 20_000))
    assert found.raw_difference > 0.06
    assert found.effect.low < 0 < found.effect.high
    assert abs(found.effect.mean) < 0.02


def test_an_effect_is_found_with_its_sign_and_size() -> None:
    for effect in (0.1, -0.1):
        found = evidence_of(drawn(effect, 20_000))
        assert found.effect.low < effect < found.effect.high
        assert found.adjusted.p_value < 1e-6
        assert found.adjusted.treated_rate - found.adjusted.comparison_rate == pytest.approx(found.effect.mean)


def test_a_candidate_given_to_easy_customers_needs_the_feature() -> None:
    exposures = drawn(0.0, 10_000, leaning=0.0, ease_leaning=1.0)
    blind = evidence_of(exposures, features=np.zeros((10_000, 1), np.float32))
    assert blind.effect.low > 0.03
    assert evidence_of(exposures).effect.low < 0 < evidence_of(exposures).effect.high


def test_a_randomised_choice_is_labelled_and_needs_no_features() -> None:
    world = ConfoundedWorld(effect=0.08)
    exposures = world.draw_randomised(8000, np.random.default_rng(3), propensity=0.2)
    found = evidence_of(exposures, features=np.zeros((8000, 1), np.float32), agent=np.zeros(8000, np.int64))
    assert found.basis is Basis.RANDOMISED
    assert found.effect.low < 0.08 < found.effect.high
    assert evidence_of(drawn()).basis is Basis.OBSERVATIONAL


def test_a_randomised_effect_without_anything_to_adjust_is_the_difference_of_means() -> None:
    """One agent, one stratum, no features: half and half by chance, (t - e)² is the same in every row."""
    rng = np.random.default_rng(5)
    n = 400
    treated = rng.permutation(np.arange(n) < n // 2)
    exposures = Exposures(
        treated=treated,
        outcome=(rng.random(n) < np.where(treated, 0.6, 0.4)).astype(np.float64),
        features=np.zeros((n, 0), np.float32),
        agent=np.zeros(n, np.int64),
        stratum=np.zeros(n, np.int64),
        cluster=np.arange(n),
        propensity=np.full(n, 0.5),
    )
    found = evidence_of(exposures)
    assert found.effect.mean == pytest.approx(found.raw_difference, abs=0.005)
    rates = [exposures.outcome[side].mean() for side in (treated, ~treated)]
    error = np.sqrt(sum(rate * (1 - rate) / (n / 2) for rate in rates))
    assert found.adjusted.standard_error == pytest.approx(error, rel=0.02)


def test_rows_of_one_customer_are_no_independent_witnesses() -> None:
    once = drawn(n=800)
    twice = Exposures(*(np.concatenate([getattr(once, name)] * 2) for name in FIELDS))
    of_once, of_twice = evidence_of(once), evidence_of(twice)
    assert of_twice.adjusted.standard_error == pytest.approx(of_once.adjusted.standard_error, rel=0.1)


FIELDS = ("treated", "outcome", "features", "agent", "stratum", "cluster")


def test_the_same_generator_state_gives_the_same_numbers() -> None:
    exposures = drawn()
    assert evidence_of(exposures) == evidence_of(exposures)


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_turning_outcomes_round_turns_the_effect_round(seed: int) -> None:
    exposures = drawn(0.1, 400, seed)
    found, turned = evidence_of(exposures), evidence_of(exposures, outcome=1 - exposures.outcome)
    assert turned.effect.mean == pytest.approx(-found.effect.mean, abs=1e-8)
    assert turned.adjusted.standard_error == pytest.approx(found.adjusted.standard_error, rel=1e-6)


def test_the_whole_score_is_the_weight_times_the_difference_and_the_residual() -> None:
    exposures = drawn(n=600)
    scores = score(exposures, SETTINGS, np.random.default_rng(0))
    assert scores.weights == pytest.approx(np.where(scores.is_kept, (exposures.treated - scores.propensity) ** 2, 0))
    assert scores.effects.sum() / scores.weights.sum() == pytest.approx(evidence_of(exposures).effect.mean)


def test_fractional_outcomes_are_taken() -> None:
    exposures = drawn(n=2000)
    found = evidence_of(exposures, outcome=0.25 + 0.5 * exposures.outcome)
    assert found.effect.mean == pytest.approx(0.5 * evidence_of(exposures).effect.mean, abs=0.01)


def test_equal_weights_tell_as_much_as_there_are_rows() -> None:
    assert kish(np.full(7, 0.3)) == pytest.approx(7)
    assert kish(np.array([1.0, 1.0, 0.0])) == pytest.approx(2)
    assert kish(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert kish(np.zeros(3)) == 0


def thin(exposures: Exposures, n: int, *, treated: bool) -> Exposures:
    """All rows of the other side and the first n of this one."""
    kept = np.ones(len(exposures), np.bool_)
    kept[np.flatnonzero(exposures.treated == treated)[n:]] = False
    return exposures.take(kept)


def test_too_few_uses_are_counted_and_give_no_effect() -> None:
    found = evidence_of(thin(drawn(), 12, treated=True))
    assert (found.effect, found.needed, found.n_treated) == (None, 18, 12)
    assert found.too_little == "only 12 uses with a known outcome, of at least 30"


def test_too_few_ordinary_replies_give_no_effect() -> None:
    found = evidence_of(thin(drawn(), 29, treated=False))
    assert found.effect is None
    assert found.too_little == "only 29 ordinary replies to compare with, of at least 30"


def test_a_candidate_of_one_agent_has_no_effect() -> None:
    exposures = drawn()
    found = evidence_of(exposures.take(~exposures.treated | (exposures.agent == 3)))
    assert found.effect is None
    assert "no two agents" in found.too_little


def test_an_outcome_that_never_differs_has_no_effect() -> None:
    found = evidence_of(drawn(), outcome=np.ones(3000))
    assert found.effect is None
    assert found.too_little == "the outcome was the same in every conversation"


def test_few_customers_have_no_effect() -> None:
    found = evidence_of(drawn(), cluster=np.arange(3000) % 9)
    assert found.too_little == "only 9 different customers on one side, of at least 10"


def test_agents_who_always_send_it_cannot_be_compared_with_those_who_never_do() -> None:
    exposures = drawn()
    found = evidence_of(exposures, treated=exposures.agent >= 5)
    assert found.effect is None
    assert found.overlap == 0
    assert "comparable" in found.too_little


def test_a_choice_that_a_feature_decides_has_no_comparable_rows() -> None:
    exposures = drawn()
    decided = exposures.features[:, 0] > 0
    found = evidence_of(exposures, treated=decided, features=50 * np.sign(exposures.features))
    assert found.effect is None
    assert found.overlap == 0


def test_a_rare_candidate_among_very_many_ordinary_replies_is_estimated() -> None:
    found = evidence_of(thin(drawn(0.3, 20_000), 40, treated=True))
    assert found.n_treated == 40
    assert found.effect.low < 0.3 < found.effect.high


def test_a_propensity_is_trimmed_by_what_it_would_be_were_half_treated() -> None:
    """One in five treated: odds 1/4 of an even share, so 1 % stands for odds of 1/396 and 99 % for 99/4."""
    treated = np.arange(5) == 0
    odds = np.array([1 / 395, 1 / 397, 24.7, 24.8, 1.0])
    assert is_usual(odds / (1 + odds), treated, 0.01).tolist() == [True, False, True, False, True]
    assert is_usual(odds / (1 + odds), treated, 0.0).all()


def test_no_rows_at_all_have_no_effect() -> None:
    found = evidence_of(drawn().take(np.zeros(3000, np.bool_)))
    assert (found.effect, found.raw_difference, found.n_treated) == (None, None, 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"outcome": np.full(3000, 1.5)}, r"outcome 1\.5; expected a number from 0 to 1"),
        ({"outcome": np.full(3000, np.nan)}, "outcome nan; expected a number from 0 to 1"),
        ({"features": np.full((3000, 1), np.inf)}, "expected finite numbers"),
        ({"agent": np.zeros(7)}, r"agent of shape \(7,\); expected one entry for each of 3000 rows"),
        ({"propensity": np.ones(3000)}, r"propensity 1\.0; expected a chance between 0 and 1"),
        ({"treated": np.ones(3000)}, "treated of type float64; expected true or false"),
    ],
)
def test_exposures_that_cannot_be_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(drawn(), **changed)


@pytest.mark.parametrize(
    "wrong",
    [{"n_folds": 1}, {"n_folds": 11}, {"lowest_propensity": 0.5}, {"least_rows": 1}, {"penalties": ()}],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(EvalError, match="expected"):
        EffectSettings(**wrong)


@pytest.mark.slow
@pytest.mark.parametrize("n", [150, 800])
def test_intervals_cover_the_truth(n: int) -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(300):
        found = estimate_effect(ConfoundedWorld(effect=0.08).draw(n, rng), SETTINGS, rng)
        held.append(found.effect is not None and found.effect.low <= 0.08 <= found.effect.high)
    assert 0.92 <= np.mean(held) <= 0.98


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_effect_is_that_of_doubleml() -> None:
    doubleml = pytest.importorskip("doubleml", reason="an independent implementation, not a dependency")
    exposures = drawn(0.1, 4000, per_cluster=1)
    data = doubleml.DoubleMLData.from_arrays(
        Design.of(exposures).columns(1.0), exposures.outcome, exposures.treated.astype(np.float64)
    )
    theirs = doubleml.DoubleMLPLR(data, Ridge(), LogisticRegression(max_iter=1000), n_folds=5, n_rep=3).fit()
    ours = evidence_of(exposures).adjusted
    assert ours.effect.mean == pytest.approx(float(theirs.coef[0]), abs=0.2 * ours.standard_error)
    assert ours.standard_error == pytest.approx(float(theirs.se[0]), rel=0.03)
