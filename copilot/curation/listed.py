"""Every script of a library as a list shows it: what it says, where it stands, how it is used, what ails it."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from copilot.engine.rendering import FILLABLE
from knowledge.health.dead import (
    Ending,
    OrphanSlots,
    Unused,
    expired,
    expiring,
    never_accepted,
    never_shown,
    orphan_slots,
)
from knowledge.health.rows import Exposure, LibraryScript
from knowledge.tables import (
    EVERYONE,
    AuditEntry,
    IndexChange,
    Script,
    ScriptComment,
    ScriptStatus,
    ScriptUse,
    ScriptVersion,
)
from knowledge.text import normalise

ANY: Final = "any"
"""The value of a facet that a script leaves open, such as the stage of one for all stages."""
SOON: Final = timedelta(days=14)
OPEN: Final = (ScriptStatus.DRAFT, ScriptStatus.REVIEW)


@dataclass(frozen=True)
class Usage:
    """How often a script was shown and what became of it, all agents together."""

    n_shown: int = 0
    n_accepted: int = 0
    n_edited: int = 0
    n_dismissed: int = 0
    last_used_at: datetime | None = None

    @property
    def n_used(self) -> int:
        return self.n_accepted + self.n_edited

    @property
    def acceptance(self) -> float | None:
        """The share of times it was shown and used; unknown when it never was shown."""
        return self.n_used / self.n_shown if self.n_shown else None


@dataclass(frozen=True)
class ListedScript:
    """A script by its live version, or by its newest while none is live; `ahead` says how its newest version waits."""

    script_id: str
    title: str
    kind: str
    owner: str
    text: str
    triggers: tuple[str, ...]
    stages: tuple[str, ...]
    scenes: tuple[str, ...]
    skus: tuple[str, ...]
    tags: tuple[str, ...]
    scope: str
    status: ScriptStatus
    ahead: ScriptStatus | None
    version: int
    live_version: int | None
    latest_version: int
    author: str
    valid_from: datetime | None
    valid_to: datetime | None
    published_at: datetime | None
    updated_at: datetime
    n_open_comments: int = 0
    usage: Usage = Usage()
    health: tuple[str, ...] = ()

    @property
    def statuses(self) -> tuple[str, ...]:
        """Where it stands: of one that is live and being changed, both."""
        return (self.status.value, self.ahead.value) if self.ahead else (self.status.value,)

    def validity(self, now: datetime) -> str:
        """Whether it is valid at a moment: always, current, upcoming, expiring or expired."""
        if self.valid_to is not None and self.valid_to < now:
            return "expired"
        if self.valid_from is not None and self.valid_from > now:
            return "upcoming"
        if self.valid_to is not None and self.valid_to - now <= SOON:
            return "expiring"
        return "always" if self.valid_to is None else "current"

    def says(self, folded: str) -> bool:
        """Whether a folded text is part of its id, title, text or triggers."""
        return any(folded in normalise(place) for place in (self.script_id, self.title, self.text, *self.triggers))


class ScriptList:
    """All scripts of a tenant, read again only when one of them has changed; safe from several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[int, int], list[ListedScript]]] = {}
        self._lock = threading.Lock()

    def read(self, session: Session, tenant_id: str, now: datetime) -> list[ListedScript]:
        """The scripts by id, with their use and health as of now."""
        stamp = _stamp(session, tenant_id)
        with self._lock:
            kept_stamp, scripts = self._kept.get(tenant_id, (None, []))
        if kept_stamp != stamp:
            scripts = _read_scripts(session, tenant_id)
            with self._lock:
                self._kept[tenant_id] = stamp, scripts
        return _with_use(session, tenant_id, scripts, now)


def _stamp(session: Session, tenant_id: str) -> tuple[int, int]:
    """Rises with whatever changes a script: every change by a person is audited, every import is told to the index."""
    audited = select(func.max(col(AuditEntry.seq))).where(col(AuditEntry.tenant_id) == tenant_id)
    told = select(func.max(col(IndexChange.seq))).where(col(IndexChange.tenant_id) == tenant_id)
    return session.execute(audited).scalar() or 0, session.execute(told).scalar() or 0


