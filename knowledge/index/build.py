"""Building a snapshot of everything a tenant's library holds now."""

import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.database import Database
from knowledge.errors import SearchIndexError
from knowledge.index.cache import VectorCache, cache_name
from knowledge.index.encoding import CachedEncoder, TextEncoder
from knowledge.index.files import locked_at_once
from knowledge.index.follower import last_seq
from knowledge.index.items import count_items, read_items
from knowledge.index.schema import SCHEMAS, CollectionSchema, FieldSchema
from knowledge.index.segment import SegmentDraft
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
"""Hears how many of how many are done, and of what."""

LOCK_FILE = "build.lock"
_BATCH_ROWS = 1_024


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
    keep: Collection[tuple[str, int]] = (),
) -> BuildReport:
    """Write a new snapshot and make it the one in use; processes that follow the database take it up by themselves.

    Texts are encoded batch by batch into a cache on disk, so an interrupted build goes on where it was and the next one
    encodes only what has changed. Memory holds one collection's texts and words, never its vectors. `keep` names other
    encoders, by fingerprint and dimension, whose vectors stay in that cache because somebody may go back to them.

    Raises:
        SearchIndexError: another build of this tenant is under way, or the encoder gives vectors of a wrong shape.
    """
    tenant = tenant_folder(folder, tenant_id)
    with locked_at_once(tenant / LOCK_FILE) as is_mine:
        if not is_mine:
            raise SearchIndexError(f"another build of the index in {tenant} is under way; wait for it to end")
        cache = VectorCache.open(tenant / CACHE_FOLDER, encoder.fingerprint, encoder.dim)
        build = _Build(database, tenant, tenant_id, CachedEncoder(encoder, cache), progress or _say_nothing)
        report = build.run(clock())
        _remove_old_caches(tenant, keep)
        return report


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
        with self._database.read() as session:
            seq = last_seq(session, self._tenant_id)  # before any item: what changes meanwhile is followed again
        with _empty_folder(self._tenant / BUILDING_FOLDER) as building, ThreadPoolExecutor(1) as beside:
            n_items: dict[str, int] = {}
            n_rows: dict[str, int] = {}
            for kind, schema in SCHEMAS.items():
                segment = self._draft(kind).finished(partial(self._vectors, building, schema), beside=beside)
                segment.save(building / "generation" / schema.name)
                n_items[schema.name] = segment.n_items
                n_rows |= {f"{schema.name}.{name}": rows.n_rows for name, rows in segment.fields.items()}
            fingerprint, dim = self._encoder.fingerprint, self._encoder.dim
            contents = Contents(self._tenant_id, seq, fingerprint, dim, n_items, n_rows, now)
            snapshot = publish(self._tenant, building / "generation", contents)
        removed = remove_old_generations(self._tenant)
        return BuildReport(snapshot.name, seq, n_items, n_rows, self._encoder.n_encoded, removed)

    def _draft(self, kind: IndexKind) -> SegmentDraft:
        """All items of a kind; the database is read in one go and then left alone."""
        what = f"reading {SCHEMAS[kind].name}"
        draft = SegmentDraft(SCHEMAS[kind])
        with self._database.read() as session:
            total = count_items(session, self._tenant_id, kind)
            for done, item in enumerate(read_items(session, self._tenant_id, kind), 1):
                draft.add(item)
                if done % _BATCH_ROWS == 0 or done == total:
                    self._progress(done, total, what)
        return draft

    def _vectors(
        self, building: Path, schema: CollectionSchema, field: FieldSchema, texts: StringColumn
    ) -> NDArray[np.float32]:
        """The vectors of all rows, gathered in a file rather than in memory."""
        what = f"encoding {schema.name}: {field.name}"
        if not len(texts):
            return np.empty((0, self._encoder.dim), np.float32)
        path = building / f"{schema.name}.{field.name}"
        vectors = np.memmap(path, np.float32, "w+", shape=(len(texts), self._encoder.dim))
        for start in range(0, len(texts), _BATCH_ROWS):
            rows = texts.slice(start, start + _BATCH_ROWS)
            vectors[start : start + len(rows)] = self._encoder.encode(field.side, rows)
            self._progress(start + len(rows), len(texts), what)
        return np.asarray(vectors)


def _remove_old_caches(tenant: Path, keep: Collection[tuple[str, int]]) -> None:
    """Drop the vectors of encoders that no kept generation was built with, but for those to keep."""
    built_with = {(kept.contents.fingerprint, kept.contents.dim) for kept in kept_snapshots(tenant)}
    used = {cache_name(fingerprint, dim) for fingerprint, dim in built_with.union(keep)}
    for path in (tenant / CACHE_FOLDER).iterdir():
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


def _say_nothing(done: int, total: int, what: str) -> None:
    """The progress of a build nobody watches."""
