"""Building a snapshot of everything a tenant's library holds now."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.database import Database
from knowledge.errors import SearchIndexError
from knowledge.index.cache import VectorCache, cache_name
from knowledge.index.encoding import CachedEncoder, TextEncoder
from knowledge.index.files import locked_at_once
from knowledge.index.follower import last_seq
from knowledge.index.items import IndexItem, count_items, read_items
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.segment import build_segment
from knowledge.index.snapshot import (
    BUILDING_FOLDER,
    CACHE_FOLDER,
    Contents,
    kept_snapshots,
    publish,
    remove_old_generations,
    tenant_folder,
)
from knowledge.index.strings import StringColumn
from knowledge.tables import IndexKind
from knowledge.workspace import utc_now

Progress = Callable[[int, int, str], None]
"""Hears how many items of how many are done, and of what."""

LOCK_FILE = "build.lock"
_BATCH_ROWS = 4_096
_BATCH_ITEMS = 512


@dataclass(frozen=True)
class BuildReport:
    """What a build made; `n_encoded` texts were new, the vectors of all others were known."""

    snapshot: str
    seq: int
    n_items: dict[str, int]
    n_rows: dict[str, int]
    n_encoded: int
    removed: list[str]


def build_index(
    database: Database,
    folder: Path,
    tenant_id: str,
    encoder: TextEncoder,
    progress: Progress | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> BuildReport:
    """Write a new snapshot and make it the one in use; processes that follow the database take it up by themselves.

    Texts are encoded first, batch by batch into a cache on disk, so an interrupted build goes on where it was and
    changed texts are all that the next one encodes. Memory holds one collection's texts and words, never its vectors.

    Raises:
        SearchIndexError: another build of this tenant is under way, or the encoder gives vectors of a wrong shape.
    """
    tenant = tenant_folder(folder, tenant_id)
    with locked_at_once(tenant / LOCK_FILE) as is_mine:
        if not is_mine:
            raise SearchIndexError(f"another build of the index in {tenant} is under way; wait for it to end")
        cache = VectorCache.open(tenant / CACHE_FOLDER, encoder.fingerprint, encoder.dim)
        return _Build(database, tenant, tenant_id, CachedEncoder(encoder, cache), progress or _say_nothing).run(clock())


class _Build:
    def __init__(
        self, database: Database, tenant: Path, tenant_id: str, encoder: CachedEncoder, progress: Progress
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._tenant_id = tenant_id
        self._encoder = encoder
        self._progress = progress

    def run(self, now: datetime) -> BuildReport:
        for kind in SCHEMAS:
            self._encode_all(kind)
        with _empty_folder(self._tenant / BUILDING_FOLDER) as building:
            contents = self._write_all(building, now)
            snapshot = publish(self._tenant, building / "generation", contents)
        removed = remove_old_generations(self._tenant)
        self._remove_old_caches()
        return BuildReport(
            snapshot.name,
            contents.seq,
            dict(contents.n_items),
            dict(contents.n_rows),
            self._encoder.n_encoded,
            removed,
        )

    def _encode_all(self, kind: IndexKind) -> None:
        """Fill the cache; what changes meanwhile is encoded when the segment is made."""
        schema = SCHEMAS[kind]
        with self._database.read() as session:
            total = count_items(session, self._tenant_id, kind)
            done = 0
            for batch in _batches(read_items(session, self._tenant_id, kind)):
                for field in schema.fields:
                    self._encoder.learn(field.side, [text for item in batch for text in item.texts[field.name]])
                done += len(batch)
                self._progress(done, total, f"encoding {schema.name}")

    def _write_all(self, building: Path, now: datetime) -> Contents:
        n_items: dict[str, int] = {}
        n_rows: dict[str, int] = {}
        with self._database.read() as session:
            seq = last_seq(session, self._tenant_id)  # before the items: what changes meanwhile is followed again
            for kind, schema in SCHEMAS.items():
                items = read_items(session, self._tenant_id, kind)
                segment = build_segment(schema, items, partial(self._vectors, building))
                segment.save(building / "generation" / schema.name)
                n_items[schema.name] = segment.n_items
                n_rows |= {f"{schema.name}.{name}": rows.n_rows for name, rows in segment.fields.items()}
                self._progress(segment.n_items, segment.n_items, f"writing {schema.name}")
        return Contents(self._tenant_id, seq, self._encoder.fingerprint, self._encoder.dim, n_items, n_rows, now)

    def _vectors(self, building: Path, field: FieldSchema, texts: StringColumn) -> NDArray[np.float32]:
        """The vectors of all rows, gathered in a file rather than in memory."""
        if not len(texts):
            return np.empty((0, self._encoder.dim), np.float32)
        path = building / f"{field.name}.vectors"
        vectors = np.memmap(path, np.float32, "w+", shape=(len(texts), self._encoder.dim))
        for start in range(0, len(texts), _BATCH_ROWS):
            rows = texts.slice(start, start + _BATCH_ROWS)
            vectors[start : start + len(rows)] = self._encoder.encode(field.side, rows)
        return np.asarray(vectors)

    def _remove_old_caches(self) -> None:
        """Drop the vectors of encoders that no kept generation was built with."""
        used = {cache_name(kept.contents.fingerprint, kept.contents.dim) for kept in kept_snapshots(self._tenant)}
        for path in (self._tenant / CACHE_FOLDER).iterdir():
            if path.name not in used:
                shutil.rmtree(path)


@contextmanager
def _empty_folder(path: Path) -> Iterator[Path]:
    """A folder without what a killed build may have left there; gone afterwards."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _batches(items: Iterator[IndexItem]) -> Iterator[list[IndexItem]]:
    while batch := list(islice(items, _BATCH_ITEMS)):
        yield batch


def _say_nothing(done: int, total: int, what: str) -> None:
    """The progress of a build nobody watches."""
