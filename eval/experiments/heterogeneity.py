"""Whom a variant helps: its effect by group, and whether a protected group loses by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.errors import DataError
from eval.experiments.sequential import ALPHA, Arm, Measured, Plan
from eval.statistics.correction import holm
from eval.statistics.estimate import Estimate


class Verdict(StrEnum):
    """What can be said of a group that must not lose."""

    SAFE = "safe"
    LOSES = "loses"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True)
class GroupEffect:
    """The effect in one group; `p_value` is Holm's over all groups."""

    group: str
    effect: Estimate
    p_value: float


@dataclass(frozen=True)
class Protection:
    """Whether a group loses `margin` or more; `p_value`, of the hypothesis that it does, is Holm's over all groups."""

    group: str
    margin: float
    effect: Estimate
    p_value: float
    verdict: Verdict


@dataclass(frozen=True)
class Heterogeneity:
    """Effects by group in their given order, the lead of the first group over the last, and the protected groups."""

    groups: tuple[GroupEffect, ...]
    lead: Estimate | None
    protected: tuple[Protection, ...]


@dataclass(frozen=True)
class Groups:
    """Groups from first to last, and how much the protected ones may lose."""

    names: Sequence[str] = ("novice", "experienced", "expert")
    protected: Collection[str] = ("expert",)
    margin: float = 0.02

    def __post_init__(self) -> None:
        strangers = sorted(set(self.protected) - set(self.names))
        if strangers:
            raise DataError("groups", None, f"the protected groups {strangers} are none", f"some of {list(self.names)}")
        if not 0 < self.margin < float("inf"):
            raise DataError("groups", None, f"a margin of {self.margin!r}", "a number above zero")


def effects_by_group(
    control: Mapping[str, Sequence[float]], variant: Mapping[str, Sequence[float]], groups: Groups, plan: Plan
) -> Heterogeneity:
    """The effect of a variant in every group that has units in both arms; values by group, one a unit.

    The lead compares units of the first group with units of the last as if nobody were in both. A protected group is
    safe when the effect is above -margin at the 5 % level (non-inferiority), and loses when the whole interval lies
    below it. Everything here is always valid.
    """
    measured = {
        name: Measured.difference(Arm.of(control[name]), Arm.of(variant[name]))
        for name in groups.names
        if control.get(name) and variant.get(name)
    }
    adjusted = holm([plan.p_value(one) for one in measured.values()])
    effects = [
        GroupEffect(name, plan.interval(one), p_value)
        for (name, one), p_value in zip(measured.items(), adjusted.tolist(), strict=True)
    ]
    first, last = groups.names[0], groups.names[-1]
    has_lead = first != last and first in measured and last in measured
    lead = plan.interval(measured[first].minus(measured[last])) if has_lead else None
    return Heterogeneity(tuple(effects), lead, _protection(measured, groups, plan))


def _protection(measured: Mapping[str, Measured], groups: Groups, plan: Plan) -> tuple[Protection, ...]:
    bound = -groups.margin
    names = [name for name in measured if name in groups.protected]
    adjusted = holm([plan.p_value_above(measured[name], bound) for name in names])
    found = []
    for name, p_value in zip(names, adjusted.tolist(), strict=True):
        effect = plan.interval(measured[name])
        verdict = Verdict.LOSES if effect.high < bound else Verdict.CANNOT_TELL
        found.append(Protection(name, groups.margin, effect, p_value, Verdict.SAFE if p_value < ALPHA else verdict))
    return tuple(found)
