"""Conversations: open, list, read, and the messages that arrive."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from sqlmodel import Session

from copilot.engine.conversations import NewConversation, NewMessage, get_conversation
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.conversing import answer_conversation, write_conversation, write_message
from copilot.web.idempotency import write_once
from copilot.web.newsroom import Part
from copilot.web.reading import ConversationRow, list_conversations, read_messages
from copilot.web.schemas.common import Id
from copilot.web.schemas.conversations import (
    AppendedOut,
    ConversationIn,
    ConversationOut,
    ConversationRowOut,
    MessageIn,
    MessageOut,
    ThreadOut,
    UndoIn,
    UndoneOut,
)
from copilot.web.services import IdempotencyKey, ServicesDep
from copilot.web.undoing import undo
from knowledge.tables import Message, MessageRole

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])


@router.get("", responses=problems(*READS), summary="Conversations, the latest first")
def get_conversations(
    services: ServicesDep, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[ConversationRowOut]:
    """The conversations that moved last, with what was said and who waits."""
    with services.database.read() as session:
        found = list_conversations(session, services.tenant_id, limit)
    return [_row_out(row) for row in found]


@router.post("", status_code=201, responses=problems(*WRITES), summary="Open a conversation")
def post_conversation(
    conversation: ConversationIn, services: ServicesDep, key: IdempotencyKey = None
) -> ConversationOut:
    """Open a conversation without messages."""

    def write(session: Session) -> ConversationOut:
        stage = conversation.stage.value if conversation.stage else ""
        new = NewConversation(**{**conversation.model_dump(), "stage": stage})
        return ConversationOut.model_validate(write_conversation(session, services, new))

    opened = write_once(services, key, "POST /v1/conversations", conversation, ConversationOut, write)
    if not opened.is_repeat:
        services.newsroom.tell_change(opened.answer.id, Part.CONVERSATION, conversation.agent_id)
    return opened.answer


@router.get("/{conversation_id}", responses=problems(*READS), summary="One conversation with its messages")
def get_thread(
    conversation_id: Id, services: ServicesDep, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> ThreadOut:
    """A conversation with its latest messages."""
    with services.database.read() as session:
        found = get_conversation(session, services.tenant_id, conversation_id)
        messages = read_messages(session, found, limit)
    shown = ConversationOut.model_validate(found).model_dump()
    return ThreadOut(**shown, messages=[MessageOut.model_validate(message) for message in messages])


@router.post("/{conversation_id}/messages", status_code=201, responses=problems(*WRITES), summary="Append a message")
def post_message(
    conversation_id: Id,
    message: MessageIn,
    services: ServicesDep,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> AppendedOut:
    """Append a message and tell listeners; a customer's message is then answered and the suggestions are told too."""
    written: list[Message] = []

    def write(session: Session) -> AppendedOut:
        new = NewMessage(message.role, message.text, author_id=message.author_id)
        row = write_message(session, services, conversation_id, new)
        written.append(row)
        return AppendedOut(conversation_id=conversation_id, position=row.position, conversation_version=row.position)

    operation = f"POST /v1/conversations/{conversation_id}/messages"
    appended = write_once(services, key, operation, message, AppendedOut, write)
    if not appended.is_repeat:
        services.newsroom.tell_message(written[0])
        if message.role is MessageRole.CUSTOMER:
            background.add_task(answer_conversation, services, conversation_id, appended.answer.position)
    return appended.answer


@router.post("/{conversation_id}/undo", responses=problems(*WRITES), summary="Take the last decision or message back")
def post_undo(conversation_id: Id, wanted: UndoIn, services: ServicesDep, key: IdempotencyKey = None) -> UndoneOut:
    """Take back the last thing an agent did here, within two minutes and before the customer has answered."""
    return undo(services, conversation_id, wanted, key)


def _row_out(row: ConversationRow) -> ConversationRowOut:
    return ConversationRowOut(
        **ConversationOut.model_validate(row.conversation).model_dump(),
        customer_name=row.customer_name,
        last_text=row.last_text,
        last_role=row.last_role,
        n_unanswered=row.n_unanswered,
        waiting_since=row.waiting_since,
    )
