"""The index as the engine holds it: three collections that follow the database."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.database import Database
from knowledge.errors import IndexMissingError, SearchIndexError
from knowledge.index.cache import VectorCache
from knowledge.index.encoding import CachedEncoder, Encoding, TextEncoder, WordsOnly
from knowledge.index.follower import Follower, Watermark, last_seq
from knowledge.index.items import IndexItem, count_items
from knowledge.index.library_state import LibraryReader, LibraryState, LibraryView, Thing
from knowledge.index.schema import SCHEMAS
from knowledge.index.snapshot import CACHE_FOLDER, Snapshot, current_pointer, current_snapshot, tenant_folder
from knowledge.index.view import CollectionView

__all__ = ["FollowStatus", "LibraryIndex", "LibraryView", "TextEncoder"]

MAX_UNBUILT_ITEMS = 3_000
STEPS_BETWEEN_RETRIES = 100
"""While following, what is stuck is tried again every so many steps, about five seconds."""

REBUILD_AFTER = 5_000
"""So many changed items slow every search noticeably; a rebuild is then recommended, nothing is wrong."""


@dataclass(frozen=True)
class FollowStatus:
    """How the index is keeping up."""

    version: str
    watermark: int
    n_changed: int
    is_following: bool
    last_error: str | None

    @property
    def rebuild_recommended(self) -> bool:
        return self.n_changed > REBUILD_AFTER


class LibraryIndex:
    """One tenant's index in this process; safe to use from many threads."""

    def __init__(
        self, tenant: Path, database: Database, tenant_id: str, state: LibraryState, encoding: Encoding
    ) -> None:
        self._tenant = tenant
        self._database = database
        self._tenant_id = tenant_id
        self._encoding = encoding
        self._reader = LibraryReader(database, tenant_id, encoding)
        self._state = state
        self._pointer: str | None = None
        self._changing = threading.Lock()
        self._watermark = Watermark(state.watermark)
        self._n_steps = 0
        self._follower = Follower(self._follow, f"index-follower-{tenant_id}")
        self._listeners: list[Callable[[Sequence[Thing]], None]] = []

    @classmethod
    def open(cls, folder: Path, database: Database, tenant_id: str, encoder: TextEncoder | None) -> "LibraryIndex":
        """The index of a tenant, up to date with the database.

        Without a snapshot, a small library is indexed at once in memory. Without an encoder, searching by words works
        as ever and texts that are new since the snapshot are not found by their meaning. What cannot be indexed is left
        out, logged and named in `status`.

        Raises:
            IndexMissingError: there is no snapshot and too much to index in memory.
            IndexCorruptError: the snapshot is incomplete.
            SearchIndexError: the snapshot belongs to another encoder or another database.
        """
        tenant = tenant_folder(folder, tenant_id)
        pointer = current_pointer(tenant)
        snapshot = current_snapshot(tenant)
        encoding = _encoding(tenant, encoder, snapshot)
        index = cls(tenant, database, tenant_id, LibraryState.of_snapshot(snapshot, encoding.dim), encoding)
        index._pointer = pointer
        index._check_database(snapshot)
        if snapshot is None:
            index._replace(index._reader.everything(index._state))
        index._step(retry=False)
        return index

    @property
    def view(self) -> LibraryView:
        """All collections at one moment; take it once per message."""
        return self._state.view

    @property
    def scripts(self) -> CollectionView:
        return self._state.view.scripts

    @property
    def products(self) -> CollectionView:
        return self._state.view.products

    @property
    def passages(self) -> CollectionView:
        return self._state.view.passages

    @property
    def version(self) -> str:
        """The snapshot and the last change taken in."""
        return self._state.view.version

    @property
    def dim(self) -> int:
        """Length of the vectors it is searched with."""
        return self._encoding.dim

    @property
    def watermark(self) -> int:
        """Every change up to this sequence number can be found."""
        return self._watermark.seq

    @property
    def position(self) -> int:
        """The last change read; what of it could not be indexed is named in `status`."""
        return self._state.position

    @property
    def status(self) -> FollowStatus:
        state = self._state
        errors = [stuck.error for stuck in state.stuck.values()]
        error = self._follower.last_error or (errors[0] if errors else None)
        return FollowStatus(state.view.version, self.watermark, state.n_changed, self._follower.is_running, error)

    def catch_up(self) -> int:
        """Take in every change there is, and a newer snapshot if one was built; gives the watermark.

        Raises:
            SearchIndexError: something cannot be indexed; everything else has been.
        """
        state = self._step(retry=True)
        if state.stuck:
            (kind, item_id), stuck = next(iter(state.stuck.items()))
            raise SearchIndexError(f"{len(state.stuck)} cannot be indexed, first {kind.value} {item_id}: {stuck.error}")
        return state.watermark

    def refresh(self) -> None:
        """Take in what has changed, without trying again what could not be indexed before; cheap when nothing has."""
        self._step(retry=False)

    def wait_for(self, seq: int, timeout_s: float) -> bool:
        """Whether the change with this sequence number can be found, waiting for it if need be."""
        if not self._follower.is_running and self.watermark < seq:
            return self.catch_up() >= seq
        return self._watermark.wait_for(seq, timeout_s)

    def supposing(self, script: IndexItem) -> LibraryView:
        """The library as it would be with this script live; nothing is changed."""
        with self._changing:
            return self._reader.supposing(self._state, script).view

    def on_changes(self, tell: Callable[[Sequence[Thing]], None]) -> None:
        """Call `tell` with the kinds and ids of what has changed, customers included, whenever something has."""
        self._listeners.append(tell)

    def start_following(self) -> None:
        """Keep up with the database from now on, in a thread of its own."""
        self._follower.start()

    def close(self) -> None:
        """Stop following; views already taken keep working."""
        self._follower.stop()

    def _follow(self) -> None:
        self._n_steps += 1
        self._step(retry=self._n_steps % STEPS_BETWEEN_RETRIES == 0)

    def _step(self, *, retry: bool) -> LibraryState:
        with self._changing:
            start = self._newer_snapshot() or self._state
            state, things = self._reader.caught_up(self._reader.retried(start) if retry else start)
            self._replace(state)
        for tell in self._listeners if things else ():
            tell(sorted(things))
        return state

    def _replace(self, state: LibraryState) -> None:
        _ = state.view  # made here, so that no search pays for it
        self._state = state
        self._watermark.raise_to(state.watermark)

    def _newer_snapshot(self) -> LibraryState | None:
        pointer = current_pointer(self._tenant)
        if pointer == self._pointer:
            return None
        snapshot = current_snapshot(self._tenant)
        self._pointer = pointer
        if snapshot is None or not _fits(snapshot, self._encoding):
            return None
        return LibraryState.of_snapshot(snapshot, self._encoding.dim)

    def _check_database(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            self._check_small()
            return
        with self._database.read() as session:
            head = last_seq(session, self._tenant_id)
        if snapshot.contents.seq > head:
            raise SearchIndexError(
                f"the index has change {snapshot.contents.seq}, the database only {head} (restored from a backup?); "
                "run: copilot index build"
            )

    def _check_small(self) -> None:
        with self._database.read() as session:
            n_items = sum(count_items(session, self._tenant_id, kind) for kind in SCHEMAS)
        if n_items > MAX_UNBUILT_ITEMS:
            raise IndexMissingError(f"{n_items} items wait to be indexed; run: copilot index build")


def _encoding(tenant: Path, encoder: TextEncoder | None, snapshot: Snapshot | None) -> Encoding:
    if encoder is None:
        return WordsOnly(snapshot.contents.dim if snapshot else 1)
    cached = CachedEncoder(encoder, VectorCache.open(tenant / CACHE_FOLDER, encoder.fingerprint, encoder.dim))
    if snapshot is not None and not _fits(snapshot, cached):
        raise SearchIndexError(
            f"the index was built with encoder {snapshot.contents.fingerprint!r}, this one is {encoder.fingerprint!r}; "
            "run: copilot index build"
        )
    return cached


def _fits(snapshot: Snapshot, encoding: Encoding) -> bool:
    contents = snapshot.contents
    return contents.dim == encoding.dim and encoding.fingerprint in (None, contents.fingerprint)
