"""Cross-fitted scores, whose mean is an effect that small errors of the models do not move.

With e the propensity, m1 and m0 what the candidate and the ordinary reply are expected to bring, t whether the
candidate was sent and y what came of it, a row has the weight (t - e)² and the score

    (t - e)² (m1 - m0) + (t - e) (y - m_t),

and the effect is the sum of scores over the sum of weights. This is the augmented inverse-propensity estimator of the
effect among the overlap population, h = e (1 - e) (Li, Morgan and Zaslavsky 2018; Li, Thomas and Li 2019), made
orthogonal to errors of e as well (Crump, Hotz, Imbens and Mitnik 2006): E (t - e)² = h. Where m1 - m0 is constant it is
Robinson's partially linear estimator as DoubleML has it (Chernozhukov et al. 2018). Turns in which agents could hardly
have chosen otherwise have next to no weight, instead of the enormous one that inverse propensities would give them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from eval.effects.exposures import Exposures, Flags, Floats
from eval.effects.predictions import Predictions, draw_folds, predict
from eval.effects.settings import EffectSettings


@dataclass(frozen=True, eq=False)
class Scores:
    """The two sides of the effect's sum, row by row, each of shape (n_rows,).

    Attributes:
        propensity: Chance of the candidate, by models that have not seen the row's cluster, or as it was drawn.
        weights: Zero for trimmed rows.
        with_candidate, without: Score of either reply; their difference is the score of the effect.
    """

    propensity: Floats
    weights: Floats
    with_candidate: Floats
    without: Floats

    @property
    def effects(self) -> Floats:
        """Score of the difference."""
        return self.with_candidate - self.without

    @property
    def is_kept(self) -> Flags:
        """Whether the row was not trimmed."""
        return np.asarray(self.weights > 0)


def score(exposures: Exposures, settings: EffectSettings, rng: np.random.Generator) -> Scores:
    """The scores of every row; there must be enough rows and clusters on both sides, see `eval.effects.support`."""
    folds = draw_folds(exposures, settings.n_folds, rng)
    predicted = predict(exposures, folds, settings.penalties)
    return _scores(exposures, predicted, settings.lowest_propensity)


def is_usual(propensity: Floats, treated: Flags, lowest: float) -> Flags:
    """Whether either reply may well have been sent: a propensity from `lowest` to one less that, were half treated.

    The share of treated rows does not matter: against very many ordinary replies every candidate is rare.
    """
    if lowest == 0:
        return np.ones(len(propensity), np.bool_)
    return np.asarray(np.abs(logit(propensity) - logit(treated.mean())) <= logit(1 - lowest))


def _scores(exposures: Exposures, predicted: Predictions, lowest: float) -> Scores:
    propensity, with_candidate, without = predicted.propensity, predicted.with_candidate, predicted.without
    kept = is_usual(propensity, exposures.treated, lowest)
    treated, outcome = exposures.treated, exposures.outcome
    weights = np.where(kept, (treated - propensity) ** 2, 0.0)
    of_treated = np.where(kept & treated, 1 - propensity, 0.0)
    of_others = np.where(kept & ~treated, propensity, 0.0)
    return Scores(
        propensity=propensity,
        weights=weights,
        with_candidate=weights * with_candidate + of_treated * (outcome - with_candidate),
        without=weights * without + of_others * (outcome - without),
    )
