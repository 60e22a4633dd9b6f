"""What each stage of an answer took."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.errors import RunError
from eval.latency import Spread
from eval.runs.run import TIMINGS_FILE

ID_COLUMN = "query_id"
TOTAL = "total"


@dataclass(frozen=True)
class StageTiming:
    """Milliseconds of one stage over the queries that went through it."""

    stage: str
    spread_ms: Spread


@dataclass(frozen=True)
class Timing:
    """All stages in the order they ran; `total` is the whole answer and empty where it was not measured."""

    stages: tuple[StageTiming, ...]
    total: StageTiming | None

    @property
    def largest_p99_ms(self) -> float:
        return max(one.spread_ms.p99 for one in self.all)

    @property
    def all(self) -> tuple[StageTiming, ...]:
        """The stages, then the total."""
        return (*self.stages, *([self.total] if self.total else []))


def read_timing(folder: Path) -> Timing | None:
    """The timings of a run's folder; None where it has none.

    Raises:
        RunError: the file cannot be read, or holds something else than milliseconds.
    """
    path = folder / TIMINGS_FILE
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"cannot read {path}: {error}") from error
    measured = list(_stages(table, path))
    stages = tuple(one for one in measured if one.stage != TOTAL)
    total = next((one for one in measured if one.stage == TOTAL), None)
    return Timing(stages, total) if measured else None


def _stages(table: pa.Table, path: Path) -> Iterable[StageTiming]:
    for name in table.column_names:
        if name == ID_COLUMN:
            continue
        milliseconds = _milliseconds(table[name], f"{path}, column {name!r}")
        if len(milliseconds):
            yield StageTiming(name, Spread.of(milliseconds.tolist()))


def _milliseconds(column: pa.ChunkedArray, where: str) -> NDArray[np.float64]:
    """The measured values; queries that a stage did not see are empty there."""
    try:
        values = np.asarray(column.drop_null().cast(pa.float64()).to_numpy(), np.float64)
    except pa.ArrowException as error:
        raise RunError(f"{where}: not numbers ({error}); expected milliseconds") from error
    wrong = values[~(np.isfinite(values) & (values >= 0))]
    if len(wrong):
        raise RunError(f"{where}: {wrong[0]}; expected milliseconds, zero or more")
    return values
