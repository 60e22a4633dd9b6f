from datetime import UTC, datetime

import pytest
from sqlmodel import select

from knowledge.database import Database
from knowledge.errors import NotFoundError
from knowledge.library.documents import delete_document, replace_document
from knowledge.tables import Document, IndexChange, Passage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "default"


def replace(database: Database, sha256: str, *texts: str) -> bool:
    document = Document(tenant_id=TENANT, id="m", title="手册", source="m.md", sha256=sha256, updated_at=NOON)
    passages = [
        Passage(tenant_id=TENANT, id=f"m#{n}", document_id="m", position=n, text=text) for n, text in enumerate(texts)
    ]
    with database.write() as session:
        return replace_document(session, document, passages, actor="ann", now=NOON)


def changed(database: Database) -> list[str]:
    with database.read() as session:
        return [change.item_id for change in session.exec(select(IndexChange).order_by(IndexChange.seq))]


def texts(database: Database) -> list[str]:
    with database.read() as session:
        return [passage.text for passage in session.exec(select(Passage).order_by(Passage.position))]


def test_only_passages_that_differ_are_told_to_the_index(database: Database) -> None:
    assert replace(database, "1", "甲", "乙", "丙")
    assert replace(database, "2", "甲", "丁")
    assert texts(database) == ["甲", "丁"]
    assert changed(database) == ["m#0", "m#1", "m#2", "m#2", "m#1"]


def test_the_same_document_again_changes_nothing(database: Database) -> None:
    replace(database, "1", "甲")
    assert not replace(database, "1", "甲")
    assert changed(database) == ["m#0"]


def test_a_deleted_document_takes_its_passages_along(database: Database) -> None:
    replace(database, "1", "甲", "乙")
    with database.write() as session:
        delete_document(session, TENANT, "m", actor="ann", now=NOON)
    assert texts(database) == []
    assert changed(database) == ["m#0", "m#1", "m#0", "m#1"]
    with database.write() as session, pytest.raises(NotFoundError):
        delete_document(session, TENANT, "m", actor="ann", now=NOON)
