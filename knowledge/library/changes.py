"""The feed that tells every process what to read again."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session

from knowledge.tables import IndexChange, IndexKind

_FEED_LOCK = 4_815_162
_AUDIT_LOCK = 4_815_163


def record_change(session: Session, tenant_id: str, kind: IndexKind, item_id: str) -> int:
    """Tell every process to read this item again once the transaction commits; gives the sequence number."""
    return record_changes(session, tenant_id, kind, [item_id])


def record_changes(session: Session, tenant_id: str, kind: IndexKind, item_ids: Iterable[str]) -> int:
    """As `record_change`, for many items; gives the last sequence number, 0 when there are none."""
    order_feed_writers(session)
    rows = [IndexChange(tenant_id=tenant_id, kind=kind, item_id=item_id) for item_id in item_ids]
    session.add_all(rows)
    session.flush()
    return max((row.seq or 0 for row in rows), default=0)


def order_feed_writers(session: Session) -> None:
    """Make sequence numbers become visible in their order, without which a follower could miss one.

    SQLite has one writer anyway. PostgreSQL gives numbers out before it commits, so writers take turns from their first
    change until they commit.
    """
    _take_turns(session, _FEED_LOCK)


def order_audit_writers(session: Session) -> None:
    """Let only one transaction at a time extend the audit chain."""
    _take_turns(session, _AUDIT_LOCK)


def _take_turns(session: Session, lock: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
