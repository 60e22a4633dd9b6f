"""What stands against a script as it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """A block keeps a script from being published; a warning asks to look again; a note is good to know."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


ORDER = tuple(Severity)


@dataclass(frozen=True)
class Objection:
    """One thing found: `key` names its sentence, `values` fill it in, `words` are those of the script it is about.

    `plain` says the same for logs and errors. `rule` is the compliance rule, `script_id` and `sku` are what it
    concerns besides.
    """

    severity: Severity
    key: str
    plain: str
    words: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    rule: str = ""
    script_id: str = ""
    sku: str = ""


def by_severity(objections: Sequence[Objection]) -> list[Objection]:
    """The objections, those that block first; otherwise in their order."""
    return sorted(objections, key=lambda one: ORDER.index(one.severity))
