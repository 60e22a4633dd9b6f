"""All scripts of a library for a list of them, kept in memory and read again where they have changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col

from copilot.curation.listed import NO_USAGE, ListedScript, Usage
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
from knowledge.health.rows import Exposure
from knowledge.tables import (
    EVERYONE,
    AuditEntry,
    IndexChange,
    IndexKind,
    Script,
    ScriptComment,
    ScriptStatus,
    ScriptUse,
    ScriptVersion,
)

USE_KEPT: Final = timedelta(seconds=5)
"""So old may the numbers of use be that the list shows."""
MOST_AGAIN: Final = 500
"""When more scripts have changed than this, all are read again."""
OF_SCRIPT: Final = ("id", "title", "kind", "owner", "latest_version", "live_version", "updated_at")
OF_VERSION: Final = (
    *("version", "text", "triggers", "stages", "scenes", "skus", "audience", "scope", "status", "author"),
    *("valid_from", "valid_to", "published_at"),
)
OPEN: Final = (ScriptStatus.DRAFT, ScriptStatus.REVIEW)


@dataclass(frozen=True)
class _Seen:
    """How far the two feeds of changes were read: people's changes are audited, imports are told to the index."""

    audited: int = 0
    told: int = 0


@dataclass(frozen=True)
class _Kept:
    """The scripts by id, in its order, as they were at a moment."""

    seen: _Seen
    at: datetime
    scripts: Mapping[str, ListedScript]


class ScriptList:
    """All scripts of a tenant, of which only those that have changed are read again; safe from several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def read(self, session: Session, tenant_id: str, now: datetime) -> list[ListedScript]:
        """The scripts by id, with their use and health as of now, or of seconds ago while no script has changed."""
        kept = self._kept.get(tenant_id)
        seen = _read_seen(session, tenant_id)
        if kept is None:
            kept = _Kept(seen, now, _with_use(session, tenant_id, _read_scripts(session, tenant_id), now))
        else:
            kept = _caught_up(session, tenant_id, kept, seen, now)
        self._kept[tenant_id] = kept  # never changed but replaced, so that every thread has a whole one
        return list(kept.scripts.values())


def _read_seen(session: Session, tenant_id: str) -> _Seen:
    audited = select(func.max(col(AuditEntry.seq))).where(col(AuditEntry.tenant_id) == tenant_id)
    told = select(func.max(col(IndexChange.seq))).where(col(IndexChange.tenant_id) == tenant_id)
    return _Seen(session.execute(audited).scalar() or 0, session.execute(told).scalar() or 0)


def _caught_up(session: Session, tenant_id: str, kept: _Kept, seen: _Seen, now: datetime) -> _Kept:
    """The scripts with what has happened since; as kept where nothing has and the use is new enough."""
    changed = _read_changed(session, tenant_id, kept.seen) if seen != kept.seen else set()
    if not changed and timedelta() <= now - kept.at < USE_KEPT:
        return replace(kept, seen=seen)
    scripts = kept.scripts
    if len(changed) > MOST_AGAIN:
        scripts = _read_scripts(session, tenant_id)
    elif changed:
        scripts = dict(sorted({**scripts, **_read_scripts(session, tenant_id, changed)}.items()))
    return _Kept(seen, now, _with_use(session, tenant_id, scripts, now))


def _read_changed(session: Session, tenant_id: str, seen: _Seen) -> set[str]:
    """The ids of the scripts that the feeds name since."""
    audited = select(col(AuditEntry.subject)).where(
        col(AuditEntry.tenant_id) == tenant_id,
        col(AuditEntry.seq) > seen.audited,
        col(AuditEntry.action).startswith("script."),
    )
    told = select(col(IndexChange.item_id)).where(
        col(IndexChange.tenant_id) == tenant_id,
        col(IndexChange.seq) > seen.told,
        col(IndexChange.kind) == IndexKind.SCRIPT,
    )
    return {*session.execute(audited).scalars(), *session.execute(told).scalars()}


def _read_scripts(
    session: Session, tenant_id: str, script_ids: Collection[str] | None = None
) -> dict[str, ListedScript]:
    """The scripts by id, in its order: all, or those with these ids."""
    shown, newest = aliased(ScriptVersion), aliased(ScriptVersion)
    columns = [col(getattr(Script, name)) for name in OF_SCRIPT] + [col(getattr(shown, name)) for name in OF_VERSION]
    query = (
        select(*columns, col(newest.status).label("newest_status"))
        .join(shown, _is_version(shown, func.coalesce(col(Script.live_version), col(Script.latest_version))))
        .join(newest, _is_version(newest, col(Script.latest_version)))
        .where(col(Script.tenant_id) == tenant_id)
        .order_by(col(Script.id))
    )
    if script_ids is not None:
        query = query.where(col(Script.id).in_(script_ids))
    return {row.id: _listed(row) for row in session.execute(query)}


def _is_version(version: type[ScriptVersion], number: ColumnElement[int] | Mapped[int]) -> ColumnElement[bool]:
    is_own = (col(version.tenant_id) == col(Script.tenant_id)) & (col(version.script_id) == col(Script.id))
    return is_own & (col(version.version) == number)


def _listed(row: Row[Any]) -> ListedScript:
    is_ahead = row.live_version is not None and row.latest_version != row.live_version and row.newest_status in OPEN
    return ListedScript(
        script_id=row.id,
        title=row.title,
        kind=row.kind.value,
        owner=row.owner,
        text=row.text,
        triggers=tuple(row.triggers),
        stages=tuple(row.stages),
        scenes=tuple(row.scenes),
        skus=tuple(row.skus),
        tags=_audience_tags(row.audience),
        scope=row.scope,
        status=row.status,
        ahead=row.newest_status if is_ahead else None,
        version=row.version,
        live_version=row.live_version,
        latest_version=row.latest_version,
        author=row.author,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        published_at=row.published_at,
        updated_at=row.updated_at,
    )


def _audience_tags(audience: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags that an audience asks for."""
    asked = (audience.get("all"), audience.get("any"))
    return tuple(dict.fromkeys(str(tag) for tags in asked if isinstance(tags, list) for tag in tags))


