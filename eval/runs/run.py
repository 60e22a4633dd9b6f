"""A finished run, as it lies in its folder.

manifest.json      everything that decided the results; the run's id is a hash of it
queries.parquet    one row a query, see `COLUMNS`; the same bytes whenever the same run is made again
metrics.json       means and intervals, for the whole and for each slice
timings.parquet    milliseconds per query and stage; differs from run to run
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.errors import RunError

MANIFEST_FILE = "manifest.json"
QUERIES_FILE = "queries.parquet"
METRICS_FILE = "metrics.json"
TIMINGS_FILE = "timings.parquet"
METRIC_PREFIX = "metric:"

CONTRIBUTION = pa.struct([("feature", pa.string()), ("contribution", pa.float64())])
RANKED = pa.struct(
    [
        ("item_id", pa.string()),
        ("version", pa.int64()),
        ("text", pa.string()),
        ("score", pa.float64()),
        ("probability", pa.float64()),
        ("why", pa.list_(CONTRIBUTION)),
    ]
)
EXCLUDED = pa.struct([("item_id", pa.string()), ("rule", pa.string())])
FACTS = pa.list_(pa.struct([("kind", pa.string()), ("name", pa.string()), ("at", pa.timestamp("us", "UTC"))]))
"""What the system knew of the world, newest of each kind; runs over turns have it in the column `facts`."""

CLUSTERS = ("query", "conversation", "customer", "agent")
"""What one can resample by; the column is `<name>_id`."""
SLICES = ("tag", "stage", "scene", "channel", "agent-tenure", "length", "decision")
"""What one can slice by; the column is `slice:<name>`, a list of labels, since a customer has many tags."""

COLUMNS = pa.schema(
    [
        ("query_id", pa.string()),
        ("conversation_id", pa.string()),
        ("customer_id", pa.string()),
        ("agent_id", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("message", pa.string()),
        ("sent", pa.string()),
        ("relevant", pa.list_(pa.string())),
        ("replies", pa.list_(RANKED)),
        ("abstain_reason", pa.string()),
        ("products", pa.list_(RANKED)),
        ("excluded", pa.list_(EXCLUDED)),
        *((f"slice:{name}", pa.list_(pa.string())) for name in SLICES),
    ]
)
"""The columns every run has; metrics follow as `metric:<name>`, empty where one does not apply to the query."""


@dataclass(frozen=True)
class Run:
    """What a system answered, query by query, in the order of the data."""

    folder: Path
    manifest: Mapping[str, Any]
    table: pa.Table

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """A finished run.

        Raises:
            RunError: the folder holds no finished run, or one of another format.
        """
        try:
            manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
            table = pq.read_table(folder / QUERIES_FILE)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RunError(f"{folder} holds no finished run ({error}); make one with: copilot eval run") from error
        missing = [name for name in COLUMNS.names if name not in table.column_names]
        if missing:
            raise RunError(f"{folder / QUERIES_FILE} lacks the columns {missing}; was it written by another version?")
        return cls(folder, manifest, table)

    @property
    def id(self) -> str:
        return str(self.manifest["run_id"])

    @property
    def query_ids(self) -> list[str]:
        ids: list[str] = self.table["query_id"].to_pylist()
        return ids

    @property
    def metric_names(self) -> list[str]:
        """The metrics measured, in the order of the file."""
        prefixed = (name for name in self.table.column_names if name.startswith(METRIC_PREFIX))
        return [name.removeprefix(METRIC_PREFIX) for name in prefixed]

    def values(self, metric: str) -> NDArray[np.float64]:
        """One value a query, shape (n_queries,); NaN where the metric does not apply.

        Raises:
            RunError: the metric was not measured.
        """
        if metric not in self.metric_names:
            raise RunError(f"run {self.id} has no metric {metric!r}; it has {', '.join(self.metric_names)}")
        column = self.table[METRIC_PREFIX + metric].combine_chunks()
        return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)

    def clusters(self, by: str) -> NDArray[np.str_]:
        """What each query belongs to, shape (n_queries,); a query without one is a cluster of its own.

        Raises:
            RunError: there is no such grouping.
        """
        if by not in CLUSTERS:
            raise RunError(f"cannot group queries by {by!r}; expected one of {', '.join(CLUSTERS)}")
        ids = self.table[f"{by}_id"].to_pylist()
        return np.array([own if own is not None else f"\x00{i}" for i, own in enumerate(ids)])

    def slice_labels(self, name: str) -> list[list[str]]:
        """The labels of every query in one slicing.

        Raises:
            RunError: there is no such slicing.
        """
        if name not in SLICES:
            raise RunError(f"cannot slice by {name!r}; expected one of {', '.join(SLICES)}")
        return [labels or [] for labels in self.table[f"slice:{name}"].to_pylist()]
