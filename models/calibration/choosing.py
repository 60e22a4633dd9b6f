"""Which family of maps foretells best what it has not seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.calibration.errors import CalibrationError
from models.calibration.fitting import checked, fit_beta, fit_isotonic, fit_logistic
from models.calibration.maps import Floats, Knots, Logistic, ScoreMap, tabulated

FAMILIES: Mapping[str, Callable[[ArrayLike, ArrayLike], ScoreMap]] = {
    "logistic": fit_logistic,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}
"""The plainest first: it wins where another is not better."""
N_FOLDS = 5
N_KNOTS = 65
NEVER = 1e-12


@dataclass(frozen=True, eq=False)
class ChosenMap:
    """The map of the best family, learned from everything, and the mean log loss of each family on unseen folds."""

    family: str
    map: ScoreMap
    log_losses: Mapping[str, float]


def log_loss(probabilities: Floats, labels: ArrayLike) -> Floats:
    """Minus the log of the probability given to what happened, one number each."""
    kept = np.clip(probabilities, NEVER, 1 - NEVER)
    return np.asarray(-np.log(np.where(np.asarray(labels, np.bool_), kept, 1 - kept)), np.float64)


def choose_map(scores: ArrayLike, labels: ArrayLike, groups: NDArray[np.intp], rng: np.random.Generator) -> ChosenMap:
    """The family with the least cross-fitted log loss; rows of one group (n,) are always in one fold.

    Raises:
        CalibrationError: as for `fit_logistic`, or all labels are alike, or there are fewer than two groups.
    """
    values, right = checked(scores, labels)
    if right.all() or not right.any():
        raise CalibrationError(f"{len(right)} labels that are all {int(right[0])}; expected both 0 and 1")
    folds = _folds(groups, rng)
    losses = {
        name: float(log_loss(cross_fitted(fit, values, right, folds), right).mean()) for name, fit in FAMILIES.items()
    }
    family = min(losses, key=lambda name: losses[name])
    return ChosenMap(family, FAMILIES[family](values, right), losses)


def cross_fitted(
    fit: Callable[[ArrayLike, ArrayLike], ScoreMap], scores: Floats, labels: NDArray[np.bool_], folds: NDArray[np.intp]
) -> Floats:
    """The probability of each row by a map that has not seen its fold."""
    found = np.empty(len(scores))
    for fold in np.unique(folds):
        own = folds == fold
        found[own] = fit(scores[~own], labels[~own]).probability(scores[own])
    return found


def as_numbers(found: ScoreMap, scores: ArrayLike) -> Logistic | Knots:
    """The map as plain numbers: a logistic one as it is, another as knots that reach from `scores` down to nothing.

    What scores below everything seen was never shown, so that nobody knows how it fares: from the lowest score down
    the probability falls to 0 within the spread of the scores, rather than staying level for ever.
    """
    if isinstance(found, Logistic):
        return found
    seen = np.asarray(scores, np.float64)
    knots = found if isinstance(found, Knots) else tabulated(found, float(seen.min()), float(seen.max()), N_KNOTS)
    below = float(knots.scores[0] - (seen.std() or 1.0))
    return Knots(np.concatenate([[below], knots.scores]), np.concatenate([[0.0], knots.probabilities]))


def _folds(groups: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    known, members = np.unique(groups, return_inverse=True)
    if len(known) < 2:
        raise CalibrationError(
            f"{len(known)} groups of rows; expected at least two, to learn from one and judge on another"
        )
    n_folds = min(N_FOLDS, len(known))
    return np.asarray(rng.permutation(np.arange(len(known)) % n_folds)[members], np.intp)
