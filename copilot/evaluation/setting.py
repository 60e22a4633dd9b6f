"""Everything that decides the results of a run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from copilot.engine.policy import Policy
from copilot.engine.product_rules import ProductRules

MANIFEST_FORMAT = 1
CODE = ("copilot", "knowledge", "models", "eval")
ID_DIGITS = 12


class LibraryOf(StrEnum):
    """Which scripts a turn may be answered with: those of its own moment, or those of today."""

    THEN = "then"
    NOW = "now"


@dataclass(frozen=True)
class DataFacts:
    """Which data a run answers; the hash names its contents."""

    name: str
    kind: str
    sha256: str
    n_turns: int


@dataclass(frozen=True)
class RunSetting:
    """What is run; two runs of equal settings have equal results, byte for byte.

    Attributes:
        database_seq: The last change of library and customers that the run may see.
        untimed_at: The moment of turns that have no time of their own.
        trained_until: Orders up to this moment taught the product models.
    """

    data: DataFacts
    policy: Policy
    library_of: LibraryOf
    library: str
    database_seq: int
    model: str
    rules: str
    product_rules: str
    untimed_at: datetime
    trained_until: datetime | None
    seed: int
    code: str

    @property
    def run_id(self) -> str:
        """Twelve hexadecimal digits that change with anything above."""
        return hashlib.sha256(_canonical(self._decisive())).hexdigest()[:ID_DIGITS]

    def manifest(self) -> dict[str, Any]:
        """The manifest of the run, in the order it is written."""
        return {"format": MANIFEST_FORMAT, "kind": "turns", "run_id": self.run_id, **self._decisive()}

    def _decisive(self) -> dict[str, Any]:
        return {
            "data": asdict(self.data),
            "versions": {
                "index": self.library,
                "model": self.model,
                "policy": self.policy.version,
                "rules": self.rules,
                "code": self.code,
            },
            "library_of": self.library_of.value,
            "database_seq": self.database_seq,
            "product_rules": self.product_rules,
            "untimed_at": self.untimed_at.isoformat(),
            "trained_until": self.trained_until.isoformat() if self.trained_until else None,
            "seed": self.seed,
            "policy": asdict(self.policy),
        }


def digest_of(rules: ProductRules) -> str:
    """A short hash of the shop's own limits."""
    text = json.dumps(asdict(rules), default=sorted, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


@cache
def code_version() -> str:
    """The installed version and a hash of the program's own files."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in CODE:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{version('customer-copilot')}+{digest.hexdigest()[:ID_DIGITS]}"


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
