"""The adjusted effect of one candidate on one outcome."""

import numpy as np

from eval.effects.evidence import Adjusted, Basis, Evidence
from eval.effects.exposures import Exposures, Floats
from eval.effects.linear import ratio_estimate
from eval.effects.scores import Scores, score
from eval.effects.sensitivity import e_values
from eval.effects.settings import EffectSettings
from eval.effects.support import Shortage, overlap_of, shortage_of, shortage_of_overlap
from eval.effects.within_agent import within_agent


def estimate_effect(exposures: Exposures, settings: EffectSettings, rng: np.random.Generator) -> Evidence:
    """What the exposures say of the candidate, by the scores of `eval.effects.scores`.

    Agent and stratum are adjusted for beside the features. The effect is that among turns in which agents may well have
    sent either reply. Where `exposures` have propensities, these are used instead of a model and the basis is
    "randomised". The same generator state always gives the same numbers.
    """
    shortage = shortage_of(exposures, settings)
    if shortage:
        return _evidence(exposures, shortage=shortage)
    scores = score(exposures, settings, rng)
    overlap = overlap_of(exposures, scores.propensity, settings)
    shortage = shortage_of_overlap(exposures, scores, overlap, settings)
    if shortage:
        return _evidence(exposures, overlap=overlap, shortage=shortage)
    return _evidence(exposures, overlap=overlap, adjusted=_adjusted(exposures, scores))


def _adjusted(exposures: Exposures, scores: Scores) -> Adjusted:
    found = ratio_estimate(scores.effects, scores.weights, exposures.cluster)
    total = float(scores.weights.sum())
    treated_rate, comparison_rate = (
        float(np.clip(one.sum() / total, 0.0, 1.0)) for one in (scores.with_candidate, scores.without)
    )
    of_effect, of_limit = e_values(treated_rate, comparison_rate, found.estimate.low, found.estimate.high)
    return Adjusted(
        effect=found.estimate,
        standard_error=found.standard_error,
        p_value=found.p_value,
        treated_rate=treated_rate,
        comparison_rate=comparison_rate,
        n_effective=sum(kish(np.sqrt(scores.weights[side])) for side in (exposures.treated, ~exposures.treated)),
        n_trimmed=int((~scores.is_kept).sum()),
        within_agent=within_agent(exposures),
        e_value=of_effect,
        e_value_limit=of_limit,
    )


def kish(weights: Floats) -> float:
    """How many rows of equal weight would have a mean as certain as rows of these weights; 0 without any."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if (weights > 0).any() else 0.0


def _evidence(
    exposures: Exposures,
    *,
    overlap: float | None = None,
    adjusted: Adjusted | None = None,
    shortage: Shortage | None = None,
) -> Evidence:
    treated, outcome = exposures.treated, exposures.outcome
    has_both = bool(treated.any() and not treated.all())
    return Evidence(
        outcome_name=exposures.outcome_name,
        basis=Basis.RANDOMISED if exposures.is_randomised else Basis.OBSERVATIONAL,
        n_treated=int(treated.sum()),
        n_comparison=int((~treated).sum()),
        raw_difference=float(outcome[treated].mean() - outcome[~treated].mean()) if has_both else None,
        overlap=overlap,
        variance=float(outcome.var()) if len(outcome) else 0.0,
        adjusted=adjusted,
        too_little=shortage.reason if shortage else "",
        needed=shortage.needed if shortage else None,
    )
