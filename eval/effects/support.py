"""Whether there is enough to compare: rows, people, outcomes that differ, and turns in which either was usual."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from eval.effects.exposures import Exposures, Flags, Floats
from eval.effects.scores import Scores, is_usual
from eval.effects.settings import EffectSettings


@dataclass(frozen=True)
class Shortage:
    """Why no effect can be told; `needed` counts the treated rows that are missing, None if more would not help."""

    reason: str
    needed: int | None = None


def shortage_of(exposures: Exposures, settings: EffectSettings) -> Shortage | None:
    """What is missing before any model is fitted, if anything is."""
    treated, least = exposures.treated, settings.least_rows
    n_treated, n_comparison = int(treated.sum()), int((~treated).sum())
    if n_treated < least:
        return Shortage(f"only {n_treated} uses with a known outcome, of at least {least}", least - n_treated)
    if n_comparison < least:
        return Shortage(f"only {n_comparison} ordinary replies to compare with, of at least {least}")
    n_clusters = min(len(np.unique(exposures.cluster[side])) for side in (treated, ~treated))
    if n_clusters < settings.least_clusters:
        return Shortage(f"only {n_clusters} different customers on one side, of at least {settings.least_clusters}")
    if np.ptp(exposures.outcome) == 0:
        return Shortage(f"{exposures.outcome_name} was the same in every conversation")
    if not exposures.is_randomised and len(np.unique(exposures.agent[treated])) < 2:
        return Shortage("no two agents are known to have used it: agent and reply cannot be told apart")
    return None


def shortage_of_overlap(
    exposures: Exposures, scores: Scores, overlap: float, settings: EffectSettings
) -> Shortage | None:
    """What is missing once it is known how usual either reply was in each turn, if anything is."""
    if overlap < settings.least_overlap:
        return Shortage(f"only {overlap:.0%} of its uses have a comparable ordinary reply")
    n_kept = min(int((scores.is_kept & side).sum()) for side in (exposures.treated, ~exposures.treated))
    if n_kept < settings.least_rows:
        return Shortage(f"only {n_kept} rows of one side lie where either reply was usual")
    if np.ptp(exposures.outcome[scores.is_kept]) == 0:
        return Shortage(f"{exposures.outcome_name} was the same in every comparable conversation")
    return None


def overlap_of(exposures: Exposures, propensity: Floats, settings: EffectSettings) -> float:
    """Share of the treated rows that have a comparison row of like propensity and whose agent also sent ordinary ones.

    Like is what lies within a caliper of 0.2 standard deviations of the log odds (Austin, Optimal Caliper Widths for
    Propensity-Score Matching, 2011); trimmed rows have no like. Where chance chose, the agent does not matter.
    """
    treated = exposures.treated
    odds, inside = logit(propensity), is_usual(propensity, treated, settings.lowest_propensity)
    others = np.sort(odds[~treated & inside])
    if not len(others):
        return 0.0
    reach = max(settings.caliper * float(odds.std()), 1e-9)
    found = np.searchsorted(others, odds + reach, "right") > np.searchsorted(others, odds - reach, "left")
    return float((found & inside & _is_agent_comparable(exposures))[treated].mean())


def _is_agent_comparable(exposures: Exposures) -> Flags:
    if exposures.is_randomised:
        return np.ones(len(exposures), np.bool_)
    return np.isin(exposures.agent, exposures.agent[~exposures.treated])
