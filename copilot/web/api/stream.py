"""`GET /v1/stream`: what happens, as server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from copilot.web.api.documented import problems
from copilot.web.hub import HubEvent
from copilot.web.schemas.common import Id
from copilot.web.services import Services, ServicesDep

router = APIRouter(prefix="/v1", tags=["stream"])
RETRY_MS = 1000
EXAMPLE = (
    "id: 1f2e3d4c-7\nevent: message\n"
    'data: {"conversation_id": "t0001", "conversation_version": 5, "role": "customer"}\n\n'
)


class EventStream(StreamingResponse):
    """A response of server-sent events."""

    media_type = "text/event-stream"


@router.get(
    "/stream",
    response_class=EventStream,
    responses={
        200: {
            "description": "Events `message`, `suggestions`, `decision`, and `refresh` when something was missed.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
        },
        **problems(422, 503),
    },
    summary="Messages, suggestions and decisions as they happen",
)
async def stream(
    services: ServicesDep,
    conversation_id: Id | None = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)] = None,
) -> EventStream:
    """Follow one conversation or all; a listener that missed something is told to `refresh`."""
    events = _events(services, conversation_id, last_event_id)
    return EventStream(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(services: Services, conversation_id: str | None, last_event_id: str | None) -> AsyncIterator[str]:
    hub = services.hub
    subscription = hub.subscribe(conversation_id)
    try:
        yield f"retry: {RETRY_MS}\nid: {hub.last_id}\n: listening\n\n"
        if last_event_id and last_event_id != hub.last_id:
            yield as_text(hub.refresh("reconnected"))
        while True:
            try:
                event = await subscription.next(services.options.heartbeat_s)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if event is None:
                return
            yield as_text(event)
    finally:
        hub.unsubscribe(subscription)


def as_text(event: HubEvent) -> str:
    """An event as it stands in the stream; JSON holds no line breaks, so one data line is enough."""
    return f"id: {event.id}\nevent: {event.name.value}\ndata: {json.dumps(dict(event.data), ensure_ascii=False)}\n\n"
