"""Everything the index knows of one tenant at one moment, and how the feed takes it to the next."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import OperationalError

from knowledge.database import Database
from knowledge.index.collection import Collection, PreparedItem, prepare_items
from knowledge.index.encoding import Encoding
from knowledge.index.follower import Change, last_seq, read_changes
from knowledge.index.items import IndexItem, read_items
from knowledge.index.schema import SCHEMAS
from knowledge.index.snapshot import Snapshot
from knowledge.index.view import CollectionView
from knowledge.tables import IndexKind

logger = logging.getLogger(__name__)

BATCH_CHANGES = 1_000
NO_SNAPSHOT = "empty"

Thing = tuple[IndexKind, str]
"""A kind and an id."""


@dataclass(frozen=True)
class LibraryView:
    """All collections at the same moment; hold on to one for as long as a message takes."""

    scripts: CollectionView
    products: CollectionView
    passages: CollectionView
    version: str

    def word_counts(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """In how many texts of the library each token occurs; what `knowledge.text_mending.mended` asks."""
        scripts, products = self.scripts.word_counts(tokens), self.products.word_counts(tokens)
        return scripts + products + self.passages.word_counts(tokens)


@dataclass(frozen=True)
class LibraryState:
    """The collections, up to which change they are read, and what could not be read yet (with the error)."""

    snapshot: str
    collections: Mapping[IndexKind, Collection]
    position: int
    stuck: Mapping[Thing, "Stuck"]

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot | None, dim: int) -> "LibraryState":
        """What a snapshot holds; nothing without one."""
        collections = {
            kind: Collection(schema, dim, snapshot.load(schema) if snapshot else None)
            for kind, schema in SCHEMAS.items()
        }
        if snapshot is None:
            return cls(NO_SNAPSHOT, collections, 0, {})
        return cls(snapshot.name, collections, snapshot.contents.seq, {})

    @property
    def watermark(self) -> int:
        """Every change up to this one is in."""
        return min([self.position, *(stuck.seq - 1 for stuck in self.stuck.values())])

    @property
    def n_changed(self) -> int:
        """How many items are held in memory because they changed since the snapshot."""
        return sum(collection.n_changed for collection in self.collections.values())

    @cached_property
    def view(self) -> LibraryView:
        return LibraryView(
            self.collections[IndexKind.SCRIPT].view,
            self.collections[IndexKind.PRODUCT].view,
            self.collections[IndexKind.PASSAGE].view,
            f"{self.snapshot}+{self.position}",
        )


@dataclass(frozen=True)
class Stuck:
    """A change that could not be taken in."""

    seq: int
    error: str


class LibraryReader:
    """Takes a state to where the database is."""

    def __init__(self, database: Database, tenant_id: str, encoding: Encoding) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._encoding = encoding

    def everything(self, state: LibraryState) -> LibraryState:
        """The state with all items of the database, whether the feed mentions them or not."""
        with self._database.read() as session:
            position = last_seq(session, self._tenant_id)
            things = [(kind, item.item_id) for kind in SCHEMAS for item in read_items(session, self._tenant_id, kind)]
        return self._with(replace(state, position=position), dict.fromkeys(things, position))

    def caught_up(self, state: LibraryState) -> tuple[LibraryState, set[Thing]]:
        """The state after the last change there is, and everything that changed on the way, customers included.

        A thing that cannot be read or encoded is left as it was and remembered as stuck.
        """
        changed: set[Thing] = set()
        while changes := self._next_changes(state.position):
            changed |= {(change.kind, change.item_id) for change in changes}
            state = self._with(replace(state, position=changes[-1].seq), _first_seqs(changes))
        return state, changed

    def retried(self, state: LibraryState) -> LibraryState:
        """The state after trying once more what was stuck."""
        return self._with(state, {thing: stuck.seq for thing, stuck in state.stuck.items()})

    def supposing(self, state: LibraryState, script: IndexItem) -> LibraryState:
        """The state as it would be with this script live; the one it stands for is replaced."""
        scripts = self._changed(state, IndexKind.SCRIPT, [script], ())
        return replace(state, collections={**state.collections, IndexKind.SCRIPT: scripts})

    def _next_changes(self, after: int) -> list[Change]:
        with self._database.read() as session:
            return read_changes(session, self._tenant_id, after, BATCH_CHANGES)

    def _with(self, state: LibraryState, things: Mapping[Thing, int]) -> LibraryState:
        if not things:
            return state
        try:
            return self._read_again(state, things)
        except OperationalError:
            raise  # the database cannot be reached: nothing is wrong with these things
        except Exception as error:  # noqa: BLE001  # one bad thing must not keep out the good ones
            if len(things) > 1:
                for thing, seq in things.items():
                    state = self._with(state, {thing: seq})
                return state
            return _with_stuck(state, things, error)

    def _read_again(self, state: LibraryState, things: Mapping[Thing, int]) -> LibraryState:
        changed = dict(state.collections)
        for kind in SCHEMAS:
            if ids := [item_id for thing_kind, item_id in things if thing_kind == kind]:
                with self._database.read() as session:
                    items = list(read_items(session, self._tenant_id, kind, ids))
                gone = set(ids) - {item.item_id for item in items}
                changed[kind] = self._changed(state, kind, items, gone)
        stuck = {thing: known for thing, known in state.stuck.items() if thing not in things}
        return replace(state, collections=changed, stuck=stuck)

    def _changed(
        self, state: LibraryState, kind: IndexKind, items: Sequence[IndexItem], gone: Iterable[str]
    ) -> Collection:
        def prepare(fresh: Sequence[IndexItem]) -> list[PreparedItem]:
            return prepare_items(SCHEMAS[kind], fresh, self._encoding)

        return state.collections[kind].changed(items, gone, prepare)


def _first_seqs(changes: Iterable[Change]) -> dict[Thing, int]:
    """Each thing that changed, with its first change; customers are not indexed."""
    seqs: dict[Thing, int] = {}
    for change in changes:
        if change.kind in SCHEMAS:
            seqs.setdefault((change.kind, change.item_id), change.seq)
    return seqs


def _with_stuck(state: LibraryState, things: Mapping[Thing, int], error: Exception) -> LibraryState:
    message = f"{type(error).__name__}: {error}"
    stuck = dict(state.stuck)
    for (kind, item_id), seq in things.items():
        logger.warning("%s %s of change %d cannot be indexed: %s", kind.value, item_id, seq, message)
        known = stuck.get((kind, item_id))
        stuck[(kind, item_id)] = Stuck(min(seq, known.seq) if known else seq, message)
    return replace(state, stuck=stuck)
