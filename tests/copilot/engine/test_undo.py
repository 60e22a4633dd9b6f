from datetime import timedelta

import pytest
from sqlmodel import select

from copilot.engine.conversations import (
    NewConversation,
    NewMessage,
    append_message,
    get_conversation,
    open_conversation,
)
from copilot.engine.decisions import NewDecision
from copilot.engine.request import SuggestRequest
from copilot.errors import CannotUndoError, UnknownIdError
from knowledge.audit import verify_chain
from knowledge.tables import DEFAULT_TENANT, AuditEntry, Decision, DecisionKind, Message, MessageRole, ScriptUse
from knowledge.tables.library import EVERYONE

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"


class Talk:
    """A conversation of c1 with a1 in a shop that answers questions about returns."""

    def __init__(self, shop) -> None:
        self.shop = shop
        shop.add_customer("c1")
        shop.add_script("returns", RETURNS, "可以退货吗")
        shop.add_product("cream", "舒缓面霜")
        with shop.workspace.database.write() as session:
            open_conversation(session, DEFAULT_TENANT, NewConversation("c1", "a1"), shop.clock.now, "t1")
        self.engine, self.desk = shop.engine, shop.desk

    def say(self, text: str, role: MessageRole = MessageRole.CUSTOMER, author_id: str | None = None) -> int:
        with self.shop.workspace.database.write() as session:
            conversation = get_conversation(session, DEFAULT_TENANT, "t1")
            said = append_message(session, conversation, NewMessage(role, text, author_id), self.shop.clock.now)
            return said.position

    def suggest(self):
        return self.engine.suggest(SuggestRequest(conversation_id="t1", agent_id="a1"))

    def decide(self, kind: DecisionKind, text: str = "", set_id: str = "", agent_id: str = "a1") -> str:
        set_id = set_id or self.suggest().set_id
        rank = None if kind is DecisionKind.FREEHAND else 1
        self.desk.decide(NewDecision(set_id, kind, rank=rank, sent_text=text, agent_id=agent_id))
        return set_id

    def uses(self) -> dict[str, tuple[int, int, int, int]]:
        with self.shop.workspace.database.read() as session:
            rows = session.exec(select(ScriptUse)).all()
        return {one.agent_id: (one.n_shown, one.n_accepted, one.n_edited, one.n_dismissed) for one in rows}

    def messages(self) -> list[Message]:
        with self.shop.workspace.database.read() as session:
            return list(session.exec(select(Message).order_by(Message.position)).all())


@pytest.fixture
def talk(shop) -> Talk:
    made = Talk(shop)
    made.say("可以退货吗")
    return made


def test_an_accepted_reply_is_withdrawn_and_no_longer_counted(talk: Talk) -> None:
    set_id = talk.decide(DecisionKind.ACCEPT)
    assert talk.uses() == {EVERYONE: (1, 1, 0, 0), "a1": (1, 1, 0, 0)}
    talk.shop.clock.advance(seconds=100)
    undone = talk.desk.undo("t1", "a1")
    assert (undone.kind, undone.text, undone.set_id) == ("accept", RETURNS, set_id)
    assert (undone.rank, undone.item_kind, undone.position) == (1, "reply", 2)
    sent = talk.messages()[1]
    assert (sent.withdrawn_at, sent.withdrawn_by, sent.text) == (talk.shop.clock.now, "a1", RETURNS)
    assert talk.uses() == {EVERYONE: (1, 0, 0, 0), "a1": (1, 0, 0, 0)}
    with talk.shop.workspace.database.read() as session:
        assert session.exec(select(Decision)).one().undone_at == talk.shop.clock.now


def test_an_edited_reply_comes_back_with_its_text(talk: Talk) -> None:
    talk.decide(DecisionKind.EDIT, "可以的，七天内都能退。")
    undone = talk.desk.undo("t1", "a1")
    assert (undone.kind, undone.text, undone.position) == ("edit", "可以的，七天内都能退。", 2)
    assert talk.uses()["a1"] == (1, 0, 0, 0)


def test_a_dismissal_is_taken_back_without_touching_messages(talk: Talk) -> None:
    talk.decide(DecisionKind.DISMISS)
    assert talk.uses()["a1"] == (1, 0, 0, 1)
    undone = talk.desk.undo("t1", "a1")
    assert (undone.kind, undone.text, undone.position) == ("dismiss", "", None)
    assert talk.uses()["a1"] == (1, 0, 0, 0)
    assert all(message.withdrawn_at is None for message in talk.messages())


