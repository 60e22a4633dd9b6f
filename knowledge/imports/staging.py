"""Staging: the good rows of a file, validated and grouped by their id, before anything is written.

All of a file is read into a private temporary database first. So whatever is wrong with the file as a whole leaves
everything as it was, rows of one order are together wherever they stand, and memory stays small.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Generic, NamedTuple

from knowledge.imports.rows import Row

CACHE_KIB = 16_000
TABLES = """
CREATE TABLE staged (line INTEGER PRIMARY KEY, key TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE claim (name TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
"""
ROWS_AT_A_TIME = 10_000


class StagedRow(NamedTuple, Generic[Row]):
    """A good row and the line it stands on."""

    line: int
    row: Row


@dataclass(frozen=True)
class Group(Generic[Row]):
    """All rows of a file with the same id, in file order; never empty."""

    key: str
    rows: Sequence[StagedRow[Row]]


class Staging(Generic[Row]):
    """Rows of one kind, on disk until closed."""

    def __init__(self, kind: type[Row]) -> None:
        self._kind = kind
        # An empty name is SQLite's private on-disk database, deleted when the connection ends, however it ends.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._connection.executescript(TABLES)

    def add(self, rows: Iterable[tuple[int, str, Row]]) -> None:
        """Keep rows, each with its line and id."""
        packed = ((line, key, row.packed()) for line, key, row in rows)
        while batch := list(islice(packed, ROWS_AT_A_TIME)):
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO staged VALUES (?, ?, ?)", batch)
            self._connection.execute("COMMIT")

    def claim(self, name: str, owner: str) -> str:
        """Who was the first to claim `name`: `owner` itself, or somebody before."""
        self._connection.execute("INSERT OR IGNORE INTO claim VALUES (?, ?)", (name, owner))
        (first,) = self._connection.execute("SELECT owner FROM claim WHERE name = ?", (name,)).fetchone()
        return str(first)

    def __len__(self) -> int:
        (n_rows,) = self._connection.execute("SELECT count(*) FROM staged").fetchone()
        return int(n_rows)

    def having(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that some row has."""
        self._connection.execute("CREATE INDEX IF NOT EXISTS staged_key ON staged (key)")
        one = "SELECT 1 FROM staged WHERE key = ? LIMIT 1"
        return {key for key in keys if self._connection.execute(one, (key,)).fetchone()}

    def rows_of(self, keys: Collection[str]) -> dict[str, Row]:
        """The first row of each of `keys` that some row has."""
        query = "SELECT body FROM staged WHERE key = ? ORDER BY line LIMIT 1"
        found = {key: self._connection.execute(query, (key,)).fetchone() for key in self.having(keys)}
        return {key: self._kind.unpacked(body) for key, (body,) in found.items()}

    def groups(self) -> Iterator[Group[Row]]:
        """Every group once, by key; sorted keys also make the writing that follows fast."""
        ordered = self._connection.execute("SELECT key, line, body FROM staged ORDER BY key, line")
        for key, members in groupby(ordered, key=lambda member: str(member[0])):
            yield Group(key, [StagedRow(line, self._kind.unpacked(body)) for _, line, body in members])

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
