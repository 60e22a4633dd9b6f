"""All replies of an archive as columns, and the files that keep them between runs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPLIES_FILE = "replies-{:06d}.parquet"
TALKS_FILE = "conversations-{:06d}.parquet"


@dataclass(frozen=True)
class TalkRow:
    """A conversation without its messages; `outcomes` as `outcomes_of` names them."""

    conversation_id: str
    customer_id: str
    agent_id: str
    channel: str
    scene: str
    stage: str
    started_at: float
    outcomes: dict[str, float]


@dataclass(frozen=True)
class ReplyRow:
    """A reply as it is kept, personal data already replaced by slots; see `turns.Reply`."""

    conversation_id: str
    session: int
    position: int
    turn: int
    at: float
    agent_id: str
    script_id: str
    message: str
    reply: str
    answered: bool


@dataclass(frozen=True)
class Words:
    """Distinct texts and, for each row, which one it says."""

    texts: list[str]
    of_row: NDArray[np.int32]

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many rows say each text, shape (n_texts,)."""
        return np.bincount(self.of_row, minlength=len(self.texts)).astype(np.int64)


@dataclass(frozen=True)
class ReplyTable:
    """Replies by conversation and position; every array has one value a reply.

    Attributes:
        talk: Row of the conversation in `talks`.
        at: Seconds since 1970; NaN where the archive has no time.
    """

    talks: list[TalkRow]
    talk: NDArray[np.int32]
    session: NDArray[np.int32]
    position: NDArray[np.int32]
    turn: NDArray[np.int32]
    at: NDArray[np.float64]
    answered: NDArray[np.bool_]
    agent: Words
    script: Words
    message: Words
    reply: Words

    def __len__(self) -> int:
        return len(self.talk)


@dataclass
class Shards:
    """The Parquet files of one mining state; a later row of a conversation takes the place of an earlier one.

    Attributes:
        n: How many pairs of files were written.
        n_waiting: Conversations and replies that are not written yet.
    """

    folder: Path
    n: int = 0
    n_waiting: int = 0
    _waiting: dict[str, tuple[TalkRow, list[ReplyRow]]] = field(default_factory=dict)

    def add(self, talk: TalkRow, replies: Iterable[ReplyRow]) -> None:
        """Keep a conversation until `flush` writes it."""
        row = (talk, list(replies))
        self._waiting[talk.conversation_id] = row
        self.n_waiting += 1 + len(row[1])

    def flush(self) -> None:
        """Write what waits as the next two files."""
        if not self._waiting:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        replies = [reply for _, its_replies in self._waiting.values() for reply in its_replies]
        _write(self.folder / TALKS_FILE.format(self.n), [_talk_cells(talk) for talk, _ in self._waiting.values()])
        _write(self.folder / REPLIES_FILE.format(self.n), [vars(reply) for reply in replies or [_NO_REPLY]])
        self.n += 1
        self.n_waiting = 0
        self._waiting.clear()

    def conversation_ids(self) -> set[str]:
        """Of every conversation written so far."""
        import pyarrow.parquet as pq

        ids: set[str] = set()
        for shard in range(self.n):
            column = pq.ParquetFile(self.folder / TALKS_FILE.format(shard)).read(columns=["conversation_id"])
            ids.update(column["conversation_id"].to_pylist())
        return ids

    def table(self) -> ReplyTable:
        """Everything written so far."""
        return _table(self.folder, self.n)


def written_files(folder: Path) -> list[Path]:
    """The files that `Shards` has written in a folder, and no others."""
    names = (TALKS_FILE, REPLIES_FILE)
    return [path for name in names for path in sorted(folder.glob(name.replace("{:06d}", "[0-9]" * 6)))]


_NO_REPLY = ReplyRow("", 0, 0, 0, 0.0, "", "", "", "", False)
"""Stands in a file without replies, so that its columns have types."""
_TEXTS = ("agent_id", "script_id", "message", "reply")
_NUMBERS = {
    "session": np.int32,
    "position": np.int32,
    "turn": np.int32,
    "at": np.float64,
    "answered": np.bool_,
}


def _talk_cells(talk: TalkRow) -> dict[str, object]:
    return {**vars(talk), "outcomes": json.dumps(talk.outcomes, sort_keys=True)}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    partial = path.with_suffix(".partial")
    pq.write_table(pa.Table.from_pylist(rows), partial, compression="zstd")
    partial.replace(path)


