"""One log, many estimators: what the target policy would have earned, or why that cannot be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.datasets.decisions import Decisions
from eval.errors import SupportError
from eval.offpolicy.estimators import (
    Clipped,
    DirectMethod,
    DoublyRobust,
    Estimator,
    InversePropensity,
    SelfNormalised,
    SelfNormalisedDR,
    SwitchDR,
)
from eval.offpolicy.intervals import (
    Bounds,
    bootstrap,
    cluster_totals,
    empirical_bernstein,
    logged_value,
    policy_value,
    relative_value,
)
from eval.offpolicy.reward_models import draw_folds
from eval.offpolicy.slates import CascadeDR, IndependentIPS, RewardInteractionIPS, SlateIPS
from eval.offpolicy.support import Floor, WeightDiagnostics, overlap
from eval.offpolicy.terms import Terms
from eval.statistics.estimate import Estimate

BY_WEIGHT: tuple[Estimator, ...] = (InversePropensity(), SelfNormalised(), Clipped())
BY_MODEL: tuple[Estimator, ...] = (DirectMethod(), DoublyRobust(), SelfNormalisedDR(), SwitchDR())
"""These need the candidates that were not shown."""
OF_DECISIONS = (*BY_WEIGHT, *BY_MODEL)
OF_SLATES: tuple[Estimator, ...] = (IndependentIPS(), RewardInteractionIPS(), SlateIPS(), CascadeDR())
FLOOR = Floor()
ESTIMATORS: Mapping[str, Estimator] = {estimator.name: estimator for estimator in (*OF_DECISIONS, *OF_SLATES)}


@dataclass(frozen=True)
class PolicyEstimate:
    """What one estimator says of the target policy, per round."""

    estimator: str
    value: Estimate
    bernstein: Estimate | None
    """The same with the empirical Bernstein interval, where one can be had."""
    relative: Estimate | None
    """The value over what the logging policy earned itself; nothing where that may be zero."""
    weights: WeightDiagnostics

    def to_dict(self) -> dict[str, object]:
        """As every command prints it."""
        return {
            "estimator": self.estimator,
            "value": self.value.to_dict(),
            "bernstein": self.bernstein.to_dict() if self.bernstein else None,
            "relative": self.relative.to_dict() if self.relative else None,
            "weights": self.weights.to_dict(),
        }


@dataclass(frozen=True)
class OpeReport:
    """The answers about one target policy; `refused` says why an estimator gives none."""

    source: str
    data_hash: str
    n_rounds: int
    n_clusters: int
    logged: Estimate
    estimates: tuple[PolicyEstimate, ...]
    refused: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """As `--json` prints it."""
        return {
            "data": self.source,
            "data_hash": self.data_hash,
            "n_rounds": self.n_rounds,
            "n_clusters": self.n_clusters,
            "logged": self.logged.to_dict(),
            "estimates": [one.to_dict() for one in self.estimates],
            "refused": dict(self.refused),
        }

    def table(self) -> str:
        """A Markdown table of the answers, and a line for every refusal."""
        head = (
            "| estimator | value per round | empirical Bernstein | relative to logging "
            "| effective n | largest weight | top 1 % | mean weight |"
        )
        lines = [
            f"{self.n_rounds} rounds, {self.n_clusters} clusters; the logging policy earned {_interval(self.logged)}.",
            "",
            head,
            "|---|---|---|---|---:|---:|---:|---|",
            *(_row(one) for one in self.estimates),
        ]
        refusals = [f"No answer from {reason}" for reason in _by_reason(self.refused)]
        return "\n".join([*lines, *([""] if refusals else []), *refusals])


def evaluate_offpolicy(
    decisions: Decisions,
    estimators: Sequence[Estimator],
    rng: np.random.Generator,
    *,
    floor: Floor = FLOOR,
    bounds: Bounds | None = None,
) -> OpeReport:
    """What the target policy of a log would have earned, by each estimator, and where the log cannot say.

    Without `bounds`, rewards that are all 0 or 1 are taken to range from 0 to 1 and nothing is known of the weights.

    Raises:
        DataError: a column is missing that an estimator needs.
        SupportError: the log can answer none of the estimators.
    """
    floor.check_log(decisions)
    answers, refused = _ask(decisions, estimators, rng, floor)
    if not answers:
        raise SupportError("; ".join(_by_reason(refused)))
    known = bounds or _binary_bounds(decisions)
    tables = [cluster_totals(one.terms, decisions) for one in answers]
    found = bootstrap(tables, (policy_value, relative_value, logged_value), rng)
    logged = found[0][2]
    may_be_zero = logged.low <= 0 <= logged.high
    return OpeReport(
        source=decisions.source,
        data_hash=decisions.data_hash,
        n_rounds=decisions.n_rounds,
        n_clusters=decisions.n_clusters,
        logged=logged,
        estimates=tuple(
            PolicyEstimate(
                estimator=one.estimator,
                value=value,
                bernstein=empirical_bernstein(one.terms, decisions, known) if known else None,
                relative=None if may_be_zero else relative,
                weights=one.weights,
            )
            for one, (value, relative, _) in zip(answers, found, strict=True)
        ),
        refused=refused,
    )


def applicable(decisions: Decisions) -> tuple[Estimator, ...]:
    """The estimators that a log has the columns for."""
    if decisions.n_places == 1:
        return OF_DECISIONS if decisions.candidates_listed else BY_WEIGHT
    conditional = decisions.has("conditional_propensity", "target_conditional_propensity")
    slate = conditional or decisions.has("slate_propensity", "target_slate_propensity")
    found = {"iips": True, "rips": conditional, "sips": slate}
    found["cascade-dr"] = conditional and decisions.candidates_listed
    return tuple(one for one in OF_SLATES if found[one.name])


@dataclass(frozen=True, eq=False)
class _Answer:
    """What an estimator made of a log that supports it."""

    estimator: str
    terms: Terms
    weights: WeightDiagnostics


def _ask(
    decisions: Decisions, estimators: Sequence[Estimator], rng: np.random.Generator, floor: Floor
) -> tuple[list[_Answer], dict[str, str]]:
    """The answers, and for each estimator that has none the reason."""
    folds = draw_folds(decisions, rng)
    share = _overlap(decisions)
    answers: list[_Answer] = []
    refused: dict[str, str] = {}
    for estimator in estimators:
        try:
            terms = estimator.terms(decisions, folds)
            answers.append(_Answer(estimator.name, terms, floor.check_weights(terms.weights, decisions, share)))
        except SupportError as error:
            refused[estimator.name] = str(error)
    return answers, refused


def _by_reason(refused: Mapping[str, str]) -> list[str]:
    """Each reason once, after the names of those who gave it."""
    reasons = dict.fromkeys(refused.values())
    return [f"{', '.join(name for name in refused if refused[name] == reason)}: {reason}" for reason in reasons]


def _overlap(decisions: Decisions) -> float | None:
    """The share of the target within reach, at each place by itself and, where it is known, on the way there."""
    columns = [name for name in ("propensity", "conditional_propensity") if decisions.has(name, f"target_{name}")]
    shares = [share for share in (overlap(decisions, name) for name in columns) if share is not None]
    return min(shares) if shares else None


def _binary_bounds(decisions: Decisions) -> Bounds | None:
    return Bounds((0.0, 1.0)) if np.isin(decisions.rewards[decisions.shown], (0.0, 1.0)).all() else None


def _row(one: PolicyEstimate) -> str:
    weights = one.weights
    return (
        f"| {one.estimator} | {_interval(one.value)} | {_interval(one.bernstein)} | {_interval(one.relative)} "
        f"| {weights.effective_n:,.0f} | {weights.largest:.1f} | {weights.top_share:.0%} | {_interval(weights.mean)} |"
    )


def _interval(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.mean:.4g} [{estimate.low:.4g}, {estimate.high:.4g}]"
