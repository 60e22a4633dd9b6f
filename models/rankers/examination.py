"""How likely each place of a list is to be looked at, from lists in which neighbours changed places.

Where the same item could have stood at either of two places, and chance decided, what it is worth cancels out: the
takings at one place over those at the other, each divided by the probability of standing there, are the ratio of
examination (intervention harvesting: Agarwal et al., Estimating Position Bias without Intrusive Interventions, 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.rankers.errors import RankerError
from models.rankers.slates import Floats

LEAST = 0.1
"""No place counts as looked at less than this, so that no taking counts for more than ten."""
PRIOR_SPREAD = 0.35
"""How far, in logarithms, the ratio of two neighbouring places is thought to lie from the curve believed before."""


@dataclass(frozen=True, eq=False)
class Examination:
    """The ratios of neighbouring places, in logarithms, with their standard errors; shape (n_places - 1,) each."""

    log_ratios: Floats
    errors: Floats
    n_takings: NDArray[np.intp]
    """The takings at places that chance decided, which each ratio rests on besides what was believed before."""

    @property
    def curve(self) -> Floats:
        """How likely each place is to be looked at, the first being 1; from `LEAST` to 1."""
        return _curve(self.log_ratios)

    @property
    def is_measured(self) -> bool:
        """Whether any ratio rests on a log rather than on belief alone."""
        return bool(self.n_takings.any())

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Curves as likely as the log leaves them, shape (n, n_places)."""
        ratios = self.log_ratios + self.errors * rng.standard_normal((n, len(self.log_ratios)))
        return _curve(ratios)


def default_curve(n_places: int) -> Floats:
    """What is believed without a log: one over the root of the place, for short lists seen at one glance."""
    return np.asarray(1.0 / np.sqrt(np.arange(1, n_places + 1)), np.float64)


def known_examination(curve: Sequence[float]) -> Examination:
    """A curve that needs no log, taken for certain.

    Raises:
        RankerError: a value is not above 0, or the first is not 1.
    """
    values = np.asarray(curve, np.float64)
    if values.ndim != 1 or not len(values) or not (values > 0).all() or values[0] != 1:
        raise RankerError(f"examination {values.tolist()}; expected numbers above 0 for each place, the first being 1")
    nothing = np.zeros(len(values) - 1)
    return Examination(np.diff(np.log(values)), nothing, nothing.astype(np.intp))


def estimate_examination(
    places: NDArray[np.intp],
    taken: NDArray[np.bool_],
    propensities: Floats,
    believed: Floats,
    *,
    spread: float = PRIOR_SPREAD,
) -> Examination:
    """The examination curve from shown rows: where each stood, whether it was taken, and where it could have stood.

    `propensities` (n_rows, n_places) are the probabilities of each item at each place; `believed` (n_places,) is the
    curve before the log. Both are weighed by their precision, as normal distributions of the logarithm of each ratio.

    Raises:
        RankerError: shapes differ, or a row stood where its propensity is not above zero.
    """
    n_places = len(believed)
    if propensities.shape != (len(places), n_places) or len(taken) != len(places):
        raise RankerError(f"propensities of shape {propensities.shape}; expected ({len(places)}, {n_places})")
    if len(places) and not (propensities[np.arange(len(places)), places] > 0).all():
        raise RankerError("a row stood where its propensity is zero; expected more than zero")
    ratios, errors, counts = [], [], []
    for place in range(n_places - 1):
        sums = [_takings(places, taken, propensities, place, at) for at in (place, place + 1)]
        prior = float(np.log(believed[place + 1] / believed[place]))
        ratio, error = _weighed(sums, prior, spread)
        ratios.append(ratio)
        errors.append(error)
        counts.append(sum(one.n for one in sums))
    return Examination(np.array(ratios), np.array(errors), np.array(counts, np.intp))


@dataclass(frozen=True)
class _Takings:
    """Takings at one place, each over its propensity: their sum and the variance of its logarithm."""

    n: int
    total: float
    variance: float


def _takings(places: NDArray[np.intp], taken: NDArray[np.bool_], propensities: Floats, upper: int, at: int) -> _Takings:
    movable = (propensities[:, upper] > 0) & (propensities[:, upper + 1] > 0)
    counted = 1.0 / propensities[movable & (places == at) & taken, at]
    total = float(counted.sum())
    return _Takings(len(counted), total, float((counted**2).sum()) / total**2 if total else np.inf)


def _weighed(sums: Sequence[_Takings], prior: float, spread: float) -> tuple[float, float]:
    """The logarithm of a ratio and its standard error, from the log and from belief."""
    upper, lower = sums
    belief = 1.0 / spread**2
    if not upper.n or not lower.n:
        return prior, spread
    seen = 1.0 / (upper.variance + lower.variance)
    ratio = (seen * float(np.log(lower.total / upper.total)) + belief * prior) / (seen + belief)
    return ratio, float(np.sqrt(1.0 / (seen + belief)))


def _curve(log_ratios: Floats) -> Floats:
    start = np.zeros((*log_ratios.shape[:-1], 1))
    curve = np.exp(np.cumsum(np.concatenate([start, log_ratios], axis=-1), axis=-1))
    return np.asarray(np.clip(curve, LEAST, 1.0), np.float64)
