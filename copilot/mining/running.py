"""`copilot mine` from archive to rows: read what is new, mine, write."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.mining.candidates import Surroundings, candidate_rows
from copilot.mining.inputs import Known
from copilot.mining.mining import Mined, MiningSettings, Stage, mine
from knowledge.archive.ingesting import Ingestion, IngestSettings
from knowledge.archive.reading import ReadingReport
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.privacy import KnownPersonal, with_slots
from knowledge.workspace import utc_now

if TYPE_CHECKING:
    from models.encoders.encoder import Encoder

MASKING = "privacy-2"
"""To be raised with every change of how personal data is replaced, so that archives are read anew."""
Json = dict[str, Any]


@dataclass(frozen=True)
class MiningRun:
    """What one run found.

    Attributes:
        seconds: By part of the work.
    """

    mined: Mined
    rows: list[Json]
    report: ReadingReport
    seconds: dict[str, float] = field(default_factory=dict)

    def summary(self) -> Json:
        """Counts, for the command and for whoever watches it."""
        verdicts = [row["verdict"] for row in self.rows]
        report = self.report
        return {
            "read": {name: value for name, value in vars(report).items() if name != "rejected"},
            "rejected": report.rejected,
            "n_conversations": len(self.mined.table.talks),
            "n_replies": len(self.mined.table),
            "n_needs": self.mined.needs.n,
            "n_candidates": len(self.rows),
            "n_helps": verdicts.count("helps"),
            "n_harms": verdicts.count("harms"),
            "n_cannot_tell": verdicts.count("cannot-tell"),
            "agents": [row.to_dict() for row in self.mined.agents],
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


def run_mining(  # everything a run depends on, each by its name
    archive: Path,
    state: Path,
    encoder: "Encoder",
    *,
    settings: MiningSettings,
    reading: IngestSettings,
    known: Known,
    around: Surroundings,
    stage: Stage,
) -> MiningRun:
    """Candidates from everything in an archive; what an earlier run with this state has read is not read again.

    Raises:
        ImportFileError: the archive cannot be read.
    """
    watch = _Watch(stage)
    ingestion = Ingestion(
        state,
        reading,
        mask=masked,
        masking=MASKING + ("+names" if known.customers else ""),
        names=known.customers,
    )
    ingested = ingestion.run(archive, ReadingRules(CHINA_TIME, utc_now()), watch("reading"))
    mined = mine(ingested.table, encoder, settings, watch, known)
    watch("writing")
    rows = candidate_rows(mined, around)
    watch("")
    return MiningRun(mined, rows, ingested.report, watch.seconds)


def masked(text: str, name: str = "") -> str:
    """A text with its personal data replaced by slots, the name of its customer in any spelling among it."""
    return with_slots(text, KnownPersonal(names=(name,)) if name else None).text


def write_rows(path: Path, rows: list[Json]) -> None:
    """One JSON object a line; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
    partial.replace(path)


class _Watch:
    """Times the parts of the work as they follow each other."""

    def __init__(self, stage: Stage) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = stage
        self._name = ""
        self._since = time.perf_counter()

    def __call__(self, name: str) -> Callable[[int, int | None], None]:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._since
        self._name, self._since = name, now
        return self._stage(name)
