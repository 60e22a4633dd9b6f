"""The scripts of a library as people look for them: by title and sound, by where they belong and who may see them."""

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, and_, bindparam, func, inspect, select
from sqlmodel import Session

from copilot.engine.freshness import Changes
from copilot.engine.rule_tables import Parts
from knowledge.index.items import without_slots
from knowledge.index.strings import hashes64
from knowledge.index.view import CollectionView
from knowledge.tables import Script, ScriptStatus, ScriptVersion
from knowledge.text_initials import SoundTable, sounding

MAX_CHANGED = 500
"""So many changed scripts are read again one by one; of more, the whole shelf is."""
TITLE_ROW, TEXT_ROW, TRIGGER_ROW = range(3)
_SCRIPT, _VERSION = inspect(Script).local_table.c, inspect(ScriptVersion).local_table.c
_COLUMNS = (
    _SCRIPT.id,
    _SCRIPT.kind,
    _SCRIPT.title,
    _SCRIPT.live_version,
    _VERSION.version,
    _VERSION.text,
    _VERSION.triggers,
    _VERSION.stages,
    _VERSION.scenes,
    _VERSION.scope,
    _VERSION.valid_from,
    _VERSION.valid_to,
)
_OF_SCRIPT = and_(_VERSION.tenant_id == _SCRIPT.tenant_id, _VERSION.script_id == _SCRIPT.id)
_OF_TENANT = _SCRIPT.tenant_id == bindparam("tenant_id")
_IS_LIVE = and_(_VERSION.version == _SCRIPT.live_version, _VERSION.status == ScriptStatus.PUBLISHED)
_LIVE = select(*_COLUMNS).where(_OF_SCRIPT, _OF_TENANT, _IS_LIVE)
_LIVE_AMONG = _LIVE.where(_SCRIPT.id.in_(bindparam("ids", expanding=True)))
_UNPUBLISHED = select(*_COLUMNS).where(
    _OF_SCRIPT, _OF_TENANT, _SCRIPT.live_version.is_(None), _VERSION.version == _SCRIPT.latest_version
)
_UNPUBLISHED_STATE = select(func.count(), func.max(_SCRIPT.updated_at), func.sum(_SCRIPT.latest_version)).where(
    _OF_TENANT, _SCRIPT.live_version.is_(None)
)


@dataclass(frozen=True)
class Entry:
    """A script as it can be looked for; `rows` are its title, its text and its triggers as they sound."""

    script_id: str
    version: int
    title: str
    kind: str
    stages: tuple[str, ...]
    scenes: tuple[str, ...]
    scope: str
    valid_from: float
    valid_to: float
    rows: tuple[str, ...]

    @property
    def key(self) -> tuple[str, int]:
        return self.script_id, self.version


@dataclass(frozen=True)
class ShelfFilter:
    """Which scripts are looked among; an empty field lets everything through."""

    stage: str = ""
    scene: str = ""
    kinds: tuple[str, ...] = ()
    valid_at: datetime | None = None
    sees: Callable[[str], bool] = lambda _: True


