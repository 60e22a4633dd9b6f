"""Who did what to a script, as the audit trail has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.tables import AuditEntry, ScriptComment, User

SCRIPTS = "script."
"""What the actions on scripts begin with."""


@dataclass(frozen=True)
class Deed:
    """One entry of the trail; `who` is the person's name where one is known, `said` what a remark says."""

    at: datetime
    who: str
    action: str
    detail: Mapping[str, object]
    said: str = ""

    @property
    def version(self) -> int | None:
        found = self.detail.get("version")
        return found if isinstance(found, int) else None

    @property
    def reason(self) -> str:
        return str(self.detail.get("reason") or "")


def read_history(session: Session, tenant_id: str, script_id: str) -> list[Deed]:
    """Everything done to a script, newest first."""
    query = (
        select(AuditEntry)
        .where(
            col(AuditEntry.tenant_id) == tenant_id,
            col(AuditEntry.subject) == script_id,
            col(AuditEntry.action).startswith(SCRIPTS, autoescape=True),
        )
        .order_by(col(AuditEntry.seq).desc())
    )
    entries = list(session.execute(query).scalars())
    names = read_names(session, tenant_id)
    remarks = _read_remarks(session, tenant_id, script_id)
    return [
        Deed(
            at=entry.at,
            who=names.get(entry.actor, entry.actor),
            action=entry.action.removeprefix(SCRIPTS),
            detail=entry.detail,
            said=remarks.get(str(entry.detail.get("comment")), ""),
        )
        for entry in entries
    ]


def read_names(session: Session, tenant_id: str) -> dict[str, str]:
    """The names of the people who work here, by id."""
    query = select(col(User.id), col(User.name)).where(col(User.tenant_id) == tenant_id)
    return {row.id: row.name for row in session.execute(query) if row.name}


def _read_remarks(session: Session, tenant_id: str, script_id: str) -> dict[str, str]:
    query = select(col(ScriptComment.id), col(ScriptComment.text)).where(
        col(ScriptComment.tenant_id) == tenant_id, col(ScriptComment.script_id) == script_id
    )
    return {row.id: row.text for row in session.execute(query)}
