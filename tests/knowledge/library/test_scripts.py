from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from knowledge.audit import verify_chain
from knowledge.database import Database
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import describe_script, publish_script, retire_script, save_draft, submit_script
from knowledge.tables import AuditEntry, IndexChange, Script, ScriptKind, ScriptStatus, ScriptVersion

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "default"
HOURS = ScriptContent("九点开门。", ("几点开门",))


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def draft(database: Database, content: ScriptContent, minute: int, expected: int | None = None) -> int:
    with database.write() as session:
        version = save_draft(session, TENANT, "hours", content, actor="ann", now=at(minute), expected_version=expected)
        return version.version


def publish(database: Database, minute: int, version: int | None = None, expected: int | None = None) -> int:
    with database.write() as session:
        return publish_script(
            session, TENANT, "hours", actor="bob", now=at(minute), version=version, expected_version=expected
        ).version


def retire(database: Database, minute: int) -> None:
    with database.write() as session:
        retire_script(session, TENANT, "hours", actor="bob", now=at(minute), reason="season over")


def script(database: Database) -> Script:
    with database.read() as session:
        found = session.get(Script, (TENANT, "hours"))
    assert found is not None
    return found


def versions(database: Database) -> list[ScriptVersion]:
    with database.read() as session:
        return list(session.exec(select(ScriptVersion).order_by(ScriptVersion.version)).all())


def n_changes(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(IndexChange)).all())


def actions(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        assert verify_chain(session, TENANT).is_whole
        return [(entry.action, entry.actor) for entry in session.exec(select(AuditEntry).order_by(AuditEntry.seq))]


def test_a_draft_is_not_live_and_not_told_to_the_index(database: Database) -> None:
    assert draft(database, HOURS, 0) == 1
    (version,) = versions(database)
    assert (version.status, version.text, version.triggers) == (ScriptStatus.DRAFT, "九点开门。", ["几点开门"])
    assert (version.author, version.created_at, version.published_at) == ("ann", at(0), None)
    assert script(database).live_version is None
    assert n_changes(database) == 0
    assert actions(database) == [("script.draft", "ann")]


def test_saving_the_same_again_changes_nothing(database: Database) -> None:
    draft(database, HOURS, 0)
    assert draft(database, HOURS, 5) == 1
    assert len(versions(database)) == 1
    assert len(actions(database)) == 1


def test_publishing_makes_the_newest_version_live_and_ends_the_one_before(database: Database) -> None:
    draft(database, HOURS, 0)
    assert publish(database, 1) == 1
    draft(database, ScriptContent("十点开门。", ("几点开门",)), 2)
    assert script(database).live_version == 1, "a draft leaves the live version alone"
    assert publish(database, 3) == 2
    first, second = versions(database)
    assert (first.status, first.published_at, first.ended_at) == (ScriptStatus.RETIRED, at(1), at(3))
    assert (second.status, second.published_at, second.ended_at) == (ScriptStatus.PUBLISHED, at(3), None)
    assert script(database).live_version == 2
    assert n_changes(database) == 2
    assert [action for action, _ in actions(database)] == [
        "script.draft",
        "script.publish",
        "script.draft",
        "script.publish",
    ]


def test_publishing_what_is_live_does_nothing(database: Database) -> None:
    draft(database, HOURS, 0)
    publish(database, 1)
    assert publish(database, 2) == 1
    assert versions(database)[0].published_at == at(1)
    assert n_changes(database) == 1
    assert len(actions(database)) == 2


def test_retiring_ends_the_live_version_once(database: Database) -> None:
    draft(database, HOURS, 0)
    retire(database, 1)
    assert n_changes(database) == 0, "there was nothing to retire"
    publish(database, 2)
    retire(database, 3)
    retire(database, 4)
    (version,) = versions(database)
    assert (version.status, version.ended_at, version.reason) == (ScriptStatus.RETIRED, at(3), "season over")
    assert script(database).live_version is None
    assert n_changes(database) == 2


def test_going_back_to_an_ended_version_writes_a_copy_so_that_history_stays_exact(database: Database) -> None:
    draft(database, HOURS, 0)
    publish(database, 1)
    draft(database, ScriptContent("十点开门。"), 2)
    publish(database, 3)
    assert publish(database, 4, version=1) == 3
    first, second, third = versions(database)
    assert (first.published_at, first.ended_at) == (at(1), at(3))
    assert (second.published_at, second.ended_at) == (at(3), at(4))
    assert (third.text, third.published_at, third.ended_at) == ("九点开门。", at(4), None)


def test_two_editors_cannot_overwrite_each_other(database: Database) -> None:
    draft(database, HOURS, 0, expected=0)
    draft(database, ScriptContent("十点开门。"), 1, expected=1)
    with pytest.raises(StaleVersionError, match="at version 2, not 1"):
        draft(database, ScriptContent("十一点开门。"), 2, expected=1)
    with pytest.raises(StaleVersionError):
        draft(database, HOURS, 2, expected=0)
    with pytest.raises(StaleVersionError):
        publish(database, 3, expected=1)
    assert len(versions(database)) == 2
    assert script(database).live_version is None


def test_review_comes_between_draft_and_publication(database: Database) -> None:
    draft(database, HOURS, 0)
    with database.write() as session:
        assert submit_script(session, TENANT, "hours", actor="ann", now=at(1)).status == ScriptStatus.REVIEW
    publish(database, 2)
    with database.write() as session, pytest.raises(InvalidValueError, match="expected a draft"):
        submit_script(session, TENANT, "hours", actor="ann", now=at(3))


def test_kind_title_and_owner_belong_to_no_version(database: Database) -> None:
    draft(database, HOURS, 0)
    for _ in range(2):
        with database.write() as session:
            describe_script(
                session, TENANT, "hours", kind=ScriptKind.FAQ, title="营业时间", owner="eve", actor="ann", now=at(1)
            )
    found = script(database)
    assert (found.kind, found.title, found.owner) == (ScriptKind.FAQ, "营业时间", "eve")
    assert n_changes(database) == 1


def test_unknown_scripts_and_versions_are_refused(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no script has the id 'hours'"):
        publish(database, 0)
    draft(database, HOURS, 0)
    with pytest.raises(NotFoundError, match="script version"):
        publish(database, 1, version=7)


def test_nothing_is_kept_of_a_transaction_that_fails(database: Database) -> None:
    def save_and_publish() -> None:
        with database.write() as session:
            save_draft(session, TENANT, "hours", HOURS, actor="ann", now=at(0))
            publish_script(session, TENANT, "hours", actor="ann", now=at(0), expected_version=9)

    with pytest.raises(StaleVersionError):
        save_and_publish()
    assert versions(database) == []
    assert actions(database) == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (ScriptContent("  "), "text"),
        (ScriptContent("好", scope="everybody"), "scope"),
        (ScriptContent("好", scenes=("phone",)), "scenes"),
        (ScriptContent("好", audience={"everyone": True}), "audience"),
        (ScriptContent("好", valid_from=datetime(2026, 1, 1)), "valid_from"),  # noqa: DTZ001
        (ScriptContent("好", valid_from=at(2), valid_to=at(1)), "valid_to"),
    ],
)
def test_content_that_breaks_a_rule_is_refused(database: Database, content: ScriptContent, field: str) -> None:
    with pytest.raises(InvalidValueError, match=field):
        draft(database, content, 0)
    assert versions(database) == []
