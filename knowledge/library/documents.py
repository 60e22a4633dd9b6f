"""Replacing and removing documents with their passages, in the session given."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from knowledge.audit import append_entry
from knowledge.errors import NotFoundError
from knowledge.library.changes import record_changes
from knowledge.tables import Document, IndexKind, Passage


def replace_document(
    session: Session, document: Document, passages: Sequence[Passage], *, actor: str, now: datetime
) -> bool:
    """Keep the document with exactly these passages; whether anything was changed.

    Passages that say the same as before keep their vectors.
    """
    tenant_id = document.tenant_id
    before = {passage.id: passage for passage in _passages(session, tenant_id, document.id)}
    known = session.get(Document, (tenant_id, document.id))
    changed = [passage for passage in passages if not _same(before.get(passage.id), passage)]
    gone = before.keys() - {passage.id for passage in passages}
    if known is not None and known.sha256 == document.sha256 and not changed and not gone:
        return False
    for passage_id in gone:
        session.delete(before[passage_id])
    for row in (document, *changed):
        session.merge(row)
    record_changes(session, tenant_id, IndexKind.PASSAGE, sorted(gone) + [passage.id for passage in changed])
    _note(session, document, "document.replace", len(passages), actor, now)
    return True


def delete_document(session: Session, tenant_id: str, document_id: str, *, actor: str, now: datetime) -> None:
    """Remove the document and its passages.

    Raises:
        NotFoundError: there is no such document.
    """
    document = session.get(Document, (tenant_id, document_id))
    if document is None:
        raise NotFoundError("document", document_id)
    passages = _passages(session, tenant_id, document_id)
    for row in (*passages, document):
        session.delete(row)
    record_changes(session, tenant_id, IndexKind.PASSAGE, [passage.id for passage in passages])
    _note(session, document, "document.delete", len(passages), actor, now)


def _passages(session: Session, tenant_id: str, document_id: str) -> Sequence[Passage]:
    query = select(Passage).where(col(Passage.tenant_id) == tenant_id, col(Passage.document_id) == document_id)
    return session.exec(query.order_by(col(Passage.position))).all()


def _same(before: Passage | None, after: Passage) -> bool:
    return before is not None and before.model_dump() == after.model_dump()


def _note(session: Session, document: Document, action: str, n_passages: int, actor: str, now: datetime) -> None:
    detail: dict[str, object] = {"title": document.title, "sha256": document.sha256, "n_passages": n_passages}
    tenant_id, subject = document.tenant_id, document.id
    append_entry(session, tenant_id, at=now, actor=actor, action=action, subject=subject, detail=detail)
