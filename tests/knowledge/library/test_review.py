from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from knowledge.audit import verify_chain
from knowledge.database import Database
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library.comments import add_comment, read_comments, reopen_comment, resolve_comment
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import (
    approve_script,
    publish_script,
    roll_back_script,
    save_draft,
    send_back_script,
    submit_script,
    withdraw_script,
)
from knowledge.tables import AuditEntry, ScriptStatus, ScriptVersion

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "default"


def write(database: Database, text: str) -> int:
    with database.write() as session:
        return save_draft(session, TENANT, "hours", ScriptContent(text), actor="ann", now=NOON).version


def take(database: Database, step: Any, minute: int = 1, actor: str = "bob", **values: Any) -> Any:
    with database.write() as session:
        return step(session, TENANT, "hours", actor=actor, now=NOON + timedelta(minutes=minute), **values)


def statuses(database: Database) -> list[ScriptStatus]:
    with database.read() as session:
        found = session.exec(select(ScriptVersion).order_by(ScriptVersion.version)).all()
    return [one.status for one in found]


def trail(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        assert verify_chain(session, TENANT).is_whole
        return [(one.action, one.detail) for one in session.exec(select(AuditEntry).order_by(AuditEntry.seq))]


def test_an_approved_version_is_live(database: Database) -> None:
    write(database, "九点开门。")
    take(database, submit_script, actor="ann")
    take(database, approve_script, reason="核对过")
    assert statuses(database) == [ScriptStatus.PUBLISHED]
    assert trail(database)[-2:] == [
        ("script.approve", {"version": 1, "reason": "核对过"}),
        ("script.publish", {"version": 1}),
    ]


def test_what_is_sent_back_or_withdrawn_is_a_draft_again(database: Database) -> None:
    write(database, "九点开门。")
    take(database, submit_script)
    take(database, send_back_script, reason="周末呢")
    assert statuses(database) == [ScriptStatus.DRAFT]
    assert trail(database)[-1] == ("script.send_back", {"version": 1, "reason": "周末呢"})
    take(database, submit_script)
    take(database, withdraw_script, actor="ann")
    assert statuses(database) == [ScriptStatus.DRAFT]


def test_sending_back_needs_a_reason(database: Database) -> None:
    write(database, "九点开门。")
    take(database, submit_script)
    with pytest.raises(InvalidValueError, match="reason"):
        take(database, send_back_script, reason=" ")


@pytest.mark.parametrize("step", [approve_script, withdraw_script])
def test_only_what_waits_for_review_is_approved_or_withdrawn(database: Database, step: Any) -> None:
    write(database, "九点开门。")
    with pytest.raises(InvalidValueError, match="waits for review"):
        take(database, step)


def test_what_is_changed_during_review_has_to_be_submitted_again(database: Database) -> None:
    write(database, "九点开门。")
    take(database, submit_script)
    write(database, "八点开门。")
    assert statuses(database) == [ScriptStatus.DRAFT, ScriptStatus.DRAFT]


def test_a_step_taken_on_an_old_page_is_refused(database: Database) -> None:
    write(database, "九点开门。")
    take(database, submit_script)
    with pytest.raises(StaleVersionError):
        take(database, approve_script, expected_version=7)


def test_an_earlier_version_comes_back_as_a_copy_and_the_trail_says_of_which(database: Database) -> None:
    for text in ("九点开门。", "八点开门。"):
        write(database, text)
        take(database, publish_script)
    assert take(database, roll_back_script, version=1, reason="改错了").version == 3
    assert statuses(database) == [ScriptStatus.RETIRED, ScriptStatus.RETIRED, ScriptStatus.PUBLISHED]
    assert trail(database)[-1] == ("script.roll_back", {"version": 3, "of": 1})


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_live_or_never_was_cannot_come_back(database: Database, version: int) -> None:
    for text in ("九点开门。", "八点开门。"):
        write(database, text)
        take(database, publish_script)
    write(database, "七点开门。")
    with pytest.raises(InvalidValueError, match="live before"):
        take(database, roll_back_script, version=version)


def remark(database: Database, text: str = "周末呢", version: int = 1) -> None:
    with database.write() as session:
        add_comment(session, TENANT, "r1", script_id="hours", version=version, text=text, actor="bob", now=NOON)


def test_a_remark_sent_twice_stands_once_and_its_words_are_not_in_the_trail(database: Database) -> None:
    write(database, "九点开门。")
    remark(database)
    remark(database)
    with database.read() as session:
        assert [one.text for one in read_comments(session, TENANT, "hours")] == ["周末呢"]
    assert [one for one in trail(database) if one[0] == "script.comment"] == [
        ("script.comment", {"version": 1, "comment": "r1"})
    ]


def test_a_remark_is_resolved_by_the_first_who_does_so_and_can_be_opened_again(database: Database) -> None:
    write(database, "九点开门。")
    remark(database)
    for actor in ("ann", "cid"):
        with database.write() as session:
            assert resolve_comment(session, TENANT, "r1", actor=actor, now=NOON).resolved_by == "ann"
    with database.write() as session:
        assert reopen_comment(session, TENANT, "r1", actor="cid", now=NOON).resolved_at is None


def test_a_remark_needs_words_and_a_version(database: Database) -> None:
    write(database, "九点开门。")
    with pytest.raises(InvalidValueError):
        remark(database, text=" ")
    with pytest.raises(NotFoundError):
        remark(database, version=9)
    with pytest.raises(NotFoundError), database.write() as session:
        resolve_comment(session, TENANT, "r404", actor="ann", now=NOON)
