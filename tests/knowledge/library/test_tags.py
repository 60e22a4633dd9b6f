from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.audit import verify_chain
from knowledge.errors import InvalidValueError, NotFoundError
from knowledge.library.tags import ADDED, REMOVED, add_tag, end_tag, last_change, restore_tag, tags_of
from knowledge.tables import DEFAULT_TENANT, AuditEntry, Customer, CustomerTag, IndexChange
from knowledge.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
WHO = ("default", "c1")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    workspace = Workspace.create(tmp_path / "workspace")
    with workspace.database.write() as opened:
        opened.add(Customer(tenant_id=DEFAULT_TENANT, id="c1", updated_at=NOON))
        opened.add(CustomerTag(tenant_id=DEFAULT_TENANT, customer_id="c1", tag="老客", valid_from=NOON))
        opened.flush()
        yield opened
    workspace.close()


def labels(session: Session) -> list[tuple[str, str, str]]:
    return [(one.tag, one.value, one.source) for one in tags_of(session, *WHO)]


def audited(session: Session) -> list[tuple[str, str, str]]:
    entries = session.execute(select(AuditEntry).order_by(col(AuditEntry.seq))).scalars()
    return [(one.actor, one.action, one.subject) for one in entries]


def test_a_tag_that_is_given_says_who_gave_it_and_reaches_the_index(session: Session) -> None:
    given, is_new = add_tag(session, *WHO, "肤质", "油皮", actor="a1", now=NOON)
    assert is_new
    assert (given.source, given.confidence, given.valid_from, given.valid_to) == ("agent", 1.0, NOON, None)
    assert labels(session) == [("老客", "", "import"), ("肤质", "油皮", "agent")]
    assert audited(session) == [("a1", ADDED, "c1")]
    assert [one.item_id for one in session.execute(select(IndexChange)).scalars()] == ["c1"]
    assert verify_chain(session, DEFAULT_TENANT).is_whole


def test_a_tag_that_is_held_already_stays_as_it_is(session: Session) -> None:
    held, is_new = add_tag(session, *WHO, " 老客 ", actor="a1", now=LATER)
    assert (is_new, held.source, held.valid_from) == (False, "import", NOON)
    assert audited(session) == []


def test_a_tag_taken_away_is_ended_and_kept(session: Session) -> None:
    (ended,) = end_tag(session, *WHO, "老客", actor="a1", now=LATER)
    assert (ended.valid_from, ended.valid_to) == (NOON, LATER)
    assert labels(session) == []
    assert audited(session) == [("a1", REMOVED, "c1")]
    with pytest.raises(NotFoundError, match="老客"):
        end_tag(session, *WHO, "老客", actor="a1", now=LATER)


def test_only_the_tag_with_that_value_is_taken_away(session: Session) -> None:
    for value in ("油皮", "干皮"):
        add_tag(session, *WHO, "肤质", value, actor="a1", now=NOON)
    end_tag(session, *WHO, "肤质", "油皮", actor="a1", now=LATER)
    assert labels(session) == [("老客", "", "import"), ("肤质", "干皮", "agent")]
    with pytest.raises(NotFoundError):
        end_tag(session, *WHO, "肤质", actor="a1", now=LATER)


def test_a_tag_given_back_is_as_it_was(session: Session) -> None:
    (ended,) = end_tag(session, *WHO, "老客", actor="a1", now=LATER)
    restored = restore_tag(session, DEFAULT_TENANT, ended.id or 0, actor="a1", now=LATER)
    assert (restored.source, restored.valid_from, restored.valid_to) == ("import", NOON, None)
    again = restore_tag(session, DEFAULT_TENANT, ended.id or 0, actor="a1", now=LATER)
    assert (again.id, len(audited(session))) == (ended.id, 2)


def test_a_tag_of_another_tenant_cannot_be_given_back(session: Session) -> None:
    with pytest.raises(NotFoundError):
        restore_tag(session, "another", 1, actor="a1", now=LATER)


@pytest.mark.parametrize(
    "tag", ["", "  ", "\u200b\u200d", "长" * 201, "两\n行", "nul\0", "half\ud800", "one\u2028two", "tab\there"]
)
def test_a_tag_that_cannot_be_shown_is_refused(session: Session, tag: str) -> None:
    with pytest.raises(InvalidValueError):
        add_tag(session, *WHO, tag, actor="a1", now=NOON)
    with pytest.raises(InvalidValueError):
        add_tag(session, *WHO, "肤质", tag.replace(" ", "") or "长" * 201, actor="a1", now=NOON)


@pytest.mark.parametrize("tag", ["<b>粗</b>", "\u202eلاعب", "👩‍👧 宝妈", "a/b?c#d", "长" * 200])
def test_a_strange_tag_is_a_tag(session: Session, tag: str) -> None:
    add_tag(session, *WHO, tag, actor="a1", now=NOON)
    assert tag in {one.tag for one in tags_of(session, *WHO)}


def test_somebody_unknown_gets_no_tag(session: Session) -> None:
    with pytest.raises(NotFoundError, match="customer"):
        add_tag(session, DEFAULT_TENANT, "c404", "油皮", actor="a1", now=NOON)


def test_what_one_did_last_can_be_found_for_a_while(session: Session) -> None:
    add_tag(session, *WHO, "肤质", "油皮", actor="a1", now=NOON)
    end_tag(session, *WHO, "老客", actor="a2", now=NOON)
    mine = last_change(session, *WHO, actor="a1", since=NOON)
    assert mine is not None
    assert (mine.label, mine.action) == ("肤质：油皮", ADDED)
    assert last_change(session, *WHO, actor="a1", since=LATER) is None
    assert last_change(session, DEFAULT_TENANT, "c2", actor="a1", since=NOON) is None
