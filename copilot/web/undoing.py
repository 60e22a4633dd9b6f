"""Taking something back over the web: once for each key, and everybody who listens is told."""

from sqlmodel import Session

from copilot.engine.undoing import take_back
from copilot.web.idempotency import Written, write_once
from copilot.web.newsroom import Part
from copilot.web.schemas.conversations import UndoIn, UndoneOut
from copilot.web.services import Services
from knowledge.workspace import utc_now


def undo(services: Services, conversation_id: str, wanted: UndoIn, key: str | None) -> UndoneOut:
    """Take back what an agent did last in a conversation; a repeat with the same key changes nothing.

    Raises:
        UnknownIdError: there is no such conversation.
        CannotUndoError: there is nothing to take back, it was too long ago, or the customer has answered since.
        KeyReusedError: the key was used for another request.
    """

    def write(session: Session) -> UndoneOut:
        undone = take_back(session, services.tenant_id, conversation_id, wanted.agent_id, now=utc_now())
        return UndoneOut.model_validate(undone)

    operation = f"POST /v1/conversations/{conversation_id}/undo"
    written = write_once(services, key, operation, wanted, UndoneOut, write)
    _tell(services, conversation_id, wanted.agent_id, written)
    return written.answer


def _tell(services: Services, conversation_id: str, agent_id: str | None, written: Written[UndoneOut]) -> None:
    if written.is_repeat:
        return
    services.metrics.note_decision("undone")
    if written.answer.set_id is not None:
        services.newsroom.tell_decision(conversation_id, written.answer.set_id, "undone", agent_id)
    if written.answer.position is not None:
        services.newsroom.tell_change(conversation_id, Part.THREAD, agent_id)
