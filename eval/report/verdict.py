"""What the numbers come to, in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eval.metrics.scales import is_lower_better
from eval.runs.compare import ALPHA, Comparison, Difference

Outcome = Literal["gain", "loss", "even"]
Kind = Literal["better", "mixed", "worse", "unclear", "same", "alone"]


@dataclass(frozen=True)
class Verdict:
    """How the primary metric came out, and what else clearly changed; empty without a baseline.

    `mixed` is a primary metric that did not get clearly worse while something else did.
    """

    kind: Kind
    primary: Difference | None
    gains: tuple[Difference, ...]
    losses: tuple[Difference, ...]


def judge(comparison: Comparison | None, primary: str) -> Verdict:
    """The verdict on a comparison by the primary metric over all queries; `alone` where there is no comparison.

    Beside the primary metric count, for better, the other metrics over all queries; for worse, slices as well.
    """
    own = next((one for one in overall(comparison) if one.metric == primary), None)
    if comparison is None or own is None:
        return Verdict("alone", None, (), ())
    others = [one for one in comparison.differences if one is not own]
    gains = tuple(one for one in others if one.slice is None and outcome(one) == "gain")
    losses = tuple(one for one in others if outcome(one) == "loss")
    return Verdict(_kind(own, losses), own, gains, losses)


def overall(comparison: Comparison | None) -> list[Difference]:
    """The differences over all queries."""
    return [one for one in comparison.differences if one.slice is None] if comparison else []


def changed_slices(comparison: Comparison) -> list[Difference]:
    """The slices that clearly changed, the surest first."""
    changed = [one for one in comparison.differences if one.slice is not None and outcome(one) != "even"]
    return sorted(changed, key=lambda one: (one.p_adjusted, -abs(one.difference.mean)))


def outcome(one: Difference) -> Outcome:
    """Whether a difference is clearly for the better, clearly for the worse, or neither."""
    if one.p_adjusted >= ALPHA or one.difference.mean == 0:
        return "even"
    return "gain" if (one.difference.mean > 0) != is_lower_better(one.metric) else "loss"


def _kind(own: Difference, losses: Sequence[Difference]) -> Kind:
    found = outcome(own)
    if found == "loss":
        return "worse"
    if losses:
        return "mixed"
    if found == "gain":
        return "better"
    return "same" if not own.n_won + own.n_lost else "unclear"
