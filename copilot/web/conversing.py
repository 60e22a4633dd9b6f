"""What happens around a message or a decision: it is written, told to listeners, and answered."""

from sqlmodel import Session

from copilot.engine.conversations import (
    NewConversation,
    NewMessage,
    append_message,
    get_conversation,
    open_conversation,
)
from copilot.engine.decisions import NewDecision, Recorded
from copilot.errors import BadRequestError, StaleConversationError
from copilot.web.errors import BusyError
from copilot.web.services import Services
from knowledge.tables import Conversation, Message, SuggestionSet
from knowledge.workspace import utc_now


def write_message(session: Session, services: Services, conversation_id: str, new: NewMessage) -> Message:
    """The message, now the last of its conversation.

    Raises:
        UnknownIdError: there is no such conversation.
        BadRequestError: the text is empty or too long.
    """
    conversation = get_conversation(session, services.tenant_id, conversation_id)
    return append_message(session, conversation, new, utc_now())


def write_conversation(session: Session, services: Services, new: NewConversation) -> Conversation:
    """A new conversation.

    Raises:
        UnknownIdError: the customer does not exist.
    """
    return open_conversation(session, services.tenant_id, new, utc_now())


async def answer_conversation(services: Services, conversation_id: str, version: int) -> None:
    """Make suggestions for the conversation as it stands and tell listeners; when too much waits, tell them that."""
    try:
        answer = await services.board.current(conversation_id)
    except BusyError:
        services.newsroom.tell_unanswered(conversation_id, version, "busy")
        return
    if answer is not None:
        services.newsroom.tell_answer(conversation_id, answer)


def decide(services: Services, decision: NewDecision, key: str | None) -> Recorded:
    """Record a decision, count it and tell listeners, with the message it sent if any.

    Raises:
        UnknownIdError: no such set, or no such rank in it.
        BadRequestError: the text to send is empty or breaks a blocking rule.
        StaleConversationError: the customer has written since.
        KeyReusedError: the key was used for another request.
    """
    try:
        recorded = services.runtime.desk.decide(decision, key=key)
    except StaleConversationError:
        services.metrics.note_decision("stale")
        raise
    services.metrics.note_decision(recorded.kind)
    _tell(services, decision, recorded)
    return recorded


def check_sendable(services: Services, text: str) -> None:
    """Check a text an agent wrote, when there is no suggestion set to which it could belong.

    Raises:
        BadRequestError: a blocking rule fires.
    """
    for finding in services.runtime.desk.rules.check(text):
        if finding.severity == "block":
            raise BadRequestError("text", finding.words, f"a text without it: {finding.reason}")


def _tell(services: Services, decision: NewDecision, recorded: Recorded) -> None:
    set_id = decision.set_id
    with services.database.read() as session:
        shown = session.get(SuggestionSet, (services.tenant_id, set_id))
        conversation_id = shown.conversation_id if shown else None
        message = None
        if conversation_id is not None and recorded.conversation_version is not None:
            message = session.get(Message, (services.tenant_id, conversation_id, recorded.conversation_version))
    if message is not None and message.set_id == set_id:
        services.newsroom.tell_message(message)
    services.newsroom.tell_decision(conversation_id, set_id, recorded.kind, decision.agent_id)
