"""Policies as people write them: a TOML or JSON file that says which numbers differ from the usual ones."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TypeVar, get_type_hints

from copilot.engine.policy import MAX_RATE, Policy
from copilot.errors import BadRequestError

POLICY_FILE = "policy.toml"
NumbersT = TypeVar("NumbersT")
LARGEST = 1e9
"""Nothing in a policy means anything beyond this, and sums stay far from infinity."""
LIMITS: Mapping[str, tuple[float, float]] = {
    "calibration.slope": (1e-6, math.inf),
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


def read_policy(path: Path) -> Policy:
    """The policy of a file: the default one, with the numbers that the file names.

    Raises:
        BadRequestError: the file cannot be read, names a number that no policy has, or gives one a value that it
            cannot have; names the file, the key and the value.
    """
    return policy_from(_read_table(path), where=str(path))


def workspace_policy(folder: Path) -> Policy:
    """The policy that a workspace's `policy.toml` describes, or the default one.

    Raises:
        BadRequestError: as for `read_policy`.
    """
    path = folder / POLICY_FILE
    return read_policy(path) if path.is_file() else Policy()


def policy_from(numbers: Mapping[str, object], base: Policy | None = None, *, where: str = "policy") -> Policy:
    """`base` (the default policy) with other numbers.

    The nested tables are `reply`, `product`, `calibration` and `exploration`.

    Raises:
        BadRequestError: a key or value that a policy cannot have; the message begins with `where`.
    """
    return _changed(base or Policy(), numbers, where, ())


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
        else:
            changes[name] = _number(value, known[name], f"{where}: {key}", LIMITS.get(key))
    return replace(base, **changes)  # type: ignore[type-var]


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
