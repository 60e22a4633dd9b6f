"""Remarks on the versions of a script; each stays, open or resolved.

Every function works in the session it is given (`Database.write()`); nothing is kept unless that commits.
"""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, NotFoundError
from knowledge.tables import ScriptComment, ScriptVersion


def add_comment(
    session: Session,
    tenant_id: str,
    comment_id: str,
    *,
    script_id: str,
    version: int,
    text: str,
    actor: str,
    now: datetime,
) -> ScriptComment:
    """A remark on a version, open; the one that has this id already when it was sent twice.

    Raises:
        NotFoundError: there is no such version.
        InvalidValueError: it says nothing.
    """
    if not text.strip():
        raise InvalidValueError("text", text, "a remark")
    if session.get(ScriptVersion, (tenant_id, script_id, version)) is None:
        raise NotFoundError("script version", f"{script_id} v{version}")
    known = session.get(ScriptComment, (tenant_id, comment_id))
    if known is not None:
        return known
    comment = ScriptComment(
        tenant_id=tenant_id,
        id=comment_id,
        script_id=script_id,
        version=version,
        author=actor,
        text=text.strip(),
        at=now,
    )
    session.add(comment)
    session.flush()
    _note(session, comment, "script.comment", actor, now)
    return comment


def resolve_comment(session: Session, tenant_id: str, comment_id: str, *, actor: str, now: datetime) -> ScriptComment:
    """The remark, resolved; who did it first stays.

    Raises:
        NotFoundError: there is no such remark.
    """
    comment = _comment(session, tenant_id, comment_id)
    if comment.resolved_at is None:
        comment.resolved_by, comment.resolved_at = actor, now
        _note(session, comment, "script.resolve", actor, now)
    return comment


def reopen_comment(session: Session, tenant_id: str, comment_id: str, *, actor: str, now: datetime) -> ScriptComment:
    """The remark, open again.

    Raises:
        NotFoundError: there is no such remark.
    """
    comment = _comment(session, tenant_id, comment_id)
    if comment.resolved_at is not None:
        comment.resolved_by, comment.resolved_at = "", None
        _note(session, comment, "script.reopen", actor, now)
    return comment


def read_comments(session: Session, tenant_id: str, script_id: str) -> list[ScriptComment]:
    """All remarks on a script, oldest first."""
    query = (
        select(ScriptComment)
        .where(col(ScriptComment.tenant_id) == tenant_id, col(ScriptComment.script_id) == script_id)
        .order_by(col(ScriptComment.at), col(ScriptComment.id))
    )
    return list(session.execute(query).scalars())


def _comment(session: Session, tenant_id: str, comment_id: str) -> ScriptComment:
    comment = session.get(ScriptComment, (tenant_id, comment_id))
    if comment is None:
        raise NotFoundError("comment", comment_id)
    return comment


def _note(session: Session, comment: ScriptComment, action: str, actor: str, now: datetime) -> None:
    """Write down that it was done; what a remark says can be taken out of the database, the trail cannot."""
    detail = {"version": comment.version, "comment": comment.id}
    tenant_id, subject = comment.tenant_id, comment.script_id
    append_entry(session, tenant_id, at=now, actor=actor, action=action, subject=subject, detail=detail)
