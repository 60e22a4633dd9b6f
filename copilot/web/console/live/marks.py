"""How far each agent has read each conversation."""

from datetime import datetime

from sqlmodel import Session

from copilot.engine.conversations import get_conversation
from copilot.errors import BadRequestError
from knowledge.tables import ReadMark


def mark_read(
    session: Session, tenant_id: str, agent_id: str, conversation_id: str, *, position: int, now: datetime
) -> bool:
    """Note that an agent has read up to a message; whether that is further than before. Never goes back.

    Raises:
        UnknownIdError: there is no such conversation.
        BadRequestError: it has no such message yet.
    """
    conversation = get_conversation(session, tenant_id, conversation_id)
    if position > conversation.version:
        raise BadRequestError("position", position, f"at most {conversation.version}, the last message")
    mark = session.get(ReadMark, (tenant_id, agent_id, conversation_id))
    if mark is None:
        mark = ReadMark(
            tenant_id=tenant_id, agent_id=agent_id, conversation_id=conversation_id, position=position, at=now
        )
        session.add(mark)
        return True
    if mark.position >= position:
        return False
    mark.position, mark.at = position, now
    return True
