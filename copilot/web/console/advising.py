"""What stands beside a conversation: suggestions, made now when there are none yet."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from copilot.web.console.advice import TEMPLATE, advice_values, advise
from copilot.web.pages.frame import VisitorDep
from copilot.web.schemas.common import Id
from copilot.web.services import ServicesDep

router = APIRouter()


@router.get("/c/{conversation_id}/suggestions")
async def suggestions(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The suggestions for the conversation as it stands, or to begin the day with; the stream brings the same."""
    advice = await advise(services, conversation_id, visitor.agent_id)
    values = await run_in_threadpool(advice_values, services, advice, visitor.words)
    return visitor.draw(TEMPLATE, **values)
