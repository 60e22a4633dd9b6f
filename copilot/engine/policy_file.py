"""Policies as people write them: a TOML or JSON file that says which numbers differ from the usual ones."""

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TypeVar, get_args, get_type_hints

from copilot.engine.policy import MAX_KNOTS, MAX_RATE, Policy
from copilot.errors import BadRequestError
from models.store.artefact import Kind
from models.store.errors import StoreError
from models.store.store import ModelStore

POLICY_FILE = "policy.toml"
RANKER_FILE = "policy.json"
"""The policy in the folder of a ranker."""
NumbersT = TypeVar("NumbersT")
LARGEST = 1e9
"""Nothing in a policy means anything beyond this, and sums stay far from infinity."""
LIMITS: Mapping[str, tuple[float, float]] = {
    "calibration.slope": (1e-6, math.inf),
    "calibration.probabilities": (0.0, 1.0),
    "performance.usual": (0.001, 0.999),
    "performance.strength": (0.001, 1e6),
    "exploration.rate": (0.0, MAX_RATE),
    "exploration.tie_gap": (0.0, math.inf),
    "exploration.seed": (0, math.inf),
    "reply_threshold": (0.0, 1.0),
    "product_threshold": (0.0, math.inf),
    "n_searched": (1, 1000),
    "n_ranked": (1, 1000),
    "duplicate_overlap": (0.0, 1.0),
    "fatigue_days": (0, 3650),
    "max_promotions_per_week": (0, 1_000_000),
}
"""Smallest and largest value of each number that cannot be just anything; both are allowed."""


@dataclass(frozen=True)
class PolicyInUse:
    """The policy that serves, where it comes from, and what should have served in its place."""

    policy: Policy
    why: str
    warnings: tuple[str, ...] = ()


def read_policy(path: Path, base: Policy | None = None) -> Policy:
    """The policy of a file: `base` (the default one), with the numbers that the file names.

    Raises:
        BadRequestError: the file cannot be read, names a number that no policy has, or gives one a value that it
            cannot have; names the file, the key and the value.
    """
    return policy_from(_read_table(path), base, where=str(path))


def read_ranker(folder: Path) -> Policy:
    """The policy in the folder of a ranker.

    Raises:
        BadRequestError: as for `read_policy`.
    """
    return read_policy(folder / RANKER_FILE)


def policy_in_use(folder: Path, base: Policy | None = None) -> PolicyInUse:
    """What a workspace's `policy.toml` describes, else the ranker that is promoted in its store, else `base`.

    `base` is the policy that goes with the encoder, the default one if none does; numbers that `policy.toml` does not
    name are taken from it. A ranker that is damaged gives way to the one promoted before it, with a warning that names
    it.

    Raises:
        BadRequestError: as for `read_policy`, of `policy.toml` only.
    """
    path = folder / POLICY_FILE
    if path.is_file():
        return PolicyInUse(read_policy(path, base), f"as {path} says")
    store = ModelStore.in_workspace(folder)
    warnings: list[str] = []
    built_in = "built in" if base in (None, Policy()) else "fitted with the encoder"
    try:
        line = store.standing(Kind.RANKER).line
    except StoreError as error:
        return PolicyInUse(base or Policy(), built_in, (str(error),))
    for version in reversed(line):
        try:
            return PolicyInUse(stored_ranker(store, version), f"promoted: {version}", tuple(warnings))
        except (StoreError, BadRequestError) as error:
            warnings.append(f"ranker {version} cannot be loaded: {error}")
    return PolicyInUse(base or Policy(), built_in if line else f"{built_in}: nothing is promoted", tuple(warnings))


def stored_ranker(store: ModelStore, version: str) -> Policy:
    """The policy of a ranker in the store.

    Raises:
        StoreError: it is not there or is damaged.
        BadRequestError: it is no policy.
    """
    artefact = store.get(Kind.RANKER, version)
    artefact.check_contents()
    return read_ranker(artefact.folder)


