"""The probability of the first reply, which decides whether anything is shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.engine.policy import Calibration, ReplyWeights
from copilot.training.log import DecisionLog
from copilot.training.outcome import Threshold, Trust
from eval.metrics.calibration import brier, calibration_gaps
from eval.metrics.classification import coverage_precision
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import gap_estimate
from models.calibration.choosing import ChosenMap, as_numbers, choose_map, log_loss
from models.calibration.maps import Logistic
from models.calibration.threshold import threshold_for
from models.rankers.slates import Floats

KEPT_SHARE = 0.01
"""Of the replies shown so far, so many may fall below a threshold that is to show as much as before."""
LEAST_THRESHOLD = 0.001
"""A probability of nothing is never shown."""
N_POINTS = 10


@dataclass(frozen=True, eq=False)
class FirstReplies:
    """The reply that stood first in each set: its score, whether it was sent, and the conversation."""

    scores: Floats
    sent: NDArray[np.bool_]
    groups: NDArray[np.intp]

    @classmethod
    def of(cls, log: DecisionLog, weights: ReplyWeights) -> "FirstReplies":
        """Those of a log, scored by some weights; no place stands in front of them that could have hidden them."""
        starts = log.slates.starts
        return cls(log.scores(weights)[starts], log.slates.taken[starts], log.groups)

    def probabilities(self, calibration: Calibration) -> Floats:
        """As a policy would state them."""
        return np.array([calibration.probability(score) for score in self.scores.tolist()])


def fitted_calibration(
    first: FirstReplies, rng: np.random.Generator, base: Calibration
) -> tuple[Calibration, ChosenMap]:
    """The calibration that foretells best, as a policy holds it; `base` keeps its slope where knots take its place."""
    chosen = choose_map(first.scores, first.sent, first.groups, rng)
    numbers = as_numbers(chosen.map, first.scores)
    if isinstance(numbers, Logistic):
        return Calibration(round(numbers.slope, 6), round(numbers.midpoint, 6)), chosen
    scores, probabilities = (np.round(one, 6) for one in (numbers.scores, numbers.probabilities))
    kept = np.append(np.diff(scores) > 0, True)
    calibration = Calibration(
        base.slope, base.midpoint, tuple(scores[kept].tolist()), tuple(probabilities[kept].tolist())
    )
    return calibration, chosen


def trust(first: FirstReplies, calibration: Calibration, rng: np.random.Generator) -> Trust:
    """How far the stated probabilities came true."""
    stated = first.probabilities(calibration)
    gaps = calibration_gaps(stated, first.sent)
    return Trust(
        ece=gap_estimate(gaps, first.groups, rng),
        brier=mean_estimate(brier(stated, first.sent), first.groups, rng, limits=(0.0, 1.0)),
        log_loss=mean_estimate(log_loss(stated, first.sent), first.groups, rng),
    )


def log_loss_gain(
    before: FirstReplies, stated_before: Calibration, after: FirstReplies, stated_after: Calibration,
    rng: np.random.Generator,
) -> Estimate:  # fmt: skip
    """How much log loss is saved, set by set."""
    lost = log_loss(before.probabilities(stated_before), before.sent)
    return mean_estimate(lost - log_loss(after.probabilities(stated_after), after.sent), before.groups, rng)


def precise_threshold(
    seen: FirstReplies, later: FirstReplies, calibration: Calibration, wished: float, rng: np.random.Generator
) -> Threshold | None:
    """The threshold for a wished precision, and how it did later; None where no threshold surely reaches it."""
    found = threshold_for(seen.probabilities(calibration), seen.sent, wished, seen.groups)
    if found is None:
        return None
    value = _down(found.threshold)
    shown = later.probabilities(calibration) >= value
    coverage = mean_estimate(shown.astype(np.float64), later.groups, rng, limits=(0.0, 1.0))
    precision = None
    if shown.any():
        precision = mean_estimate(later.sent[shown].astype(float), later.groups[shown], rng, limits=(0.0, 1.0))
    return Threshold(value, f"precision of at least {wished:g}", found, precision, coverage)


def same_threshold(
    threshold: float, before: Calibration, after: Calibration, shown: Floats, *, is_same_score: bool
) -> Threshold:
    """The threshold that shows as much as before, where `shown` are the scores of what was shown."""
    if is_same_score:
        score = _score_at(before.probability, threshold, float(shown.min()) - 10.0, float(shown.max()))
    else:
        score = float(np.quantile(shown, KEPT_SHARE))
    return Threshold(max(LEAST_THRESHOLD, _down(after.probability(score))), "shows as much as before")


def coverage_points(first: FirstReplies, calibration: Calibration) -> tuple[tuple[float, float, float], ...]:
    """Threshold, coverage and precision at each tenth of coverage."""
    curve = coverage_precision(first.probabilities(calibration), first.sent)
    steps = np.arange(1, N_POINTS + 1) / N_POINTS
    places = np.unique(np.minimum(np.searchsorted(curve.coverage, steps - 1e-12), len(curve.coverage) - 1))
    columns = (curve.thresholds[places], curve.coverage[places], curve.precision[places])
    return tuple(zip(*(column.tolist() for column in columns), strict=True))


def _score_at(probability: Callable[[float], float], wished: float, low: float, high: float) -> float:
    """The least score, to one part in a billion, whose probability reaches what is wished."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if probability(middle) >= wished else (middle, high)
    return high


def _down(probability: float) -> float:
    """Rounded so that nothing on the threshold falls below it."""
    return float(np.floor(probability * 1e4) / 1e4)
