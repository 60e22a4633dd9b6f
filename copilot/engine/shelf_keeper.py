"""Keeps the shelf of a library as the database has it: read in full once, then only what has changed."""

import math
import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, inspect, select
from sqlmodel import Session

from copilot.engine.freshness import Changes
from copilot.engine.library_shelf import Entry, Shelf
from knowledge.index.items import without_slots
from knowledge.tables import Script, ScriptStatus, ScriptVersion
from knowledge.text_initials import sounding

MAX_CHANGED = 500
"""So many changed scripts are read again one by one; of more, the whole shelf is."""
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
