"""Taking back what was just done: the button that offers it, and the key that does it."""

from dataclasses import dataclass
from math import ceil

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from copilot.engine.conversations import get_conversation
from copilot.engine.undoing import Deed, has_answered, last_deed
from copilot.web.console.deciding import done
from copilot.web.console.keys import HINTS
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.schemas.common import Id
from copilot.web.schemas.conversations import UndoIn
from copilot.web.services import Services, ServicesDep
from copilot.web.undoing import undo
from knowledge.tables import Conversation
from knowledge.workspace import utc_now

router = APIRouter()


@dataclass(frozen=True)
class Undoable:
    """What can be taken back, by whom, and for how long yet."""

    kind: str
    agent_id: str | None
    left_s: int


@router.get("/c/{conversation_id}/undoable")
def undoable(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The button that takes the last step back, while that can be done; it goes by itself."""
    found = _find(services, visitor, conversation_id)
    return visitor.draw("console/undoable.html", found=found, conversation_id=conversation_id, hints=HINTS)


@router.post("/c/{conversation_id}/undo")
def post_undo(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Take the last step back; the text of a message that was sent returns to the page."""
    found = _find(services, visitor, conversation_id)
    agent_id = found.agent_id if found else visitor.agent_id
    undone = undo(services, conversation_id, UndoIn(agent_id=agent_id), None)
    return done({"undone": {"conversation_id": conversation_id, "kind": undone.kind, "text": undone.text}})


def _find(services: Services, visitor: Visitor, conversation_id: str) -> Undoable | None:
    """The last step of the visitor; of who has no seat, that of nobody or of the agent the conversation belongs to."""
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        agents = [visitor.agent_id] if visitor.agent_id else [None, conversation.agent_id]
        found = [(agent_id, deed) for agent_id in agents if (deed := _open_deed(session, conversation, agent_id))]
    if not found:
        return None
    agent_id, deed = max(found, key=lambda one: one[1].at)
    return Undoable("dismissed" if deed.kind == "dismiss" else "sent", agent_id, ceil(deed.seconds_left(utc_now())))


def _open_deed(session: Session, conversation: Conversation, agent_id: str | None) -> Deed | None:
    deed = last_deed(session, conversation, agent_id)
    if deed is None or deed.seconds_left(utc_now()) <= 0 or has_answered(session, conversation, deed):
        return None
    return deed
