"""Conversations: what was said is never rewritten; more may be said."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import text

from knowledge.imports import ImportReport
from knowledge.workspace import Workspace

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

ASKED = {"role": "customer", "text": "在吗", "at": "2026-01-05 10:00"}
ANSWERED = {"role": "agent", "text": "在的", "at": "2026-01-05 10:01", "script_id": "s1"}


def line(*messages: dict[str, object], **fields: object) -> str:
    return json.dumps({"conversation_id": "k1", "messages": list(messages)} | fields, ensure_ascii=False) + "\n"


@pytest.fixture
def talk(load: Load) -> Load:
    return lambda content, **options: load("conversations", content, "conversations.jsonl", **options)


def test_a_conversation_is_kept_with_its_outcome(talk: Load, rows: Rows) -> None:
    outcome = {"converted": True, "order_id": "o1", "amount": 129.5, "satisfaction": 4}
    fields = {"customer_id": "c1", "agent_id": "a1", "channel": "wecom", "scene": "群", "stage": "转化"}
    report = talk(line(ASKED, ANSWERED, **fields, outcome=outcome))
    assert (report.n_added, report.unknown_columns) == (1, ())
    assert rows(
        "SELECT customer_id, agent_id, channel, scene, stage, version, open, started_at, last_message_at, converted, "
        "order_id, amount_fen, satisfaction FROM conversation"
    ) == [
        ("c1", "a1", "wecom", "group", "转化", 2, 0, "2026-01-05 02:00:00.000000", "2026-01-05 02:01:00.000000", 1,
         "o1", 12950, 4.0)
    ]  # fmt: skip
    assert rows("SELECT position, role, text, script_id FROM message ORDER BY position") == [
        (1, "customer", "在吗", None),
        (2, "agent", "在的", "s1"),
    ]


def test_appended_messages_change_a_conversation_and_raise_its_version(talk: Load, rows: Rows) -> None:
    talk(line(ASKED))
    assert talk(line(ASKED, ANSWERED)).n_changed == 1
    assert rows("SELECT version FROM conversation") == [(2,)]
    assert rows("SELECT text FROM message ORDER BY position") == [("在吗",), ("在的",)]


def test_the_same_or_an_older_conversation_changes_nothing(talk: Load, contents: Callable[[], object]) -> None:
    talk(line(ASKED, ANSWERED, customer_id="c1"))
    before = contents()
    assert talk(line(ASKED, ANSWERED, customer_id="c1")).n_unchanged == 1
    assert talk(line(ASKED)).n_unchanged == 1
    assert contents() == before


def test_a_message_that_was_taken_back_stays_taken_back(talk: Load, rows: Rows, workspace: Workspace) -> None:
    talk(line(ASKED, {**ANSWERED, "script_id": None}))
    with workspace.database.write() as session:
        session.execute(text("UPDATE message SET withdrawn_at = at, withdrawn_by = 'a1' WHERE position = 2"))
    talk(line(ASKED, ANSWERED))
    found = rows("SELECT script_id, withdrawn_by, withdrawn_at IS NOT NULL FROM message WHERE position = 2")
    assert found == [("s1", "a1", 1)]


def test_a_rewritten_message_is_rejected(talk: Load, rows: Rows) -> None:
    talk(line(ASKED, ANSWERED))
    report = talk(line(ASKED, ANSWERED | {"text": "不在"}, ASKED))
    assert (report.n_rejected, report.rejected[0].column, report.rejected[0].value) == (1, "messages", "不在")
    assert "message 2 is '不在', stored is '在的'" in report.rejected[0].reason
    assert rows("SELECT count(*) FROM message") == [(2,)]


def test_unknown_fields_of_messages_are_reported(talk: Load) -> None:
    report = talk(line(ASKED | {"sku": "A"}, outcome={"stars": 5}, mood="fine"))
    assert report.n_added == 1
    assert set(report.unknown_columns) == {"messages.sku", "outcome.stars", "mood"}


@pytest.mark.parametrize(
    ("content", "column", "reason"),
    [
        (line(), "messages", "messages: got"),
        (line({"role": "robot", "text": "x"}), "messages", "messages.0.role: got 'robot'"),
        (line({"role": "agent"}), "messages", "messages.0.text: nothing there"),
        (line(ASKED | {"at": "soon"}), "messages", "messages.0.at: got 'soon'"),
        (line(ASKED, outcome={"amount": "much"}), "outcome", "outcome.amount: got 'much'"),
        ('{"conversation_id": "k1", "messages": "x"}\n', "", ""),
    ],
)
def test_a_bad_conversation_is_rejected_with_the_place(talk: Load, content: str, column: str, reason: str) -> None:
    report = talk(content)
    assert (report.n_added, report.n_rejected) == (0, 1)
    if column:
        assert report.rejected[0].column == column
        assert report.rejected[0].reason.startswith(reason)
