"""An additive ranker: one weight a feature, learned from takings, held near what was believed before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from models.rankers.errors import RankerError
from models.rankers.listwise import loss_and_slope, losses
from models.rankers.slates import Floats, Slates

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Of the ridge, tried on later lists."""
VALIDATED_SHARE = 0.25
FEWEST_VALIDATED = 20
FLOOR_SHARE = 0.01
"""A weight stays above a hundredth of what it was: a feature never counts against, and a log that keeps contributions
keeps telling its value."""
_SHARPNESS = (0.05, 20.0)
_NO_SPREAD = 1e-9


@dataclass(frozen=True, eq=False)
class AdditiveFit:
    """Learned weights on the scale of the prior ones.

    Attributes:
        sharpness: How much more decided those who took are than a softmax over the prior score; the weights are
            divided by it, so that scores stay comparable.
        strength: Of the ridge; infinite where nothing but the prior was found to help.
    """

    weights: Floats
    sharpness: float
    strength: float


def fit_additive(
    slates: Slates, counts: Floats, prior: Floats, *, strength: float, floor_share: float = FLOOR_SHARE
) -> AdditiveFit:
    """The weights that explain best what was taken, under a ridge towards the prior weights.

    Minimises Σ counts · loss + strength / 2 · Σ (spread · (weight - sharpness · prior))², where spread is how much a
    feature differs within a list; `counts` (n_rows,) are scaled to a mean of one over what was taken. A feature that
    never differs, or whose prior weight is zero, keeps its weight.

    Raises:
        RankerError: nothing was taken, the prior does not match the features, or the strength is not positive.
    """
    _check(slates, prior, strength)
    counts = _scaled(slates, counts)
    sharpness = _sharpness(slates, counts, prior)
    spread = slates.within_spread()
    moving = (spread > _NO_SPREAD) & (prior != 0.0)
    centre = sharpness * prior
    if not np.isfinite(strength) or not moving.any():
        return AdditiveFit(prior.copy(), sharpness, strength)

    def penalised(moved: Floats) -> tuple[float, Floats]:
        weights = centre.copy()
        weights[moving] = moved
        loss, slope = loss_and_slope(slates, weights, counts)
        away = spread[moving] * (moved - centre[moving])
        return loss + strength / 2 * float(away @ away), slope[moving] + strength * spread[moving] * away

    lowest = np.where(centre > 0, floor_share * centre, -np.inf)[moving]
    found = minimize(
        penalised,
        centre[moving],
        jac=True,
        method="L-BFGS-B",
        bounds=[(low, None) for low in lowest.tolist()],
        options={"maxiter": 500},
    )
    weights = prior.copy()
    weights[moving] = found.x / sharpness
    return AdditiveFit(weights, sharpness, strength)


def fit_additive_by_time(
    slates: Slates,
    counts: Floats,
    prior: Floats,
    groups: NDArray[np.intp],
    *,
    strengths: Sequence[float] = STRENGTHS,
    floor_share: float = FLOOR_SHARE,
) -> AdditiveFit:
    """As `fit_additive`, with the strength that earlier lists teach for later ones.

    The last quarter of the lists judges; one whose group (n,), a conversation or customer, is among the earlier is
    left out. The strongest ridge wins whose loss is within one standard error of the least, the prior itself included:
    what is not clearly better is not worth a change.

    Raises:
        RankerError: as for `fit_additive`.
    """
    _check(slates, prior, 1.0)
    late = np.arange(slates.n) >= slates.n - round(VALIDATED_SHARE * slates.n)
    judging = late & ~np.isin(groups, groups[~late])
    earlier, later = slates.only(~late), slates.only(judging)
    if later.taken.sum() < FEWEST_VALIDATED or not earlier.taken.any():
        return fit_additive(slates, counts, prior, strength=max(strengths), floor_share=floor_share)
    counts_before, counts_after = counts[(~late)[slates.slate]], counts[judging[slates.slate]]
    tried = [*sorted(strengths), np.inf]
    columns = []
    for strength in tried:
        fit = fit_additive(earlier, counts_before, prior, strength=strength, floor_share=floor_share)
        columns.append(losses(later, fit.sharpness * fit.weights, counts_after))
    chosen = tried[_most_cautious(np.column_stack(columns))]
    return fit_additive(slates, counts, prior, strength=chosen, floor_share=floor_share)


def _most_cautious(table: Floats) -> int:
    """The last column that is not worse than the best by more than one standard error of their difference."""
    best = int(np.argmin(table.mean(axis=0)))
    for column in range(table.shape[1] - 1, best, -1):
        worse = table[:, column] - table[:, best]
        if worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)):
            return column
    return best


def _sharpness(slates: Slates, counts: Floats, prior: Floats) -> float:
    """The factor of the prior score that explains takings best."""
    scores = (slates.features @ prior)[:, np.newaxis]
    line = Slates(scores, slates.slate, slates.taken)
    low, high = np.log(_SHARPNESS)
    found = minimize_scalar(
        lambda log_factor: loss_and_slope(line, np.array([np.exp(log_factor)]), counts)[0],
        bounds=(low, high),
        method="bounded",
    )
    return float(np.exp(found.x))


def _scaled(slates: Slates, counts: Floats) -> Floats:
    return np.asarray(counts / counts[slates.taken].mean(), np.float64)


def _check(slates: Slates, prior: Floats, strength: float) -> None:
    if not slates.taken.any():
        raise RankerError("nothing was taken of the lists shown; expected at least one taking")
    if prior.shape != (slates.features.shape[1],):
        raise RankerError(f"{prior.shape} prior weights for {slates.features.shape[1]} features; expected one each")
    if not strength > 0:
        raise RankerError(f"a ridge of strength {strength}; expected more than zero")
