"""What is done about a finding with one key: retire a script, let it be valid longer, or call it fine for a while.

Each deed is a change that can be undone, kept beside those of many scripts at once.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation import bulk
from copilot.curation.bulk import Action, BulkOrder
from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.tables import BulkChange, Script, ScriptVersion

FINE: Final = "fine"
"""The action of a finding that was called fine."""
LONGEST_DAYS: Final = 730


def retire(
    session: Session, tenant_id: str, script_id: str, *, expected_version: int, actor: str, now: datetime
) -> BulkChange:
    """The change that took a script out of use.

    Raises:
        NotFoundError: there is no such script.
        StaleVersionError: its newest version is another one.
        InvalidValueError: it is not live.
    """
    _expect(session, tenant_id, script_id, expected_version)
    return _apply(session, tenant_id, script_id, BulkOrder(Action.RETIRE, actor, now))


def extend(
    session: Session, tenant_id: str, script_id: str, *, days: int, expected_version: int, actor: str, now: datetime
) -> BulkChange:
    """The change that lets a script be valid for so many days after its end, or after now where that is past.

    Raises:
        NotFoundError: there is no such script.
        StaleVersionError: its newest version is another one.
        InvalidValueError: it is not live, has no end, or a draft of it waits.
    """
    _check_days(days)
    script = _expect(session, tenant_id, script_id, expected_version)
    live = session.get(ScriptVersion, (tenant_id, script_id, script.live_version)) if script.live_version else None
    if live is None or live.valid_to is None:
        raise InvalidValueError("script", script_id, "a live script with an end of validity")
    valid_to = max(live.valid_to, now) + timedelta(days=days)
    return _apply(session, tenant_id, script_id, BulkOrder(Action.VALID_TO, actor, now, valid_to=valid_to))


def call_fine(
    session: Session,
    tenant_id: str,
    finding_id: str,
    script_ids: Collection[str],
    *,
    days: int,
    actor: str,
    now: datetime,
) -> BulkChange:
    """The change that keeps a finding out of sight for so many days, or until one of its scripts changes.

    Raises:
        InvalidValueError: the number of days is out of range.
    """
    _check_days(days)
    until = now + timedelta(days=days)
    detail: dict[str, object] = {"finding": finding_id, "scripts": sorted(script_ids), "until": until.isoformat()}
    change = BulkChange(tenant_id=tenant_id, id=uuid4().hex, action=FINE, actor=actor, at=now, detail=[detail])
    session.add(change)
    append_entry(session, tenant_id, at=now, actor=actor, action="health.fine", subject=change.id, detail=detail)
    return change


def undo(session: Session, tenant_id: str, change_id: str, *, actor: str, now: datetime) -> BulkChange:
    """The change, taken back.

    Raises:
        NotFoundError: there is no such change.
        InvalidValueError: it was undone before, or the script was changed since.
    """
    change = session.get(BulkChange, (tenant_id, change_id))
    if change is None:
        raise NotFoundError("change", change_id)
    if change.action != FINE:
        outcome = bulk.undo(session, tenant_id, change_id, actor=actor, now=now)
        if outcome.refused:
            raise InvalidValueError("change", change_id, outcome.refused[0][1])
        return change
    if change.undone_at is not None:
        raise InvalidValueError("change", change_id, f"one that was not undone yet; {change.undone_by} did")
    change.undone_by, change.undone_at = actor, now
    append_entry(session, tenant_id, at=now, actor=actor, action="health.fine.undo", subject=change_id)
    return change


def read_fine(session: Session, tenant_id: str, now: datetime) -> set[str]:
    """The ids of the findings that are called fine at this moment."""
    query = select(col(BulkChange.detail)).where(
        col(BulkChange.tenant_id) == tenant_id,
        col(BulkChange.action) == FINE,
        col(BulkChange.undone_at).is_(None),
        col(BulkChange.at) >= now - timedelta(days=LONGEST_DAYS),
    )
    details = [detail for details in session.execute(query).scalars() for detail in details]
    return {str(one["finding"]) for one in details if datetime.fromisoformat(str(one["until"])) > now}


def _apply(session: Session, tenant_id: str, script_id: str, order: BulkOrder) -> BulkChange:
    outcome = bulk.apply(session, tenant_id, [script_id], order)
    if outcome.refused:
        raise InvalidValueError("script", script_id, outcome.refused[0][1])
    change = bulk.read_change(session, tenant_id, outcome.change_id or "")
    if change is None:
        raise InvalidValueError("script", script_id, "a script that this would change")
    return change


def _expect(session: Session, tenant_id: str, script_id: str, expected_version: int) -> Script:
    script = session.get(Script, (tenant_id, script_id))
    if script is None:
        raise NotFoundError("script", script_id)
    if script.latest_version != expected_version:
        raise StaleVersionError(
            f"script {script_id!r} is at version {script.latest_version}, not {expected_version}: read it again"
        )
    return script


def _check_days(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidValueError("days", days, f"1 to {LONGEST_DAYS} days")
