"""What came of training: a policy, and everything that speaks for or against it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from copilot.engine.policy import Calibration, Performance, Policy, ReplyWeights
from copilot.training.judging import Judged
from copilot.training.settings import RankerSettings
from eval.statistics.estimate import Estimate
from models.calibration.threshold import PrecisionThreshold


@dataclass(frozen=True)
class Curve:
    """The examination curve that was used, and whether the log measured it."""

    fitted_with: tuple[float, ...]
    judged_with: tuple[float, ...]
    source: str
    n_takings_swapped: int

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "source": self.source,
            "fitted_with": [round(one, 4) for one in self.fitted_with],
            "judged_with": [round(one, 4) for one in self.judged_with],
            "n_takings_swapped": self.n_takings_swapped,
        }


@dataclass(frozen=True)
class Threshold:
    """From which probability on replies are shown, why, and how that did in the last range."""

    value: float
    why: str
    promised: PrecisionThreshold | None = None
    precision: Estimate | None = None
    coverage: Estimate | None = None

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        promised = self.promised
        return {
            "value": self.value,
            "why": self.why,
            "promised": {"low": promised.low, "seen": promised.precision, "n": promised.n} if promised else None,
            "precision": self.precision.to_dict() if self.precision else None,
            "coverage": self.coverage.to_dict() if self.coverage else None,
        }


@dataclass(frozen=True)
class Trust:
    """How the probability of the first reply shown came true in the last range."""

    ece: Estimate
    brier: Estimate
    log_loss: Estimate

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {"ECE": self.ece.to_dict(), "Brier": self.brier.to_dict(), "log-loss": self.log_loss.to_dict()}


@dataclass(frozen=True)
class LearnedOrder:
    """What the log taught about the order, whether it won or not.

    Attributes:
        sharpness: How much more decided agents are than a softmax over the serving score.
        ridge: How firmly the weights were held near the serving ones; infinite where nothing else helped.
    """

    weights: ReplyWeights
    performance: Performance
    sharpness: float
    ridge: float
    examination: Curve
    metrics: Mapping[str, Judged]
    won: bool

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "won": self.won,
            "metrics": {name: one.to_dict() for name, one in self.metrics.items()},
            "weights": asdict(self.weights),
            "performance": asdict(self.performance),
            "sharpness": self.sharpness,
            "ridge": self.ridge if self.ridge < float("inf") else None,
            "examination": self.examination.to_dict(),
        }


@dataclass(frozen=True)
class LearnedTrust:
    """What the log taught about probabilities, whether it won or not.

    Attributes:
        families: The log loss of each family of maps on folds it had not seen.
        gain: How much log loss of the first reply the learned map saves in the last range.
        curve: Threshold, share of sets answered and share of these that were sent, in the last range.
    """

    calibration: Calibration
    family: str
    families: Mapping[str, float]
    before: Trust
    after: Trust
    gain: Estimate
    won: bool
    threshold: Threshold
    curve: tuple[tuple[float, float, float], ...]

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        names = ("threshold", "coverage", "precision")
        return {
            "won": self.won,
            "family": self.family,
            "families": dict(self.families),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "log_loss_gain": self.gain.to_dict(),
            "threshold": self.threshold.to_dict(),
            "coverage_precision": [dict(zip(names, point, strict=True)) for point in self.curve],
        }


@dataclass(frozen=True)
class TrainedRanker:
    """A learned policy: the serving one with the parts that won, or the serving one itself where none did."""

    policy: Policy
    serving: str
    source: str
    data_hash: str
    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    settings: RankerSettings
    order: LearnedOrder
    trust: LearnedTrust

    @property
    def beats_baseline(self) -> bool:
        """Whether any part won."""
        return self.order.won or self.trust.won

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON; the same log, policy and settings give the same."""
        return {
            "kind": "ranker",
            "beats_baseline": self.beats_baseline,
            "policy_version": self.policy.version,
            "baseline_version": self.serving,
            "data": {"source": self.source, "sha256": self.data_hash, **self.counts, "left_out": dict(self.left_out)},
            "settings": asdict(self.settings),
            "seed": self.settings.seed,
            "order": self.order.to_dict(),
            "calibration": self.trust.to_dict(),
        }
