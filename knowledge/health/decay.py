"""Scripts that used to work and do so no longer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, hypergeom

from knowledge.errors import InvalidValueError
from knowledge.health.rows import Tally, TwoWindows


@dataclass(frozen=True)
class Decayed:
    """A script whose rate fell; `q_value` bounds the share of false alarms among all that are reported with it.

    `shrunk` is the change after shrinkage towards the mean change of all scripts compared: what to expect of it, where
    few observations exaggerate.
    """

    script_id: str
    earlier: Tally
    recent: Tally
    p_value: float
    q_value: float
    shrunk: float

    @property
    def earlier_rate(self) -> float:
        return self.earlier.n_well / self.earlier.n

    @property
    def recent_rate(self) -> float:
        return self.recent.n_well / self.recent.n

    @property
    def change(self) -> float:
        """Negative, as it fell."""
        return self.recent_rate - self.earlier_rate


def decayed(
    windows: Sequence[TwoWindows], *, least_shown: int = 20, most_q: float = 0.1, least_fall: float = 0.05
) -> list[Decayed]:
    """The scripts that fell by at least so much after shrinkage, at a false discovery rate of `most_q`; worst first.

    Fisher's exact test for two proportions, against a fall only; Benjamini and Hochberg over all scripts that were
    shown at least `least_shown` times in both windows. Others are not tested.

    Raises:
        InvalidValueError: a tally has more successes than trials, or a number is out of range.
    """
    _check(windows, least_shown, most_q)
    tested = [one for one in windows if min(one.earlier.n, one.recent.n) >= least_shown]
    if not tested:
        return []
    p_values = [fall_p_value(one.earlier, one.recent) for one in tested]
    q_values = false_discovery_control(p_values, method="bh")
    found = [
        Decayed(one.script_id, one.earlier, one.recent, p, float(q), float(shrunk))
        for one, p, q, shrunk in zip(tested, p_values, q_values, _shrunk_changes(tested), strict=True)
    ]
    kept = [one for one in found if one.q_value <= most_q and one.shrunk <= -least_fall]
    return sorted(kept, key=lambda one: (one.shrunk, one.script_id))


def fall_p_value(earlier: Tally, recent: Tally) -> float:
    """The chance of so few recent successes or fewer if both windows had one rate, given their sum (Fisher, 1935)."""
    total, successes = earlier.n + recent.n, earlier.n_well + recent.n_well
    return min(1.0, float(hypergeom.cdf(recent.n_well, total, successes, recent.n)))


def _shrunk_changes(tested: Sequence[TwoWindows]) -> NDArray[np.float64]:
    """Each change drawn towards the mean of all, by as much as chance explains of it.

    The spread of true changes is the moment estimate of DerSimonian and Laird, 1986; a rate's variance is taken with
    one success and one failure added, so that 0 of 20 is not held to be certain. A single change stays as it is.
    """
    changes = np.array([one.recent.n_well / one.recent.n - one.earlier.n_well / one.earlier.n for one in tested])
    if len(changes) == 1:
        return changes
    variances = np.array([_variance(one.recent) + _variance(one.earlier) for one in tested])
    weights = 1 / variances
    mean = float(weights @ changes / weights.sum())
    spread = _true_variance(changes, weights, mean)
    pooled = 1 / (variances + spread)
    centre = float(pooled @ changes / pooled.sum())
    return np.asarray(centre + (changes - centre) * spread / (spread + variances), np.float64)


def _true_variance(changes: NDArray[np.float64], weights: NDArray[np.float64], mean: float) -> float:
    excess = float(weights @ (changes - mean) ** 2) - (len(changes) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    return max(0.0, excess / scale)


def _variance(tally: Tally) -> float:
    rate = (tally.n_well + 1) / (tally.n + 2)
    return rate * (1 - rate) / tally.n


def _check(windows: Sequence[TwoWindows], least_shown: int, most_q: float) -> None:
    if least_shown < 1:
        raise InvalidValueError("least_shown", least_shown, "1 or more")
    if not 0 < most_q < 1:
        raise InvalidValueError("most_q", most_q, "a number between 0 and 1")
    for one in windows:
        for name, tally in (("earlier", one.earlier), ("recent", one.recent)):
            if not 0 <= tally.n_well <= tally.n:
                raise InvalidValueError(f"{name} of {one.script_id}", tally, "no more successes than trials")
