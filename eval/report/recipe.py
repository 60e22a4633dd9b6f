"""What decided a run, as its manifest tells it, beside what decided the baseline."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eval.report.report import Report


@dataclass(frozen=True)
class Fact:
    """One entry of the manifest by its path, such as `versions.model`; the baseline's is None where it has none."""

    path: str
    value: str | None
    baseline_value: str | None
    differs: bool

    @property
    def is_main(self) -> bool:
        """Whether it is to be seen at once: it differs, or is none of the many numbers inside the policy."""
        return self.differs or not self.path.startswith("policy.")


def facts(report: Report) -> list[Fact]:
    """All entries, in the order of the manifest, then those that only the baseline has.

    Without a baseline nothing differs.
    """
    own = dict(_flat(report.run.manifest))
    other = dict(_flat(report.baseline.manifest)) if report.baseline else {}
    paths = dict.fromkeys([*own, *other])
    is_compared = report.baseline is not None
    return [
        Fact(path, own.get(path), other.get(path), is_compared and own.get(path) != other.get(path)) for path in paths
    ]


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield from _flat(one, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
