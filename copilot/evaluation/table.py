"""Runs over texts: what every system's answers look like as rows, and the run they make."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copilot.evaluation.setting import ID_DIGITS, MANIFEST_FORMAT, code_version
from copilot.evaluation.systems import Ranking, reasons
from eval.runs.run import COLUMNS, MANIFEST_FILE, METRIC_PREFIX, METRICS_FILE, QUERIES_FILE, Run

N_KEPT = 10
"""How much of a ranking is kept for looking at; metrics see all of it."""
DETACHED = Path("not-saved")


@dataclass(frozen=True)
class RankedQuery:
    """A query, what is relevant to it, and the ids and texts of what was found, best first."""

    query_id: str
    message: str
    relevant: Sequence[str]
    ids: Sequence[str]
    texts: Sequence[str]
    ranking: Ranking
    n_kept: int = N_KEPT
    probabilities: Sequence[float] | None = None
    """Of each, where the system states any."""

    def row(self) -> dict[str, Any]:
        """The row of `queries.parquet`; of a long ranking only the beginning."""
        found = zip(self.ids, self.texts, self.ranking.scores.tolist(), strict=True)
        return {
            "query_id": self.query_id,
            "message": self.message,
            "relevant": list(self.relevant),
            "replies": [
                {
                    "item_id": item_id,
                    "version": 0,
                    "text": text,
                    "score": score,
                    "probability": self.probabilities[place] if self.probabilities is not None else None,
                    "why": [{"feature": name, "contribution": amount} for name, amount in reasons(self.ranking, place)],
                }
                for place, (item_id, text, score) in enumerate(found)
                if place < self.n_kept
            ],
        }


def run_of(facts: Mapping[str, object], queries: Iterable[RankedQuery], metrics: Mapping[str, Sequence[float]]) -> Run:
    """A run in memory; `facts` are everything that decided it, `metrics` have one value a query."""
    table = pa.Table.from_pylist([query.row() for query in queries], COLUMNS)
    for name, values in metrics.items():
        table = table.append_column(METRIC_PREFIX + name, pa.array(values, pa.float64(), from_pandas=True))
    decisive = {**facts, "code": code_version()}
    text = json.dumps(decisive, sort_keys=True, ensure_ascii=False)
    run_id = hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]
    return Run(DETACHED, {"format": MANIFEST_FORMAT, "run_id": run_id, **decisive}, table)


def save_run(run: Run, summary: Mapping[str, object], folder: Path) -> None:
    """Write a run into a folder, as `Run.open` reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(run.table, folder / QUERIES_FILE)
    for name, value in ((METRICS_FILE, summary), (MANIFEST_FILE, run.manifest)):
        text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
        (folder / name).write_text(text + "\n", encoding="utf-8")
