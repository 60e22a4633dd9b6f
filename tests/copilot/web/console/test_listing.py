from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from copilot.errors import UnknownIdError
from copilot.runtime import Runtime
from copilot.web.console import listing
from copilot.web.console.listing import RowView
from copilot.web.console.priority import Ground, Grounds, priority_of
from knowledge.tables import (
    DEFAULT_TENANT,
    Conversation,
    Customer,
    Event,
    Message,
    MessageRole,
    ReadMark,
    Scene,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = {"tenant_id": DEFAULT_TENANT}
Talk = Callable[..., None]


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
def talk(runtime: Runtime) -> Talk:
    """Writes a conversation: for each message its role or author, its text, and how many minutes ago it was."""

    def write(
        conversation_id: str, *said: tuple[str, str, float], customer_id: str | None = "c1", **columns: Any
    ) -> None:
        rows: list[Any] = [
            Conversation(
                **HERE,
                id=conversation_id,
                customer_id=customer_id,
                version=len(said),
                last_message_at=ago(said[-1][2]) if said else ago(0),
                **columns,
            )
        ]
        for position, (who, text, minutes) in enumerate(said, start=1):
            role = MessageRole.CUSTOMER if who == "customer" else MessageRole.AGENT
            author = None if who in ("customer", "agent") else who
            here = {**HERE, "conversation_id": conversation_id, "position": position}
            rows.append(Message(**here, role=role, text=text, at=ago(minutes), author_id=author))
        with runtime.workspace.database.write() as session:
            session.add_all(rows)

    return write


def add(runtime: Runtime, *rows: Any) -> None:
    with runtime.workspace.database.write() as session:
        session.add_all(rows)


def rows(runtime: Runtime, agent_id: str | None = None, **asked: Any) -> list[RowView]:
    with runtime.workspace.database.read() as session:
        return listing.rows(session, DEFAULT_TENANT, agent_id, now=NOW, **asked)


def row(runtime: Runtime, conversation_id: str, agent_id: str | None = None) -> RowView:
    with runtime.workspace.database.read() as session:
        return listing.row(session, DEFAULT_TENANT, conversation_id, agent_id, now=NOW)


def test_a_row_tells_who_said_what_last_and_since_when_the_customer_waits(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "你好", 30), ("agent", "您好", 20), ("customer", "有货吗", 10), ("customer", "在吗", 5))
    found = row(runtime, "k1")
    assert (found.customer_name, found.last_text, found.is_mine) == ("林小满", "在吗", False)
    assert (found.n_unanswered, found.n_unread, found.waiting_since) == (2, 2, ago(10))


def test_a_message_taken_back_was_not_said(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "有货吗", 10), ("agent", "没有", 5))
    with runtime.workspace.database.write() as session:
        session.get(Message, (DEFAULT_TENANT, "k1", 2)).withdrawn_at = ago(4)  # type: ignore[union-attr]
    found = row(runtime, "k1")
    assert (found.last_text, found.n_unanswered, found.waiting_since) == ("有货吗", 1, ago(10))


def test_what_came_after_the_mark_is_unread_also_a_colleagues_word(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "一", 9), ("a2", "二", 8), ("customer", "三", 7))
    add(runtime, ReadMark(**HERE, agent_id="a1", conversation_id="k1", position=1, at=ago(8)))
    assert [row(runtime, "k1", agent).n_unread for agent in ("a1", "a2", None)] == [2, 1, 1]


def test_who_wrote_has_read(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "一", 9), ("customer", "二", 8), ("a1", "三", 7))
    add(runtime, ReadMark(**HERE, agent_id="a1", conversation_id="k1", position=1, at=ago(9)))
    assert row(runtime, "k1", "a1").n_unread == 0


def test_who_has_read_nothing_here_sees_what_is_unanswered(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "一", 9), ("agent", "二", 8), ("customer", "三", 7))
    assert row(runtime, "k1", "a1").n_unread == 1


def test_in_a_conversation_that_is_closed_nobody_waits(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "谢谢", 600), open=False)
    found = row(runtime, "k1")
    assert (found.n_unanswered, found.waiting_since) == (0, None)


def test_an_unknown_conversation_has_no_row(runtime: Runtime) -> None:
    with pytest.raises(UnknownIdError, match="k404"):
        row(runtime, "k404")


