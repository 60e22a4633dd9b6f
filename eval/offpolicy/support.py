"""Whether a log can answer a question about another policy, judged by its importance weights.

With the right propensities the weights have mean 1. Few rounds with large weights, or probability of the target where
the logging policy never went, leave nothing to estimate from; then there is no value, only a reason.
"""

import math
from dataclasses import dataclass

import numpy as np

from eval.datasets.decisions import Decisions, Floats
from eval.errors import SupportError
from eval.offpolicy.terms import UNLISTED_SHARE, decision_rewards
from eval.statistics.estimate import Estimate

Z_95 = 1.959964
Z_REFUSAL = 3.290527
"""The normal quantile of 99.9 %: at 95 %, one good log in twenty would be refused."""
TOP_SHARE = 0.01


@dataclass(frozen=True)
class WeightDiagnostics:
    """The importance weights of one estimate; for lists, at the place where they say least."""

    n: int
    effective_n: float
    """(Σ w)² / Σ w²: rounds of the target policy that would say as much (Kong 1992)."""
    largest: float
    top_share: float
    """The share of all weight that the largest hundredth of the weights holds."""
    mean: Estimate
    overlap: float | None
    """The share of the target's probability on candidates the logging policy could show; nothing when unlisted."""

    def to_dict(self) -> dict[str, object]:
        """As every command prints it."""
        return {
            "n": self.n,
            "effective_n": self.effective_n,
            "largest": self.largest,
            "top_share": self.top_share,
            "mean": self.mean.to_dict(),
            "overlap": self.overlap,
        }


@dataclass(frozen=True)
class Floor:
    """What a log must have, at the least, to be answered from."""

    effective_n: float = 100.0
    overlap: float = 0.999
    n_clusters: int = 30
    n_events: int = 10
    """Rounds whose reward differs from the commonest; a click rate from fewer clicks has no honest interval."""

    def check_log(self, decisions: Decisions) -> None:
        """Refuse a log that cannot judge any policy.

        Raises:
            SupportError: too few clusters, or too few rounds that brought anything out of the ordinary.
        """
        if decisions.n_clusters < self.n_clusters:
            raise SupportError(f"{decisions.n_clusters} independent clusters; expected at least {self.n_clusters}")
        n_events = decisions.n_rounds - int(np.unique(decision_rewards(decisions), return_counts=True)[1].max())
        if n_events < self.n_events:
            raise SupportError(
                f"{n_events} rounds of {decisions.n_rounds} whose reward differs from the commonest; "
                f"expected at least {self.n_events}"
            )

    def check_weights(self, weights: Floats, decisions: Decisions, overlap: float | None) -> WeightDiagnostics:
        """The diagnostics of an estimate's weights, shape (n_rounds, n_weights), when they are good enough.

        Raises:
            SupportError: part of the target is out of reach, the effective sample is too small, or the mean weight is
                not 1.
        """
        columns = [_diagnose(column, decisions, overlap) for column in weights.T]
        found = min(columns, key=lambda one: one.effective_n)
        if overlap is not None and overlap < self.overlap:
            raise SupportError(
                f"only {overlap:.2%} of the target's probability is on candidates that the logging policy could show; "
                f"expected at least {self.overlap:.1%}"
            )
        for one in columns:
            reach = (one.mean.high - one.mean.mean) * Z_REFUSAL / Z_95
            if abs(one.mean.mean - 1) > max(reach, 1e-9):
                low, high = one.mean.mean - reach, one.mean.mean + reach
                raise SupportError(
                    f"the mean weight is {one.mean.mean:.3f} (99.9 % interval {low:.3f} to {high:.3f}); expected 1: "
                    "the propensities are wrong, or the target shows what the logging policy cannot"
                )
        if found.effective_n < self.effective_n:
            raise SupportError(
                f"{found.n} rounds are worth {found.effective_n:.0f} of the target policy; expected at least "
                f"{self.effective_n:.0f}"
            )
        return found


def overlap(decisions: Decisions, column: str) -> float | None:
    """The mean share of the target's probability on candidates with a chance to be shown; nothing when unlisted.

    A position that lists one candidate only is taken as unlisted, unless the logging policy had no choice there.
    """
    target, logging = decisions.probability(f"target_{column}"), decisions.probability(column)
    n_listed = np.bincount(decisions.groups)
    reached = np.bincount(decisions.groups, weights=np.where(logging > 0, target, 0.0))
    certain = np.bincount(decisions.groups, weights=logging) > 1 - UNLISTED_SHARE
    known = (n_listed > 1) | certain
    return float(np.minimum(reached[known], 1).mean()) if known.all() else None


def _diagnose(column: Floats, decisions: Decisions, overlap: float | None) -> WeightDiagnostics:
    there = ~np.isnan(column)
    weights = column[there]
    total = float(weights.sum())
    largest = np.sort(weights)[::-1][: math.ceil(TOP_SHARE * len(weights))]
    return WeightDiagnostics(
        n=len(weights),
        effective_n=total**2 / float((weights**2).sum()) if total else 0.0,
        largest=float(weights.max()),
        top_share=float(largest.sum()) / total if total else 0.0,
        mean=_mean(weights, decisions.clusters[there]),
        overlap=overlap,
    )


def _mean(values: Floats, clusters: np.ndarray) -> Estimate:
    """The mean of values whose clusters are independent, with the normal interval of a ratio of cluster sums."""
    mean = float(values.mean())
    sums = np.bincount(clusters, weights=values - mean)
    n_clusters = len(np.unique(clusters))
    error = math.sqrt(float((sums**2).sum()) * n_clusters / max(n_clusters - 1, 1)) / len(values)
    return Estimate(mean, mean - Z_95 * error, mean + Z_95 * error, n_clusters)