def _read_scripts(session: Session, tenant_id: str) -> list[ListedScript]:
    is_own = (col(ScriptVersion.tenant_id) == col(Script.tenant_id)) & (col(ScriptVersion.script_id) == col(Script.id))
    shown = func.coalesce(col(Script.live_version), col(Script.latest_version))
    of_tenant = col(Script.tenant_id) == tenant_id
    query = select(Script, ScriptVersion).join(ScriptVersion, is_own & (col(ScriptVersion.version) == shown))
    newest = select(col(Script.id), col(ScriptVersion.status)).join(
        ScriptVersion, is_own & (col(ScriptVersion.version) == col(Script.latest_version))
    )
    statuses = {row[0]: row[1] for row in session.execute(newest.where(of_tenant))}
    found = session.execute(query.where(of_tenant).order_by(col(Script.id))).all()
    return [_listed(script, version, statuses[script.id]) for script, version in found]


def _listed(script: Script, version: ScriptVersion, newest: ScriptStatus) -> ListedScript:
    is_ahead = script.live_version is not None and script.latest_version != script.live_version and newest in OPEN
    return ListedScript(
        script_id=script.id,
        title=script.title,
        kind=script.kind.value,
        owner=script.owner,
        text=version.text,
        triggers=tuple(version.triggers),
        stages=tuple(version.stages),
        scenes=tuple(version.scenes),
        skus=tuple(version.skus),
        tags=_audience_tags(version.audience),
        scope=version.scope,
        status=version.status,
        ahead=newest if is_ahead else None,
        version=version.version,
        live_version=script.live_version,
        latest_version=script.latest_version,
        author=version.author,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        published_at=version.published_at,
        updated_at=script.updated_at,
    )


def _audience_tags(audience: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags that an audience asks for."""
    asked = (audience.get("all"), audience.get("any"))
    return tuple(dict.fromkeys(str(tag) for tags in asked if isinstance(tags, list) for tag in tags))


def _with_use(session: Session, tenant_id: str, scripts: Sequence[ListedScript], now: datetime) -> list[ListedScript]:
    usage, comments = _read_usage(session, tenant_id), _read_comments(session, tenant_id)
    ailments = _ailments(scripts, usage, now)
    return [
        replace(
            one,
            usage=usage.get(one.script_id, Usage()),
            n_open_comments=comments.get(one.script_id, 0),
            health=(*ailments.get(one.script_id, ()), *(("commented",) if one.script_id in comments else ())),
        )
        for one in scripts
    ]


def _read_usage(session: Session, tenant_id: str) -> dict[str, Usage]:
    query = select(
        col(ScriptUse.script_id),
        *(
            col(getattr(ScriptUse, name))
            for name in ("n_shown", "n_accepted", "n_edited", "n_dismissed", "last_used_at")
        ),
    ).where(col(ScriptUse.tenant_id) == tenant_id, col(ScriptUse.agent_id) == EVERYONE)
    return {row[0]: Usage(*row[1:]) for row in session.execute(query)}


def _read_comments(session: Session, tenant_id: str) -> dict[str, int]:
    query = (
        select(col(ScriptComment.script_id), func.count())
        .where(col(ScriptComment.tenant_id) == tenant_id, col(ScriptComment.resolved_at).is_(None))
        .group_by(col(ScriptComment.script_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _ailments(scripts: Sequence[ListedScript], usage: Mapping[str, Usage], now: datetime) -> dict[str, list[str]]:
    """What is wrong with the live ones, by the same measures as the health of the library."""
    live = [_for_health(one) for one in scripts if one.status is ScriptStatus.PUBLISHED]
    exposures = [Exposure(script_id, one.n_shown, one.n_used) for script_id, one in usage.items()]
    findings: dict[str, Sequence[Unused | Ending | OrphanSlots]] = {
        "never_shown": never_shown(live, exposures, now=now),
        "never_accepted": never_accepted(live, exposures),
        "expired": expired(live, now=now),
        "expiring": expiring(live, now=now),
        "orphan_slots": orphan_slots(live, FILLABLE),
    }
    found: dict[str, list[str]] = {}
    for name, ailing in findings.items():
        for one in ailing:
            found.setdefault(one.script_id, []).append(name)
    return found


def _for_health(one: ListedScript) -> LibraryScript:
    return LibraryScript(
        script_id=one.script_id,
        text=one.text,
        published_at=one.published_at,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
    )
