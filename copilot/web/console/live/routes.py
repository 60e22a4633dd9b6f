"""`/console/stream` and what pages say of themselves: how far they were read, and that somebody types there."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from copilot.web.api.stream import RETRY_MS, EventStream
from copilot.web.console.live.broadcast import Broadcast
from copilot.web.console.live.listeners import EVERYTHING, Listener, PagePart, refresh_text
from copilot.web.console.live.marks import mark_read
from copilot.web.console.live.presence import Person
from copilot.web.pages.frame import VisitorDep
from copilot.web.schemas.common import Id, Short
from copilot.web.services import Services, ServicesDep
from knowledge.workspace import utc_now

router = APIRouter()
PageId = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z-]+$")]


def broadcast_of(request: Request) -> Broadcast:
    """What keeps the pages of this application current."""
    broadcast: Broadcast = request.app.state.broadcast
    return broadcast


BroadcastDep = Annotated[Broadcast, Depends(broadcast_of)]


@router.get("/stream")
async def stream(
    services: ServicesDep,
    broadcast: BroadcastDep,
    visitor: VisitorDep,
    page: Annotated[PageId, Query()],
    c: Annotated[Id | None, Query()] = None,
    since: Annotated[Short, Query()] = "",
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None,
) -> EventStream:
    """Everything that happens in a page on conversation `c`, or on none; `since` is the news it was drawn after.

    A page that comes back, or was drawn from something else than what this process knows, reads everything again.
    """
    person = Person(page, visitor.agent_id, visitor.user.name if visitor.user else "")
    events = _events(services, broadcast, Listener(person, visitor.words, c), None if last_event_id else since)
    return EventStream(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@router.post("/c/{conversation_id}/read")
def post_read(
    conversation_id: Id,
    position: Annotated[int, Form(ge=0)],
    services: ServicesDep,
    broadcast: BroadcastDep,
    visitor: VisitorDep,
) -> Response:
    """Note how far the agent has read; nobody's reading is noted while nobody is chosen."""
    if visitor.agent_id is not None:
        with services.database.write() as session:
            moved = mark_read(
                session, services.tenant_id, visitor.agent_id, conversation_id, position=position, now=utc_now()
            )
        if moved:
            broadcast.note_read(conversation_id, visitor.agent_id)
    return Response(status_code=204)


@router.post("/c/{conversation_id}/typing")
async def post_typing(conversation_id: Id, page: Annotated[PageId, Form()], broadcast: BroadcastDep) -> Response:
    """Note that somebody types in the page; it is over by itself."""
    broadcast.note_writing(conversation_id, page)
    return Response(status_code=204)


async def _events(
    services: Services, broadcast: Broadcast, listener: Listener, since: str | None
) -> AsyncIterator[str]:
    broadcast.join(listener)
    try:
        yield f"retry: {RETRY_MS}\nid: {services.hub.last_id}\n: listening\n\n"
        if missed := _missed(services, listener, since):
            yield missed
        while True:
            try:
                text = await listener.next(services.options.heartbeat_s)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if text is None:
                return
            yield text
    finally:
        broadcast.leave(listener)


def _missed(services: Services, listener: Listener, since: str | None) -> str:
    """What the page has to read again; only the list, when its own conversation has stood still."""
    news = services.hub.since(since) if since else None
    if news is None:
        return EVERYTHING
    if any(event.data.get("conversation_id") in (listener.conversation_id, None) for event in news):
        return EVERYTHING
    return refresh_text(PagePart.LIST) if news else ""