def policy_of_encoder(encoder: object) -> Policy:
    """The policy that training put beside an encoder, or the default one.

    Raises:
        BadRequestError: as for `read_policy`.
    """
    folder = getattr(encoder, "folder", None)
    return policy_beside(folder) if isinstance(folder, Path) else Policy()


def policy_beside(folder: Path) -> Policy:
    """The policy in the folder of an encoder, or the default one.

    Raises:
        BadRequestError: as for `read_policy`.
    """
    path = folder / RANKER_FILE
    return read_policy(path) if path.is_file() else Policy()


def policy_from(numbers: Mapping[str, object], base: Policy | None = None, *, where: str = "policy") -> Policy:
    """`base` (the default policy) with other numbers.

    The nested tables are `reply`, `product`, `calibration`, `performance` and `exploration`.

    Raises:
        BadRequestError: a key or value that a policy cannot have; the message begins with `where`.
    """
    return _changed(base or Policy(), numbers, where, ())


def policy_numbers(policy: Policy) -> dict[str, object]:
    """Every number of a policy, as `policy_from` reads them; what a later version takes for usual changes none."""
    numbers = asdict(policy)
    calibration = numbers["calibration"]
    for name in ("scores", "probabilities"):
        calibration[name] = list(calibration[name])
    return numbers


def _read_table(path: Path) -> Mapping[str, object]:
    expected = "a policy as TOML, or as JSON in a file whose name ends in .json"
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadRequestError(f"policy file {path}", str(error), expected) from error
    if not isinstance(table, dict):
        raise BadRequestError(str(path), table, expected)
    return table


def _changed(base: NumbersT, numbers: Mapping[str, object], where: str, above: tuple[str, ...]) -> NumbersT:
    """A dataclass of numbers with some of them replaced."""
    known = get_type_hints(type(base))
    names = [one.name for one in fields(base)]  # type: ignore[arg-type]  # policies are dataclasses all the way down
    changes: dict[str, object] = {}
    for name, value in numbers.items():
        key = ".".join((*above, name))
        if name not in names:
            raise BadRequestError(f"{where}: {key}", value, f"no such key; one of {', '.join(names)}")
        current = getattr(base, name)
        if is_dataclass(current):
            if not isinstance(value, Mapping):
                raise BadRequestError(f"{where}: {key}", value, "a table of numbers")
            changes[name] = _changed(current, value, where, (*above, name))
        elif get_args(known[name]):
            changes[name] = _several(value, f"{where}: {key}", LIMITS.get(key))
        else:
            changes[name] = _number(value, known[name], f"{where}: {key}", LIMITS.get(key))
    try:
        return replace(base, **changes)  # type: ignore[type-var]
    except BadRequestError as error:  # numbers that are each allowed, and not together
        raise BadRequestError(f"{where}: {error.field}", error.value, error.expected) from error


def _several(value: object, field: str, limits: tuple[float, float] | None) -> tuple[float, ...]:
    """A list of the file as the numbers that a field holds."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadRequestError(field, value, "a list of numbers")
    if len(value) > MAX_KNOTS:
        raise BadRequestError(field, f"{len(value):,} numbers", f"at most {MAX_KNOTS}")
    return tuple(float(_number(one, float, f"{field}[{place}]", limits)) for place, one in enumerate(value))


def _number(value: object, kind: type, field: str, limits: tuple[float, float] | None) -> float | int:
    """A value of the file as the number that a field holds."""
    wanted = "a whole number" if kind is int else "a finite number"
    low, high = limits or (-LARGEST, LARGEST)
    if limits is not None:
        wanted += f" from {low:g} to {min(high, LARGEST):g}"
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and isinstance(value, float)):
        raise BadRequestError(field, value, wanted)
    if not low <= value <= min(high, LARGEST):  # false for NaN as well
        raise BadRequestError(field, value, wanted)
    return int(value) if kind is int else float(value)