def test_the_priority_adds_up_its_reasons() -> None:
    found = priority_of(Grounds(True, timedelta(minutes=10), 15, True, 3))
    # complaint 35, half of 30 for ten minutes, half of 15 for a rise of 15, 10 for the customer, 2 for each message
    assert {share.ground: share.points for share in found.shares} == {
        Ground.COMPLAINT: 35,
        Ground.WAITING: 15,
        Ground.RISING: 8,
        Ground.VALUED: 10,
        Ground.UNREAD: 6,
    }
    assert (found.points, found.is_high, found.shares[0].ground) == (74, True, Ground.COMPLAINT)


def test_nothing_gives_no_priority_and_everything_no_more_than_a_hundred() -> None:
    assert priority_of(Grounds()).shares == ()
    assert priority_of(Grounds(is_valued=True, intent_rise=-20)).points == 0
    assert priority_of(Grounds(True, timedelta(days=3), 100, True, 30)).points == 100
    assert priority_of(Grounds(waited=timedelta(seconds=-5))).points == 0


def test_a_complaint_comes_before_who_waits_longer_and_both_before_the_answered(runtime: Runtime, talk: Talk) -> None:
    talk("answered", ("customer", "好的", 3), ("agent", "不客气", 1))
    talk("waits", ("customer", "有货吗", 40))
    talk("complains", ("customer", "漏液了，要投诉", 5))
    assert [one.conversation.id for one in rows(runtime)] == ["complains", "waits", "answered"]
    assert [one.conversation.id for one in rows(runtime, sort="recent")] == ["answered", "complains", "waits"]


def test_the_order_told_to_pages_is_the_order_of_the_list(runtime: Runtime, talk: Talk) -> None:
    for n in range(6):
        talk(f"k{n}", ("customer", "有货吗", 40 - 7 * n), *((("agent", "有", 1 + n),) if n % 2 else ()))
    found = rows(runtime)
    assert [one.order for one in found] == sorted(one.order for one in found)


def test_who_waits_is_listed_though_others_moved_later(runtime: Runtime, talk: Talk) -> None:
    talk("waits", ("customer", "有货吗", 90))
    for n in range(8):
        talk(f"k{n}", ("customer", "你好", 10), ("agent", "您好", n))
    assert [one.conversation.id for one in rows(runtime, limit=3)] == ["waits", "k0", "k1"]


def test_intent_and_stage_are_read_from_what_the_customer_did(runtime: Runtime, talk: Talk) -> None:
    talk("k1", ("customer", "怎么下单", 10))
    add(runtime, Event(**HERE, id="e1", customer_id="c1", kind="cart", at=ago(60), object="cream"))
    found = row(runtime, "k1")
    # 18 points an hour and 16 points ten minutes ago
    assert (found.intent, found.intent_rise, found.stage) == (34, 34, "转化")
    assert Ground.RISING in {share.ground for share in found.priority.shares}


def test_a_group_says_nothing_of_anybody(runtime: Runtime, talk: Talk) -> None:
    talk("g1", ("customer", "怎么下单", 10), scene=Scene.GROUP)
    found = row(runtime, "g1")
    assert (found.is_group, found.intent, found.intent_rise, found.stage) == (True, 0, 0, "")


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(runtime: Runtime, talk: Talk) -> None:
    asked: list[str] = []
    event.listen(runtime.workspace.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for n in range(1, 31):
        add(runtime, Customer(**HERE, id=f"x{n}", updated_at=NOW))
        talk(f"k{n}", ("customer", "多少钱", n), customer_id=f"x{n}")
        if n in (2, 30):
            rows(runtime)
            asked.clear()
            rows(runtime)
            counts.append(sum("SELECT" in one for one in asked))
    assert counts[0] == counts[1] <= 10


def test_a_page_draws_rows_with_their_reasons(client: Any, runtime: Runtime) -> None:
    opened = client.post("/v1/conversations", json={"customer_id": "c2"}).json()["id"]
    text = {"role": "customer", "text": "<i>漏液了</i>，我要投诉，多少钱赔"}
    client.post(f"/v1/conversations/{opened}/messages", json=text)
    page = client.get("/console/list").text
    assert f'id="row-{opened}"' in page
    assert "&lt;b&gt;粗体&lt;/b&gt;" in page
    assert "&lt;i&gt;漏液了" in page
    assert "<i>" not in page
