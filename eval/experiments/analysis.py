"""What an experiment shows so far."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eval.errors import DataError, NothingMeasuredError
from eval.experiments.assignment import Variant, require_variants, sample_ratio_p_value
from eval.experiments.heterogeneity import Groups, Heterogeneity, effects_by_group
from eval.experiments.report import Comparison, ExperimentReport
from eval.experiments.sequential import Arm, Measured, Plan
from eval.statistics.correction import holm


@dataclass(frozen=True)
class Row:
    """One measurement: of whom, under which variant, by an agent of which tenure, and when."""

    unit_id: str
    variant: str
    value: float
    at: datetime
    tenure: str = ""


@dataclass(frozen=True)
class Design:
    """What was decided before the experiment began; the control is the first variant unless named."""

    name: str
    variants: Sequence[Variant]
    control: str = ""
    plan: Plan = field(default_factory=Plan)
    groups: Groups = field(default_factory=Groups)

    def __post_init__(self) -> None:
        require_variants(self.variants, self.name)
        if self.control not in ("", *self.variant_names):
            raise DataError(f"experiment {self.name}", None, f"the control {self.control!r}", "the name of a variant")

    @property
    def variant_names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.variants)

    @property
    def control_name(self) -> str:
        return self.control or self.variants[0].name


@dataclass(frozen=True)
class Unit:
    """One unit under the variant it first had: its values by tenure, up to the moment it got another variant."""

    variant: str
    values: Mapping[str, Sequence[float]]
    has_moved: bool

    @property
    def value(self) -> float:
        """The mean of everything measured."""
        values = [value for group in self.values.values() for value in group]
        return math.fsum(values) / len(values)

    def value_in(self, tenure: str) -> float:
        """The mean of what was measured with agents of one tenure."""
        values = self.values[tenure]
        return math.fsum(values) / len(values)


def analyse(rows: Iterable[Row], design: Design, metric: str) -> ExperimentReport:
    """How the variants compare on one metric; each unit counts once, with the mean of its values.

    The intervals may be looked at as often as one likes while units come in. A unit that was moved to another variant
    counts under its first one, with what was measured before.

    Raises:
        NothingMeasuredError: there are no rows.
        DataError: a row has an unknown variant or a value that is not finite; names its position from 1.
    """
    kept = _checked(rows, design)
    units = _units(kept)
    counts = Counter(unit.variant for unit in units)
    arms = {
        name: Arm.of([unit.value for unit in units if unit.variant == name])
        for name in design.variant_names
        if counts[name]
    }
    return ExperimentReport(
        experiment=design.name,
        metric=metric,
        control=design.control_name,
        first_at=min(row.at for row in kept),
        last_at=max(row.at for row in kept),
        n_rows=len(kept),
        n_moved=sum(unit.has_moved for unit in units),
        n_units={name: counts[name] for name in design.variant_names},
        sample_ratio_p_value=sample_ratio_p_value(counts, design.variants),
        variants={name: design.plan.interval(Measured.mean_of(arm)) for name, arm in arms.items()},
        comparisons=_comparisons(units, arms, design),
    )


def _checked(rows: Iterable[Row], design: Design) -> list[Row]:
    kept = list(rows)
    if not kept:
        raise NothingMeasuredError(f"nothing has been measured in experiment {design.name} yet")
    for number, row in enumerate(kept, start=1):
        if row.variant not in design.variant_names:
            expected = f"one of {', '.join(design.variant_names)}"
            raise DataError(f"experiment {design.name}", number, f"the variant {row.variant!r}", expected)
        if not math.isfinite(row.value):
            raise DataError(f"experiment {design.name}", number, f"the value {row.value!r}", "a finite number")
    return kept


def _units(rows: Sequence[Row]) -> list[Unit]:
    by_unit: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: (one.at, one.unit_id, one.variant)):
        by_unit[row.unit_id].append(row)
    return [_unit(of_one) for of_one in by_unit.values()]


def _unit(rows: Sequence[Row]) -> Unit:
    """The unit that has these rows, oldest first."""
    first = rows[0].variant
    until = next((place for place, row in enumerate(rows) if row.variant != first), len(rows))
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows[:until]:
        values[row.tenure].append(row.value)
    return Unit(first, values, until < len(rows))


def _comparisons(units: Sequence[Unit], arms: Mapping[str, Arm], design: Design) -> tuple[Comparison, ...]:
    control = arms.get(design.control_name)
    if control is None:
        return ()
    measured = {name: Measured.difference(control, arm) for name, arm in arms.items() if arm is not control}
    adjusted = holm([design.plan.p_value(one) for one in measured.values()])
    return tuple(
        Comparison(name, design.plan.interval(one), p_value, _by_tenure(units, name, design))
        for (name, one), p_value in zip(measured.items(), adjusted.tolist(), strict=True)
    )


def _by_tenure(units: Sequence[Unit], variant: str, design: Design) -> Heterogeneity:
    control, treated = (_values_by_tenure(units, name) for name in (design.control_name, variant))
    return effects_by_group(control, treated, design.groups, design.plan)


def _values_by_tenure(units: Sequence[Unit], variant: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for unit in units:
        if unit.variant == variant:
            for tenure in unit.values:
                found[tenure].append(unit.value_in(tenure))
    return found
