from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from knowledge.audit import FIRST_PREVIOUS, ChainReport, append_entry, verify_chain
from knowledge.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def append(database: Database, *subjects: str, tenant_id: str = "a") -> None:
    with database.write() as session:
        for subject in subjects:
            append_entry(
                session, tenant_id, at=NOON, actor="ann", action="test", subject=subject, detail={"n": [1, "二", None]}
            )


def report(database: Database, tenant_id: str = "a") -> ChainReport:
    with database.read() as session:
        return verify_chain(session, tenant_id)


def test_a_chain_is_whole(database: Database) -> None:
    assert report(database) == ChainReport(0, FIRST_PREVIOUS, None)
    append(database, "x", "y")
    append(database, "z")
    found = report(database)
    assert (found.n_entries, found.is_whole) == (3, True)


def test_the_time_zone_an_entry_was_written_in_does_not_matter(database: Database) -> None:
    with database.write() as session:
        there = NOON.astimezone(timezone(timedelta(hours=8)))
        append_entry(session, "a", at=there, actor="ann", action="test", subject="x")
    assert report(database).is_whole


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entry SET actor = 'eve' WHERE seq = 2", 2),
        ("UPDATE audit_entry SET detail = '{}' WHERE seq = 1", 1),
        ("UPDATE audit_entry SET at = '2026-03-02 00:00:00' WHERE seq = 3", 3),
        ("DELETE FROM audit_entry WHERE seq = 2", 3),
        ("DELETE FROM audit_entry WHERE seq = 1", 2),
    ],
)
def test_a_changed_or_removed_entry_breaks_the_chain(database: Database, statement: str, broken_at: int) -> None:
    append(database, "x", "y", "z")
    with database.write() as session:
        session.execute(text(statement))
    assert report(database).broken_at == broken_at


def test_every_tenant_has_a_chain_of_its_own(database: Database) -> None:
    append(database, "x")
    append(database, "x", tenant_id="b")
    append(database, "y")
    with database.write() as session:
        session.execute(text("UPDATE audit_entry SET actor = 'eve' WHERE tenant_id = 'b'"))
    assert report(database).n_entries == 2
    assert report(database).is_whole
    assert not report(database, "b").is_whole
