"""The result of an experiment, for machines and for people."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eval.experiments.heterogeneity import Heterogeneity
from eval.statistics.estimate import Estimate

MISMATCH = 0.01
"""Below this p-value of the sample ratio, nothing else in the report should be believed."""


@dataclass(frozen=True)
class Comparison:
    """A variant against the control; `p_value` is Holm's over the variants."""

    variant: str
    effect: Estimate
    p_value: float
    by_tenure: Heterogeneity


@dataclass(frozen=True)
class ExperimentReport:
    """What an experiment shows so far; every interval and p-value is always valid.

    `variants` holds the mean over the units of each that has any, `comparisons` each of them but the control.
    """

    experiment: str
    metric: str
    control: str
    first_at: datetime
    last_at: datetime
    n_rows: int
    n_moved: int
    n_units: Mapping[str, int]
    sample_ratio_p_value: float
    variants: Mapping[str, Estimate]
    comparisons: tuple[Comparison, ...]

    @property
    def has_mismatch(self) -> bool:
        """Whether the variants have numbers of units that their weights do not explain."""
        return self.sample_ratio_p_value < MISMATCH

    def to_dict(self) -> dict[str, Any]:
        """For JSON; ends of intervals that are not known yet are null."""
        return {
            "experiment": self.experiment,
            "metric": self.metric,
            "control": self.control,
            "first_at": self.first_at.isoformat(),
            "last_at": self.last_at.isoformat(),
            "n_rows": self.n_rows,
            "n_moved": self.n_moved,
            "sample_ratio": {
                "n_units": dict(self.n_units),
                "p_value": self.sample_ratio_p_value,
                "mismatch": self.has_mismatch,
            },
            "variants": {name: mean.to_dict() for name, mean in self.variants.items()},
            "comparisons": {one.variant: _comparison(one) for one in self.comparisons},
        }

    def __str__(self) -> str:
        """A page of text."""
        lines = [f"{self.experiment} · {self.metric} · {self.first_at:%Y-%m-%d} to {self.last_at:%Y-%m-%d}"]
        if self.has_mismatch:
            p_value = self.sample_ratio_p_value
            lines.append(f"! the numbers of units do not fit the weights (p = {p_value:.2g}): believe nothing below")
        if self.n_moved:
            lines.append(f"! {self.n_moved} units were moved to another variant; they count until then")
        for name, mean in self.variants.items():
            role = " (control)" if name == self.control else ""
            lines.append(f"  {name}{role}: {_range(mean)}, {mean.n} units")
        for comparison in self.comparisons:
            lines += _comparison_lines(comparison)
        return "\n".join(lines)


def _comparison(one: Comparison) -> dict[str, Any]:
    tenure = one.by_tenure
    return {
        "effect": one.effect.to_dict(),
        "p_value": one.p_value,
        "by_tenure": {
            group.group: {"effect": group.effect.to_dict(), "p_value": group.p_value} for group in tenure.groups
        },
        "lead_of_first_group": tenure.lead.to_dict() if tenure.lead else None,
        "protected": {
            group.group: {"margin": group.margin, "p_value": group.p_value, "verdict": group.verdict.value}
            for group in tenure.protected
        },
    }


def _comparison_lines(one: Comparison) -> list[str]:
    tenure = one.by_tenure
    lines = [f"  {one.variant} against the control: {_range(one.effect, '+')}, p = {one.p_value:.2g}"]
    lines += [f"    {group.group}: {_range(group.effect, '+')}, p = {group.p_value:.2g}" for group in tenure.groups]
    if tenure.lead is not None:
        first, last = tenure.groups[0].group, tenure.groups[-1].group
        lines.append(f"    {first} gains more than {last} by {_range(tenure.lead, '+')}")
    lines += [
        f"    {group.group} must not lose {group.margin:g}: {group.verdict.value} (p = {group.p_value:.2g})"
        for group in tenure.protected
    ]
    return lines


def _range(estimate: Estimate, sign: str = "") -> str:
    if not math.isfinite(estimate.low):
        return "too few units to tell"
    return f"{estimate.mean:{sign}.4f} [{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"