class Shelf:
    """Some scripts at one moment, ordered by id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=lambda one: one.script_id)
        self._ordinals: tuple[CollectionView, NDArray[np.int32]] | None = None

    @cached_property
    def sounds(self) -> SoundTable:
        """How the rows of all entries sound, entry after entry."""
        return SoundTable([row for one in self.entries for row in one.rows])

    @cached_property
    def row_places(self) -> NDArray[np.intp]:
        """The entry that each row of the sounds belongs to."""
        return np.repeat(np.arange(len(self.entries)), [len(one.rows) for one in self.entries])

    @cached_property
    def row_kinds(self) -> NDArray[np.intp]:
        """What each row of the sounds is: `TITLE_ROW`, `TEXT_ROW` or `TRIGGER_ROW`."""
        kinds = (min(which, TRIGGER_ROW) for one in self.entries for which in range(len(one.rows)))
        return np.fromiter(kinds, np.intp)

    @cached_property
    def row_lengths(self) -> NDArray[np.intp]:
        """How many characters each row of the sounds has."""
        return np.fromiter((len(row) for one in self.entries for row in one.rows), np.intp)

    def fitting(self, wanted: ShelfFilter) -> NDArray[np.bool_]:
        """Which entries pass a filter, shape (n_entries,)."""
        fits = np.ones(len(self.entries), np.bool_)
        if wanted.stage:
            fits &= self._stages.allowed(lambda some: _apart(wanted.stage, some))
        if wanted.scene:
            fits &= self._scenes.allowed(lambda some: _apart(wanted.scene, some))
        if wanted.kinds:
            fits &= self._kinds.allowed(lambda kind: None if kind in wanted.kinds else kind)
        if wanted.valid_at is not None:
            moment = wanted.valid_at.timestamp()
            fits &= (self._valid[:, 0] <= moment) & (moment <= self._valid[:, 1])
        return fits & self._scopes.allowed(lambda scope: None if wanted.sees(scope) else scope)

    def ordinals(self, view: CollectionView) -> NDArray[np.int32]:
        """Where each entry is in a view of the index, -1 for those that it does not hold (yet)."""
        kept = self._ordinals
        if kept is None or kept[0] is not view:
            kept = self._ordinals = view, view.ordinals(self._id_hashes)
        return kept[1]

    @cached_property
    def _id_hashes(self) -> NDArray[np.uint64]:
        return hashes64(one.script_id for one in self.entries)

    @cached_property
    def _valid(self) -> NDArray[np.float64]:
        return np.array([(one.valid_from, one.valid_to) for one in self.entries]).reshape(-1, 2)

    @cached_property
    def _stages(self) -> Parts[tuple[str, ...]]:
        return Parts.of(one.stages for one in self.entries)

    @cached_property
    def _scenes(self) -> Parts[tuple[str, ...]]:
        return Parts.of(one.scenes for one in self.entries)

    @cached_property
    def _kinds(self) -> Parts[str]:
        return Parts.of(one.kind for one in self.entries)

    @cached_property
    def _scopes(self) -> Parts[str]:
        return Parts.of(one.scope for one in self.entries)


class ShelfKeeper:
    """Keeps the shelves of one tenant as the database has them; safe to call from many threads."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._changes = Changes()
        self._live: Shelf | None = None
        self._unpublished: tuple[object, Shelf] | None = None
        self._reading = threading.Lock()

    def note(self, script_id: str) -> None:
        """A script has changed."""
        self._changes.note(script_id)

    def live(self, session: Session) -> Shelf:
        """The scripts that are published; read in full once, then only what has changed."""
        with self._reading:
            seen = self._changes.seen_by(session)
            if self._live is None or len(seen) > MAX_CHANGED:
                self._live = Shelf(self._read(session, _LIVE))
            elif seen:
                others = (one for one in self._live.entries if one.script_id not in seen)
                self._live = Shelf([*others, *self._read(session, _LIVE_AMONG, ids=sorted(seen))])
            self._changes.settle(seen)
            return self._live

    def unpublished(self, session: Session) -> Shelf:
        """The scripts of which no version is live, each as its newest version says; read again when any changes."""
        with self._reading:
            state = tuple(session.connection().execute(_UNPUBLISHED_STATE, {"tenant_id": self._tenant_id}).one())
            if self._unpublished is None or self._unpublished[0] != state:
                self._unpublished = state, Shelf(self._read(session, _UNPUBLISHED))
            return self._unpublished[1]

    def _read(self, session: Session, query: Select[*tuple[Any, ...]], **asked: object) -> list[Entry]:
        rows = session.connection().execute(query, {"tenant_id": self._tenant_id, **asked})
        return [_entry(row) for row in rows]


def _entry(row: Row[Any]) -> Entry:
    texts: Sequence[str] = (row.title, without_slots(row.text), *row.triggers)
    return Entry(
        script_id=row.id,
        version=row.version,
        title=row.title,
        kind=row.kind.value,
        stages=tuple(row.stages),
        scenes=tuple(row.scenes),
        scope=row.scope,
        valid_from=-math.inf if row.valid_from is None else row.valid_from.timestamp(),
        valid_to=math.inf if row.valid_to is None else row.valid_to.timestamp(),
        rows=tuple(sounding(text) for text in texts),
    )


def _apart(wanted: str, named: Sequence[str]) -> str | None:
    """What keeps a script for some stages or scenes away from another one; those that name none are for all."""
    return None if not named or wanted in named else wanted
