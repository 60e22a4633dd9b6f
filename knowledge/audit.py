"""The audit trail: who did what, each entry's hash covering the one before it.

A changed, inserted or removed entry breaks the chain from there on. Entries cut off at the end leave a shorter chain
that is whole; to notice that, keep the last hash somewhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.library.changes import order_audit_writers
from knowledge.tables import AuditEntry

FIRST_PREVIOUS = "0" * 64
_BATCH = 1_000


@dataclass(frozen=True)
class ChainReport:
    """How far a tenant's chain holds; `broken_at` is the sequence number of the first entry that does not fit."""

    n_entries: int
    last_sha256: str
    broken_at: int | None

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None


def append_entry(
    session: Session,
    tenant_id: str,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """A new last entry of the tenant's chain; `detail` must be plain JSON values."""
    order_audit_writers(session)
    entry = AuditEntry(
        tenant_id=tenant_id,
        at=at.astimezone(UTC),
        actor=actor,
        action=action,
        subject=subject,
        detail=dict(detail or {}),
        previous_sha256=_last_sha256(session, tenant_id),
        sha256="",
    )
    entry.sha256 = _sha256_of(entry)
    session.add(entry)
    session.flush()
    return entry


def verify_chain(session: Session, tenant_id: str) -> ChainReport:
    """Recompute every hash of the tenant's chain, from the first entry on."""
    query = select(AuditEntry).where(col(AuditEntry.tenant_id) == tenant_id).order_by(col(AuditEntry.seq))
    previous = FIRST_PREVIOUS
    n_entries = 0
    for entry in session.execute(query.execution_options(yield_per=_BATCH)).scalars():
        if entry.previous_sha256 != previous or entry.sha256 != _sha256_of(entry):
            return ChainReport(n_entries, previous, entry.seq)
        previous = entry.sha256
        n_entries += 1
    return ChainReport(n_entries, previous, None)


def _last_sha256(session: Session, tenant_id: str) -> str:
    query = select(col(AuditEntry.sha256)).where(col(AuditEntry.tenant_id) == tenant_id)
    last: str | None = session.execute(query.order_by(col(AuditEntry.seq).desc()).limit(1)).scalar()
    return last or FIRST_PREVIOUS


def _sha256_of(entry: AuditEntry) -> str:
    told = {
        "tenant_id": entry.tenant_id,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous": entry.previous_sha256,
    }
    return sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