def test_a_text_of_ones_own_is_withdrawn_with_and_without_a_set(talk: Talk) -> None:
    set_id = talk.decide(DecisionKind.FREEHAND, "我帮您看一下。")
    talk.shop.clock.advance(seconds=1)
    alone = talk.say("马上好。", MessageRole.AGENT, "a1")
    first = talk.desk.undo("t1", "a1")
    assert (first.kind, first.text, first.set_id, first.position) == ("freehand", "马上好。", None, alone)
    second = talk.desk.undo("t1", "a1")
    assert (second.kind, second.text, second.set_id) == ("freehand", "我帮您看一下。", set_id)
    assert [message.withdrawn_by for message in talk.messages()] == [None, "a1", "a1"]


def test_what_was_taken_back_is_not_taken_back_again(talk: Talk) -> None:
    talk.decide(DecisionKind.ACCEPT)
    talk.desk.undo("t1", "a1")
    with pytest.raises(CannotUndoError) as refused:
        talk.desk.undo("t1", "a1")
    assert refused.value.reason == "nothing"


@pytest.mark.parametrize("kind", [DecisionKind.ACCEPT, DecisionKind.DISMISS])
def test_after_two_minutes_it_is_too_late(talk: Talk, kind: DecisionKind) -> None:
    talk.decide(kind)
    talk.shop.clock.advance(seconds=120)
    with pytest.raises(CannotUndoError, match="120 seconds") as refused:
        talk.desk.undo("t1", "a1")
    assert refused.value.reason == "too late"


@pytest.mark.parametrize("kind", [DecisionKind.ACCEPT, DecisionKind.DISMISS])
def test_once_the_customer_has_answered_it_stands(talk: Talk, kind: DecisionKind) -> None:
    talk.decide(kind)
    talk.say("谢谢")
    with pytest.raises(CannotUndoError) as refused:
        talk.desk.undo("t1", "a1")
    assert refused.value.reason == "answered"
    assert talk.uses()["a1"] != (1, 0, 0, 0)


def test_a_colleague_takes_back_only_what_is_theirs(talk: Talk) -> None:
    talk.decide(DecisionKind.ACCEPT)
    talk.shop.clock.advance(seconds=1)
    talk.say("我也在。", MessageRole.AGENT, "a2")
    assert talk.desk.undo("t1", "a2").text == "我也在。"
    with pytest.raises(CannotUndoError):
        talk.desk.undo("t1", "a2")
    assert talk.desk.undo("t1", "a1").kind == "accept"


def test_who_is_not_named_decides_for_the_agent_of_the_suggestions(talk: Talk) -> None:
    set_id = talk.suggest().set_id
    talk.desk.decide(NewDecision(set_id, DecisionKind.ACCEPT, rank=1))
    assert talk.desk.undo("t1", None).kind == "accept"


def test_a_product_that_was_sent_counts_for_no_script(talk: Talk) -> None:
    talk.say("舒缓面霜多少钱")
    answer = talk.suggest()
    assert answer.products
    sent = NewDecision(answer.set_id, DecisionKind.EDIT, "product", 1, "这款 129 元。", agent_id="a1")
    talk.desk.decide(sent)
    before = talk.uses()
    assert talk.desk.undo("t1", "a1").item_kind == "product"
    assert talk.uses() == before


def test_it_is_written_in_the_audit_trail_without_the_text(talk: Talk) -> None:
    set_id = talk.decide(DecisionKind.ACCEPT)
    talk.desk.undo("t1", "a1")
    with talk.shop.workspace.database.read() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "decision.undo")).all()
        assert verify_chain(session, DEFAULT_TENANT).is_whole
    assert (entry.actor, entry.subject) == ("a1", "t1")
    assert entry.detail == {"kind": "accept", "set_id": set_id, "rank": 1, "position": 2}


def test_the_same_message_waits_for_an_answer_again(talk: Talk) -> None:
    talk.decide(DecisionKind.ACCEPT)
    assert talk.suggest().abstain_reason.startswith("no_message")
    talk.desk.undo("t1", "a1")
    again = talk.suggest()
    assert (again.message, again.replies[0].script_id, again.conversation_version) == ("可以退货吗", "returns", 2)
    talk.decide(DecisionKind.ACCEPT, set_id=again.set_id)
    assert talk.messages()[2].text == RETURNS


def test_a_withdrawn_reply_does_not_tire(talk: Talk) -> None:
    talk.decide(DecisionKind.ACCEPT)
    talk.desk.undo("t1", "a1")
    assert all(part.feature != "fatigue" for part in talk.suggest().replies[0].why)


def test_an_unknown_conversation_is_an_error(talk: Talk) -> None:
    with pytest.raises(UnknownIdError):
        talk.desk.undo("t404", "a1")


def test_seconds_left_are_those_of_the_last_deed(talk: Talk) -> None:
    from copilot.engine.undoing import last_deed

    talk.decide(DecisionKind.ACCEPT)
    with talk.shop.workspace.database.read() as session:
        deed = last_deed(session, get_conversation(session, DEFAULT_TENANT, "t1"), "a1")
    assert deed.seconds_left(talk.shop.clock.now + timedelta(seconds=30)) == 90