def _with_use(
    session: Session, tenant_id: str, scripts: Mapping[str, ListedScript], now: datetime
) -> dict[str, ListedScript]:
    """The scripts with their use, comments and health; those of which these are as before are the same objects."""
    usage, comments = _read_usage(session, tenant_id), _read_comments(session, tenant_id)
    ailments = _ailments(scripts.values(), usage, now)
    return {
        script_id: one.used(
            usage.get(script_id, NO_USAGE),
            comments.get(script_id, 0),
            (*ailments.get(script_id, ()), *(("commented",) if script_id in comments else ())),
        )
        for script_id, one in scripts.items()
    }


def _read_usage(session: Session, tenant_id: str) -> dict[str, Usage]:
    columns = (col(getattr(ScriptUse, name)) for name in ("n_shown", "n_accepted", "n_edited", "n_dismissed"))
    query = select(col(ScriptUse.script_id), *columns).where(
        col(ScriptUse.tenant_id) == tenant_id, col(ScriptUse.agent_id) == EVERYONE
    )
    return {row[0]: Usage(*row[1:]) for row in session.execute(query)}


def _read_comments(session: Session, tenant_id: str) -> dict[str, int]:
    query = (
        select(col(ScriptComment.script_id), func.count())
        .where(col(ScriptComment.tenant_id) == tenant_id, col(ScriptComment.resolved_at).is_(None))
        .group_by(col(ScriptComment.script_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _ailments(scripts: Iterable[ListedScript], usage: Mapping[str, Usage], now: datetime) -> dict[str, list[str]]:
    """What is wrong with the live ones, by the same measures as the health of the library."""
    live = [one.for_health for one in scripts if one.status is ScriptStatus.PUBLISHED]
    exposures = [Exposure(script_id, one.n_shown, one.n_used) for script_id, one in usage.items()]
    findings: dict[str, Sequence[Unused | Ending | OrphanSlots]] = {
        "never_shown": never_shown(live, exposures, now=now),
        "never_accepted": never_accepted(live, exposures),
        "expired": expired(live, now=now),
        "expiring": expiring(live, now=now),
        "orphan_slots": orphan_slots([one for one in live if "{{" in one.text], FILLABLE),
    }
    found: dict[str, list[str]] = {}
    for name, ailing in findings.items():
        for one in ailing:
            found.setdefault(one.script_id, []).append(name)
    return found
