"""Experiments on live traffic: which policy serves whom, as the workspace's `experiments.toml` says."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from copilot.engine.answer import Exposure
from copilot.engine.eligibility import Place
from copilot.engine.policy import Policy
from copilot.engine.policy_file import policy_from, read_policy
from copilot.errors import BadRequestError
from eval.errors import DataError
from eval.experiments.assignment import Variant, assign, require_variants

EXPERIMENTS_FILE = "experiments.toml"
UnitKind = Literal["customer", "agent"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\w.-]+$")]


@dataclass(frozen=True)
class Treatment:
    """The policy that serves one message, and the experiment it belongs to, if any."""

    policy: Policy
    exposure: Exposure | None = None


@dataclass(frozen=True)
class Experiment:
    """Variants of the policy, shared out among customers or agents from `start` until before `end`.

    `planned_units` and `margin` (what experts may lose at most) are for the analysis; they are fixed beforehand.
    """

    name: str
    unit: UnitKind
    variants: tuple[Variant, ...]
    policies: Mapping[str, Policy]
    control: str
    salt: str
    start: datetime
    end: datetime
    planned_units: int
    margin: float

    def is_active(self, at: datetime) -> bool:
        """Whether messages of this moment take part."""
        return self.start <= at < self.end

    def treatment(self, place: Place) -> Treatment:
        """What the unit of a place gets, always the same; nobody known gets the control."""
        unit_id = place.customer.customer_id if self.unit == "customer" else place.agent.agent_id
        variant = self.control if unit_id is None else assign(unit_id, self.salt, self.variants)
        return Treatment(self.policies[variant], Exposure(self.name, variant))


class VariantSpec(BaseModel):
    """A variant as written in the file: what differs from the shop's policy, or a policy file of its own."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    weight: float = Field(default=1.0, ge=0, le=1e6, allow_inf_nan=False)
    policy: dict[str, object] = {}
    policy_file: str = ""


class ExperimentSpec(BaseModel):
    """An experiment as written in the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    unit: UnitKind
    salt: str = ""
    control: str = ""
    start: AwareDatetime = Field(default=datetime.min.replace(tzinfo=UTC), alias="from")
    end: AwareDatetime = Field(default=datetime.max.replace(tzinfo=UTC), alias="to")
    planned_units: int = Field(default=1000, ge=1)
    margin: float = Field(default=0.02, gt=0, allow_inf_nan=False)
    variant: list[VariantSpec] = Field(min_length=2)


class ExperimentsSpec(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    experiment: list[ExperimentSpec] = []


def read_experiments(folder: Path, base: Policy) -> tuple[Experiment, ...]:
    """The experiments of a workspace, none without a file; variants differ from the policy `base`.

    Raises:
        BadRequestError: the file is not TOML, a key or value is not what it should be, or two experiments overlap in
            time; names the file, the key and the value.
    """
    path = folder / EXPERIMENTS_FILE
    if not path.is_file():
        return ()
    try:
        spec = ExperimentsSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadRequestError(f"{path}: {key}", first["input"], first["msg"]) from error
    except (OSError, ValueError) as error:
        raise BadRequestError(str(path), str(error), "TOML tables [[experiment]]") from error
    experiments = tuple(_experiment(one, path, base) for one in spec.experiment)
    _require_apart(experiments, path)
    return experiments


def _experiment(spec: ExperimentSpec, path: Path, base: Policy) -> Experiment:
    where = f"{path}: experiment {spec.name}"
    variants = tuple(Variant(one.name, one.weight) for one in spec.variant)
    names = [one.name for one in variants]
    try:
        require_variants(variants, spec.name)
    except DataError as error:
        raise BadRequestError(where, error.problem, error.expected) from error
    if spec.control and spec.control not in names:
        raise BadRequestError(f"{where}: control", spec.control, f"one of {', '.join(names)}")
    if not spec.start < spec.end:
        raise BadRequestError(f"{where}: to", spec.end.isoformat(), f"a moment after {spec.start.isoformat()}")
    return Experiment(
        name=spec.name,
        unit=spec.unit,
        variants=variants,
        policies={one.name: _policy(one, path, base, f"{where}: variant {one.name}") for one in spec.variant},
        control=spec.control or names[0],
        salt=spec.salt or spec.name,
        start=spec.start,
        end=spec.end,
        planned_units=spec.planned_units,
        margin=spec.margin,
    )


def _policy(spec: VariantSpec, path: Path, base: Policy, where: str) -> Policy:
    if spec.policy_file and spec.policy:
        raise BadRequestError(f"{where}: policy_file", spec.policy_file, "either policy_file or policy, not both")
    if spec.policy_file:
        return read_policy(path.parent / spec.policy_file)
    return policy_from(spec.policy, base, where=f"{where}: policy")


def _require_apart(experiments: Sequence[Experiment], path: Path) -> None:
    """A set belongs to one experiment at most, so that its effect is the difference of two policies."""
    for one, other in combinations(experiments, 2):
        if one.name == other.name:
            raise BadRequestError(f"{path}: experiment.name", one.name, "another name for each experiment")
        if max(one.start, other.start) < min(one.end, other.end):
            expected = f"a time apart from that of experiment {other.name}; a set belongs to one experiment at most"
            raise BadRequestError(f"{path}: experiment {one.name}: from and to", _time(one), expected)


def _time(experiment: Experiment) -> str:
    return f"{experiment.start.isoformat()} to {experiment.end.isoformat()}"
