"""Taking back the last thing an agent did in a conversation, while nobody has built on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from copilot.engine.conversations import get_conversation
from copilot.engine.mentions import mentions_with
from copilot.engine.record import COUNTER_OF, uncount_use
from copilot.errors import CannotUndoError
from knowledge.audit import append_entry
from knowledge.tables import Conversation, Decision, DecisionKind, Message, MessageRole, SuggestionSet

UNDO_S: Final = 120
NOBODY: Final = "nobody"
"""Who did it, in the audit trail, when no agent was named."""
UndoneKind = Literal["accept", "edit", "freehand", "dismiss"]
_UNDOABLE = (DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.FREEHAND, DecisionKind.DISMISS)


@dataclass(frozen=True)
class Undone:
    """What was taken back: with which suggestion of which set, and the text and place of the message if one was sent.

    A text sent without a set is `freehand` with an empty `set_id`.
    """

    kind: UndoneKind
    text: str = ""
    set_id: str | None = None
    rank: int | None = None
    item_kind: str = "reply"
    position: int | None = None


@dataclass(frozen=True)
class Deed:
    """The last thing an agent did in a conversation: a decision, the message it sent, or a message alone."""

    at: datetime
    since_version: int
    decision: Decision | None = None
    message: Message | None = None

    @property
    def kind(self) -> UndoneKind:
        return "freehand" if self.decision is None else self.decision.kind.value  # type: ignore[return-value]

    def seconds_left(self, now: datetime) -> float:
        """How long it can still be taken back; zero or less when it no longer can."""
        return (self.at + timedelta(seconds=UNDO_S) - now).total_seconds()


def last_deed(session: Session, conversation: Conversation, agent_id: str | None) -> Deed | None:
    """What this agent did last in this conversation and has not taken back; nothing when there is no such thing."""
    found = [_last_decision(session, conversation, agent_id), _last_message_alone(session, conversation, agent_id)]
    return max((deed for deed in found if deed is not None), key=lambda deed: deed.at, default=None)


def has_answered(session: Session, conversation: Conversation, deed: Deed) -> bool:
    """Whether the customer has written since."""
    query = select(col(Message.position)).where(
        col(Message.tenant_id) == conversation.tenant_id,
        col(Message.conversation_id) == conversation.id,
        col(Message.position) > deed.since_version,
        col(Message.role) == MessageRole.CUSTOMER,
        col(Message.withdrawn_at).is_(None),
    )
    return session.execute(query.limit(1)).first() is not None


def take_back(session: Session, tenant_id: str, conversation_id: str, agent_id: str | None, *, now: datetime) -> Undone:
    """Undo what this agent did last in this conversation: a dismissal, or a message that was sent.

    Raises:
        UnknownIdError: there is no such conversation.
        CannotUndoError: there is nothing to take back, it was too long ago, or the customer has answered since.
    """
    conversation = get_conversation(session, tenant_id, conversation_id)
    deed = last_deed(session, conversation, agent_id)
    if deed is None:
        raise CannotUndoError("nothing", "there is nothing of yours to take back in this conversation")
    if deed.seconds_left(now) <= 0:
        raise CannotUndoError("too late", f"it was too long ago: what you do can be taken back for {UNDO_S} seconds")
    if has_answered(session, conversation, deed):
        raise CannotUndoError("answered", "the customer has answered since, so it cannot be taken back")
    undone = _undo(session, deed, agent_id, now)
    append_entry(
        session,
        tenant_id,
        at=now,
        actor=agent_id or NOBODY,
        action="decision.undo",
        subject=conversation_id,
        detail={"kind": undone.kind, "set_id": undone.set_id, "rank": undone.rank, "position": undone.position},
    )
    return undone


def _undo(session: Session, deed: Deed, agent_id: str | None, now: datetime) -> Undone:
    decision, message = deed.decision, deed.message
    if message is not None:
        message.withdrawn_at, message.withdrawn_by = now, agent_id
        session.add(message)
    position = message.position if message else None
    if decision is None:
        return Undone(deed.kind, message.text if message else "", position=position)
    for one in (decision, *mentions_with(session, decision)):
        one.undone_at = now
        session.add(one)
    _uncount(session, decision)
    return Undone(deed.kind, decision.sent_text, decision.set_id, decision.rank, decision.item_kind, position)


def _uncount(session: Session, decision: Decision) -> None:
    """Take back what was counted when the decision was made."""
    shown = session.get(SuggestionSet, (decision.tenant_id, decision.set_id))
    is_counted = shown is not None and shown.message and decision.item_kind == "reply" and decision.kind in COUNTER_OF
    if is_counted and decision.item_id is not None:
        uncount_use(session, decision.tenant_id, decision.item_id, decision.agent_id, COUNTER_OF[decision.kind])


def _last_decision(session: Session, conversation: Conversation, agent_id: str | None) -> Deed | None:
    query = (
        select(Decision, col(SuggestionSet.conversation_version))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Decision.tenant_id)) & (col(SuggestionSet.id) == col(Decision.set_id)),
        )
        .where(
            col(SuggestionSet.tenant_id) == conversation.tenant_id,
            col(SuggestionSet.conversation_id) == conversation.id,
            _is_theirs(agent_id),
            col(Decision.kind).in_(_UNDOABLE),
            col(Decision.undone_at).is_(None),
        )
        .order_by(col(Decision.at).desc(), col(Decision.item_kind).desc(), col(Decision.id).desc())
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    decision, version = found
    message = None if decision.kind is DecisionKind.DISMISS else _message_of(session, conversation, decision)
    return Deed(decision.at, message.position if message else version, decision, message)


def _is_theirs(agent_id: str | None) -> ColumnElement[bool]:
    """Whether somebody decided; who is not named decides for the agent the suggestions were made for."""
    if agent_id is not None:
        return col(Decision.agent_id) == agent_id
    return or_(col(Decision.agent_id).is_(None), col(Decision.agent_id) == col(SuggestionSet.agent_id))


def _message_of(session: Session, conversation: Conversation, decision: Decision) -> Message | None:
    """The message that a decision sent; none where the set belongs to no conversation here."""
    query = select(Message).where(
        col(Message.tenant_id) == conversation.tenant_id,
        col(Message.conversation_id) == conversation.id,
        col(Message.set_id) == decision.set_id,
        col(Message.text) == decision.sent_text,
        col(Message.at) == decision.at,
        col(Message.withdrawn_at).is_(None),
    )
    return session.execute(query.order_by(col(Message.position).desc()).limit(1)).scalar_one_or_none()


def _last_message_alone(session: Session, conversation: Conversation, agent_id: str | None) -> Deed | None:
    """The last message of the agent that no suggestion set belongs to."""
    query = select(Message).where(
        col(Message.tenant_id) == conversation.tenant_id,
        col(Message.conversation_id) == conversation.id,
        col(Message.role) == MessageRole.AGENT,
        col(Message.author_id).is_not_distinct_from(agent_id),
        col(Message.set_id).is_(None),
        col(Message.at).is_not(None),
        col(Message.withdrawn_at).is_(None),
    )
    message = session.execute(query.order_by(col(Message.position).desc()).limit(1)).scalar_one_or_none()
    return None if message is None or message.at is None else Deed(message.at, message.position, message=message)
