"""Conversations as they go on: new messages, and who is waiting."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from copilot.engine.request import require_text
from copilot.errors import BadRequestError, UnknownIdError
from knowledge.tables import Conversation, Customer, Message, MessageRole, Scene


@dataclass(frozen=True)
class NewMessage:
    """A message on its way into a conversation."""

    role: MessageRole
    text: str
    author_id: str | None = None
    script_id: str | None = None
    set_id: str | None = None


@dataclass(frozen=True)
class NewConversation:
    """Who talks with whom, and where."""

    customer_id: str | None = None
    agent_id: str | None = None
    channel: str = "web"
    scene: Scene = Scene.DIRECT
    stage: str = ""


def open_conversation(
    session: Session, tenant_id: str, new: NewConversation, now: datetime, conversation_id: str | None = None
) -> Conversation:
    """A conversation without messages.

    Raises:
        UnknownIdError: the customer does not exist.
    """
    if new.customer_id is not None and session.get(Customer, (tenant_id, new.customer_id)) is None:
        raise UnknownIdError("customer", new.customer_id)
    conversation = Conversation(
        tenant_id=tenant_id,
        id=conversation_id or uuid.uuid4().hex,
        customer_id=new.customer_id,
        agent_id=new.agent_id,
        channel=new.channel,
        scene=new.scene,
        stage=new.stage,
        started_at=now,
        last_message_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation


def get_conversation(session: Session, tenant_id: str, conversation_id: str) -> Conversation:
    """The conversation with this id.

    Raises:
        UnknownIdError: there is none.
    """
    conversation = session.get(Conversation, (tenant_id, conversation_id))
    if conversation is None:
        raise UnknownIdError("conversation", conversation_id)
    return conversation


def append_message(session: Session, conversation: Conversation, new: NewMessage, now: datetime) -> Message:
    """The message, now the last of its conversation, whose version has risen by one.

    Raises:
        BadRequestError: the text is empty, longer than 20,000 characters, or cannot be kept.
    """
    if not new.text.strip():
        raise BadRequestError("text", new.text, "a message that is not empty")
    require_text("text", new.text)
    conversation.version += 1
    conversation.last_message_at = now
    conversation.open = True
    message = Message(
        tenant_id=conversation.tenant_id,
        conversation_id=conversation.id,
        position=conversation.version,
        role=new.role,
        text=new.text,
        at=now,
        author_id=new.author_id,
        script_id=new.script_id,
        set_id=new.set_id,
    )
    session.add(conversation)
    session.add(message)
    session.flush()
    return message
