"""What an import did: counts, rejected rows and warnings."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from knowledge.imports.kinds import ImportKind

KEPT_REJECTIONS = 1_000
KEPT_EXAMPLES = 20
SHOWN_VALUE = 80


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not imported; `line` counts from 1, `column` is empty when the row itself is bad."""

    line: int
    column: str
    value: str
    reason: str
    expected: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        wanted = f", expected {self.expected}" if self.expected else ""
        return f"{where}: {self.reason}{wanted}"


@dataclass(frozen=True)
class ImportNotice:
    """Something that was accepted but deserves a look, with the first few values concerned."""

    name: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """The result of one file; the four counts add up to its rows.

    `rejected` holds the first thousand of `n_rejected`; `refused` says that a strict import left everything as it was.
    """

    kind: ImportKind
    file: str
    n_added: int = 0
    n_changed: int = 0
    n_unchanged: int = 0
    n_rejected: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    warnings: tuple[ImportNotice, ...] = ()
    encoding: str = ""
    dry_run: bool = False
    refused: bool = False
    seconds: float = 0.0

    @property
    def n_rows(self) -> int:
        return self.n_added + self.n_changed + self.n_unchanged + self.n_rejected

    def to_dict(self) -> dict[str, object]:
        """The report as plain values."""
        return asdict(self) | {"kind": self.kind.value}

    def to_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


@dataclass
class Tally:
    """The counts of an import under way."""

    n_added: int = 0
    n_changed: int = 0
    n_unchanged: int = 0
    n_rejected: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def reject(self, row: RejectedRow) -> None:
        """Count a rejected row, and keep it while there are few."""
        self.n_rejected += 1
        if len(self.rejected) < KEPT_REJECTIONS:
            self.rejected.append(row)

    def warn(self, name: str, example: str = "", *, count: int = 1) -> None:
        """Count something worth a look, and keep the first few different examples."""
        self.warnings[name] = self.warnings.get(name, 0) + count
        kept = self.examples.setdefault(name, [])
        if example and len(kept) < KEPT_EXAMPLES and example not in kept:
            kept.append(example)

    def add(self, other: "Tally") -> None:
        """Take in the counts of one batch."""
        self.n_added += other.n_added
        self.n_changed += other.n_changed
        self.n_unchanged += other.n_unchanged
        self.n_rejected += other.n_rejected
        self.rejected.extend(other.rejected[: KEPT_REJECTIONS - len(self.rejected)])
        for name, count in other.warnings.items():
            self.warn(name, count=count)
            for example in other.examples[name]:
                self.warn(name, example, count=0)

    def to_warnings(self) -> tuple[ImportNotice, ...]:
        """The warnings in the order in which they first came up."""
        return tuple(ImportNotice(name, count, tuple(self.examples[name])) for name, count in self.warnings.items())


def shortened(value: object) -> str:
    """A value short enough to stand in a report, on one line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"


def in_file_order(rows: Iterable[RejectedRow]) -> tuple[RejectedRow, ...]:
    """Rejected rows as they stand in the file."""
    return tuple(sorted(rows, key=lambda row: (row.line, row.column)))
