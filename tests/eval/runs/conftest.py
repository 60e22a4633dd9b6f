"""Runs in memory, with as much in them as a test says."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from eval.runs.run import COLUMNS, METRIC_PREFIX, Run

MakeRun = Callable[..., Run]


def reply(item_id: str, probability: float | None = None, score: float = 1.0, **why: float) -> dict[str, Any]:
    """One reply as a run stores it."""
    parts = [{"feature": feature, "contribution": amount} for feature, amount in why.items()]
    text = f"text of {item_id}"
    return {"item_id": item_id, "version": 1, "text": text, "score": score, "probability": probability, "why": parts}


@pytest.fixture
def make_run() -> MakeRun:
    """A run with the given metric columns and, by name, any of a run's own columns; the rest is empty."""

    def make(
        metrics: Mapping[str, Sequence[float]], run_id: str = "run", data: str = "data", **columns: Sequence[Any]
    ) -> Run:
        n = len(next(iter([*metrics.values(), *columns.values()])))
        named = {name.replace("slice_", "slice:"): values for name, values in columns.items()}
        given = {"query_id": [f"q{row}" for row in range(n)], **named}
        arrays = [pa.array(given.get(field.name, [None] * n), field.type) for field in COLUMNS]
        table = pa.Table.from_arrays(arrays, schema=COLUMNS)
        for name, values in metrics.items():
            table = table.append_column(METRIC_PREFIX + name, pa.array(values, pa.float64(), from_pandas=True))
        return Run(Path(), {"run_id": run_id, "data": {"sha256": data}}, table)

    return make
