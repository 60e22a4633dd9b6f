"""What each kind costs: recall of the messages as they are beside that of the same messages written differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.bootstrap import mean_estimates
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import weighted_estimates


@dataclass(frozen=True)
class Loss:
    """One metric over messages that are compared with themselves.

    `lost` is the difference plain - perturbed; `lost_share` is that as a share of what was found before, and there is
    none where nothing was.
    """

    plain: Estimate
    perturbed: Estimate
    lost: Estimate
    lost_share: Estimate | None

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "plain": self.plain.to_dict(),
            "perturbed": self.perturbed.to_dict(),
            "lost": self.lost.to_dict(),
            "lost_share": self.lost_share.to_dict() if self.lost_share else None,
        }


@dataclass(frozen=True)
class Outcome:
    """One message in the way of one kind; `plain` and `perturbed` hold a value for each metric."""

    kind: str
    message: str
    cluster: str
    n_characters: int
    plain: Mapping[str, float]
    perturbed: Mapping[str, float]


def losses(outcomes: Sequence[Outcome], rng: np.random.Generator) -> dict[str, Loss]:
    """The loss of each metric, with 95 % intervals that resample whole clusters, both sides together.

    Raises:
        NothingMeasuredError: there are no outcomes.
        EvalError: outcomes differ in their metrics.
    """
    if not outcomes:
        raise NothingMeasuredError("no message could be written differently")
    metrics = list(outcomes[0].plain)
    for one in outcomes:
        if list(one.plain) != metrics or list(one.perturbed) != metrics:
            raise EvalError(f"message {one.message!r} has metrics {list(one.perturbed)}; expected {metrics}")
    clusters = np.array([one.cluster for one in outcomes])
    return {metric: _loss(metric, outcomes, clusters, rng) for metric in metrics}


def _loss(metric: str, outcomes: Sequence[Outcome], clusters: NDArray[np.str_], rng: np.random.Generator) -> Loss:
    plain = np.array([one.plain[metric] for one in outcomes])
    perturbed = np.array([one.perturbed[metric] for one in outcomes])
    columns = np.column_stack([plain, perturbed, plain - perturbed])
    share = float(plain.mean())
    limits = [(0.0, 1.0), (0.0, 1.0), (share - 1.0, share)]
    first, second, third = mean_estimates(columns, clusters, rng, limits=limits)
    if third.mean == 0 and not columns[:, 2].any():
        return Loss(first, second, third, _nothing_lost(first, third))
    return Loss(first, second, third, _lost_share(plain, perturbed, clusters, rng))


def _nothing_lost(plain: Estimate, lost: Estimate) -> Estimate | None:
    """Where no message shows a loss, resampling shows none either: what may have gone unseen, as a share."""
    return Estimate(0.0, lost.low / plain.mean, lost.high / plain.mean, plain.n) if plain.mean else None


def _lost_share(
    plain: NDArray[np.float64], perturbed: NDArray[np.float64], clusters: NDArray[np.str_], rng: np.random.Generator
) -> Estimate | None:
    """1 - perturbed / plain, a ratio of sums."""

    def shares(weights: NDArray[np.intp]) -> NDArray[np.float64]:
        found = weights @ plain
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(found > 0, 1 - (weights @ perturbed) / found, np.nan)
        return np.asarray(share[:, np.newaxis], np.float64)

    return weighted_estimates(shares, clusters, rng)[0]
