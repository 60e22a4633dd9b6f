"""What a training did and whether it was worth it; also what is written beside the weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from models.training.artefact import RECORD_FILE
from models.training.measuring import Interval, Marks
from models.training.pairs import Counts


@dataclass(frozen=True)
class DataRecord:
    """The files and how their pairs were divided."""

    pairs: str
    pairs_sha256: str
    counts: Counts
    dev: str | None
    dev_sha256: str | None
    n_train: int
    n_dev: int
    n_queries: int
    n_pool: int


@dataclass(frozen=True)
class Report:
    """A finished training.

    `metrics` holds for each encoder measured (untrained, trained, and in full mode the steps between them) each metric
    with its interval over the dev queries; `gain` is the trained encoder's score less the untrained one's.
    """

    mode: str
    base: str
    base_fingerprint: str
    fingerprint: str
    data: DataRecord
    settings: Mapping[str, object]
    seed: int
    threads: int
    device: str
    versions: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, Interval]]
    gain: Interval
    gain_over_present: Interval | None
    passes: Mapping[str, tuple[float, ...]]
    resumed: bool
    seconds: float

    @property
    def beats_baseline(self) -> bool:
        """Whether the trained encoder is better than the untrained one beyond chance."""
        return self.gain.low > 0.0

    @property
    def replaced(self) -> bool:
        """Whether the result was written: always, except where it does not beat the encoder that is there already."""
        return self.gain_over_present is None or self.gain_over_present.low > 0.0

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**asdict(self), "beats_baseline": self.beats_baseline, "replaced": self.replaced}

    def write(self, folder: Path) -> None:
        """Put it beside the weights. It is not part of the fingerprint: it holds the time that training took."""
        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=2)
        (folder / RECORD_FILE).write_text(text, encoding="utf-8")


def intervals(marks: Marks) -> dict[str, Interval]:
    """Each metric with its interval."""
    return {name: Interval.of(values) for name, values in marks.by_name.items()}
