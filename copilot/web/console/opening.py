"""What to begin the day with, before anybody has said anything in a conversation today."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col
from starlette.concurrency import run_in_threadpool

from copilot.engine.answer import SuggestionAnswer
from copilot.web.services import Services
from knowledge.tables import Message
from knowledge.workspace import utc_now


async def opening_answer(services: Services, conversation_id: str, agent_id: str | None) -> SuggestionAnswer | None:
    """Suggestions to begin with; empty once there is a message of today, on the shop's clock.

    Raises:
        UnknownIdError: there is no such conversation.
        BusyError: the line before the engine is full.
    """
    today = _day(services, utc_now())
    last_at = await run_in_threadpool(_last_said, services, conversation_id)
    if last_at is not None and _day(services, last_at) >= today:
        return None
    return await services.board.opening(conversation_id, today, agent_id)


def _day(services: Services, at: datetime) -> str:
    rules = services.runtime.engine.setup.product_rules
    return at.astimezone(ZoneInfo(rules.time_zone)).date().isoformat()


def _last_said(services: Services, conversation_id: str) -> datetime | None:
    """When anybody last said something that was not taken back."""
    query = select(func.max(col(Message.at))).where(
        col(Message.tenant_id) == services.tenant_id,
        col(Message.conversation_id) == conversation_id,
        col(Message.withdrawn_at).is_(None),
    )
    with services.database.read() as session:
        return session.execute(query).scalar_one_or_none()
