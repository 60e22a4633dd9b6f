"""Logged decisions with their propensities: what off-policy evaluation reads.

One row a candidate: who could have stood at which position of which round, with what probability, and what the one that
was shown brought. docs/off-policy.md explains the columns.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eval.datasets.decision_checks import check_rows
from eval.datasets.decision_rows import PROBABILITIES, Rows, read_rows
from eval.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Decisions:
    """Logged rounds, one row a candidate, ordered by round, position and their order in the file.

    A *place* counts the positions that a round shows from 0: a round that shows only position 3 has one place.
    """

    source: str
    data_hash: str
    rounds: Codes
    """The round of every row, shape (n_rows,), never falling."""
    positions: Codes
    items: Codes
    shown: NDArray[np.bool_]
    """True for exactly one row of every round and position."""
    rewards: Floats
    """NaN where the candidate was not shown."""
    probabilities: Mapping[str, Floats]
    """By column name, shape (n_rows,); those of a whole list may be NaN where the candidate was not shown."""
    features: Floats
    """Shape (n_rows, n_features)."""
    feature_names: tuple[str, ...]
    clusters: Codes
    """What each round belongs to, shape (n_rounds,); a round without a cluster is one of its own."""
    round_ids: pa.StringArray
    item_ids: pa.StringArray

    @property
    def n_rounds(self) -> int:
        return len(self.clusters)

    @cached_property
    def n_clusters(self) -> int:
        return int(self.clusters.max()) + 1

    @cached_property
    def groups(self) -> Codes:
        """Which place of which round a row competes for, counted through the file, shape (n_rows,)."""
        new = (np.diff(self.rounds) != 0) | (np.diff(self.positions) != 0)
        return np.concatenate([[0], np.cumsum(new)]).astype(np.int32)

    @cached_property
    def places(self) -> Codes:
        """The place of every row within its round, from 0, shape (n_rows,)."""
        first_group = np.full(self.n_rounds, np.iinfo(np.int32).max, np.int32)
        np.minimum.at(first_group, self.rounds, self.groups)
        return self.groups - first_group[self.rounds]

    @cached_property
    def n_places(self) -> int:
        """The places of the longest round."""
        return int(self.places.max()) + 1

    @cached_property
    def candidates_listed(self) -> bool:
        """Whether any place lists more than the candidate that was shown."""
        return bool(len(self.shown) > self.shown.sum())

    def has(self, *columns: str) -> bool:
        """Whether all these probabilities were logged, or follow because a round shows one position only."""
        return all(self._stored(column) is not None for column in columns)

    def probability(self, column: str) -> Floats:
        """One column of probabilities, shape (n_rows,).

        Raises:
            DataError: the data lacks it.
        """
        stored = self._stored(column)
        if stored is None:
            raise DataError(self.source, None, f"no column {column!r}", PROBABILITIES[column])
        return stored

    def by_place(self, values: Floats, absent: float) -> Floats:
        """What the shown rows hold, shape (n_rounds, n_places); `absent` where a round has fewer places."""
        table = np.full((self.n_rounds, self.n_places), absent)
        table[self.rounds[self.shown], self.places[self.shown]] = values[self.shown]
        return table

    def _stored(self, column: str) -> Floats | None:
        # With one position a round, an item's probability there is also that of the list, whatever stands before it.
        if column not in self.probabilities and self.n_places == 1:
            column = "target_propensity" if column.startswith("target_") else "propensity"
        return self.probabilities.get(column)


def read_decisions(path: Path, *, max_bytes: int | None = None) -> Decisions:
    """Logged decisions from a JSONL or Parquet file; the same rows give the same hash from either.

    The file is read in pieces; what is kept may take `max_bytes` of memory, by default all that is left.

    Raises:
        DataError: the file cannot be read, is too large, or holds a wrong row.
    """
    rows = read_rows(path, max_bytes=max_bytes)
    check_rows(rows)
    rounds, positions = rows.codes["round_id"], rows.numbers["position"].astype(np.int32)
    order = np.lexsort((positions, rounds))
    features = [rows.numbers[name][order] for name in rows.feature_names]
    return Decisions(
        source=str(path),
        data_hash=_digest(rows),
        rounds=rounds[order],
        positions=positions[order],
        items=rows.codes["item_id"][order],
        shown=rows.shown[order],
        rewards=rows.numbers["reward"][order],
        probabilities={name: rows.numbers[name][order] for name in PROBABILITIES if name in rows.numbers},
        features=np.column_stack(features) if features else np.empty((len(order), 0)),
        feature_names=rows.feature_names,
        clusters=_clusters(rows),
        round_ids=rows.names["round_id"],
        item_ids=rows.names["item_id"],
    )


def _clusters(rows: Rows) -> Codes:
    """The cluster of every round, counted from 0 in the order of the rounds."""
    n_rounds = len(rows.names["round_id"])
    if "cluster_id" not in rows.codes:
        return np.arange(n_rounds, dtype=np.int32)
    known = np.full(n_rounds, -1, np.int64)
    known[rows.codes["round_id"]] = rows.codes["cluster_id"]
    alone = len(rows.names["cluster_id"]) + np.arange(n_rounds)
    return np.unique(np.where(known < 0, alone, known), return_inverse=True)[1].astype(np.int32)


def _digest(rows: Rows) -> str:
    """A hash of what was read, whatever the format of the file."""
    digest = hashlib.sha256()
    for name in sorted(rows.codes):
        digest.update(json.dumps([name, rows.names[name].to_pylist()]).encode())
        digest.update(rows.codes[name].astype("<i4").tobytes())
    digest.update(rows.shown.tobytes())
    for name in sorted(rows.numbers):
        values = np.where(np.isnan(rows.numbers[name]), np.nan, rows.numbers[name])  # one NaN, whatever its bits
        digest.update(name.encode() + values.astype("<f8").tobytes())
    return digest.hexdigest()