def _table(folder: Path, n: int) -> ReplyTable:
    talks, shard_of = _latest_talks(folder, n)
    gathered = _Gathered({talk.conversation_id: row for row, talk in enumerate(talks)}, np.array(shard_of, np.int32))
    for shard in range(n):
        gathered.add(folder / REPLIES_FILE.format(shard), shard)
    return gathered.table(talks)


def _latest_talks(folder: Path, n: int) -> tuple[list[TalkRow], list[int]]:
    """Every conversation as it was last written, and in which file, by time and then id."""
    import pyarrow.parquet as pq

    latest: dict[str, tuple[TalkRow, int]] = {}
    for shard in range(n):
        for cells in pq.ParquetFile(folder / TALKS_FILE.format(shard)).read().to_pylist():
            talk = TalkRow(**{**cells, "outcomes": json.loads(cells["outcomes"])})
            latest[talk.conversation_id] = (talk, shard)
    found = sorted(latest.values(), key=lambda pair: (np.nan_to_num(pair[0].started_at), pair[0].conversation_id))
    return [talk for talk, _ in found], [shard for _, shard in found]


class _Gathered:
    """The columns of several files, put one after another."""

    def __init__(self, talk_rows: dict[str, int], shard_of: NDArray[np.int32]) -> None:
        self._talk_rows = talk_rows
        self._shard_of = shard_of
        self._talk: list[NDArray[np.int32]] = []
        self._numbers: dict[str, list[NDArray[Any]]] = {name: [] for name in _NUMBERS}
        self._texts = {name: _Interned() for name in _TEXTS}

    def add(self, path: Path, shard: int) -> None:
        """Those rows of a file whose conversation was not written again later."""
        import pyarrow.parquet as pq

        read = pq.ParquetFile(path, read_dictionary=["conversation_id", *_TEXTS]).read()
        ids = read["conversation_id"].combine_chunks()
        rows = np.array([self._talk_rows.get(talk_id, -1) for talk_id in ids.dictionary.to_pylist()], np.int32)
        talk = rows[ids.indices.to_numpy()]
        kept = (talk >= 0) & (self._shard_of[talk] == shard) if len(self._shard_of) else np.zeros(len(talk), np.bool_)
        self._talk.append(talk[kept])
        for name, parts in self._numbers.items():
            parts.append(read[name].to_numpy()[kept])
        for name, texts in self._texts.items():
            column = read[name].combine_chunks()
            texts.add(column.dictionary.to_pylist(), column.indices.to_numpy()[kept])

    def table(self, talks: list[TalkRow]) -> ReplyTable:
        """All rows by conversation and position."""
        talk = np.concatenate([np.zeros(0, np.int32), *self._talk])
        numbers: dict[str, NDArray[Any]] = {
            name: np.concatenate([np.zeros(0, kind), *self._numbers[name]]).astype(kind)
            for name, kind in _NUMBERS.items()
        }
        order = np.lexsort((numbers["position"], talk))
        return ReplyTable(
            talks=talks,
            talk=talk[order],
            **{name: values[order] for name, values in numbers.items()},
            agent=self._texts["agent_id"].words(order),
            script=self._texts["script_id"].words(order),
            message=self._texts["message"].words(order),
            reply=self._texts["reply"].words(order),
        )


class _Interned:
    """Texts of several files with one numbering."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._rows: list[NDArray[np.int32]] = []

    def add(self, texts: list[str], rows: NDArray[Any]) -> None:
        """Rows that point into these texts; texts no row points to are not taken."""
        used = np.unique(rows)
        numbers = np.zeros(len(texts), np.int32)
        for row in used.tolist():
            numbers[row] = self._known.setdefault(texts[row], len(self._known))
        self._rows.append(numbers[rows])

    def words(self, order: NDArray[np.intp]) -> Words:
        """The texts as they first come up in this order of rows, however they were spread over files."""
        rows = np.concatenate([np.zeros(0, np.int32), *self._rows])[order]
        used, first, places = np.unique(rows, return_index=True, return_inverse=True)
        by_first_row = np.argsort(first)
        numbers = np.empty(len(used), np.int32)
        numbers[by_first_row] = np.arange(len(used), dtype=np.int32)
        known = list(self._known)
        return Words([known[text] for text in used[by_first_row].tolist()], numbers[places])
