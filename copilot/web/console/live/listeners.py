"""Pages that follow: what each one shows, and what waits to be sent to it."""

import asyncio
import json
from collections.abc import Mapping
from enum import StrEnum

from copilot.web.console.live.presence import Person
from copilot.web.pages.translation import Words

Data = Mapping[str, object]
WAITING = 128
"""Events that may wait for a slow page before it is told to read everything again instead."""


class PageEvent(StrEnum):
    """What a page is told; all but `refresh` and `decision` bring what is to be shown."""

    ROWS = "rows"
    BUBBLES = "bubbles"
    SUGGESTIONS = "suggestions"
    PRESENCE = "presence"
    DECISION = "decision"
    REFRESH = "refresh"


class PagePart(StrEnum):
    """A part of the page that can be read again, by the id of its element."""

    LIST = "list"
    THREAD = "thread"
    SUGGESTIONS = "suggestions"
    CUSTOMER = "customer"


def as_text(name: PageEvent, data: Data) -> str:
    """An event as it stands in the stream; JSON holds no line breaks, so one data line is enough."""
    return f"event: {name.value}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def refresh_text(*parts: PagePart) -> str:
    """The wish to read parts of the page again."""
    return as_text(PageEvent.REFRESH, {"parts": [part.value for part in parts]})


EVERYTHING = refresh_text(*PagePart)


class Listener:
    """One page: who sits there, in which language, on which conversation if any. Lives in one event loop."""

    def __init__(self, person: Person, words: Words, conversation_id: str | None, waiting: int = WAITING) -> None:
        self.person = person
        self.words = words
        self.conversation_id = conversation_id
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(waiting)

    @property
    def agent_id(self) -> str | None:
        return self.person.agent_id

    async def next(self, timeout_s: float) -> str | None:
        """The next event as text, or `None` when the stream is to end.

        Raises:
            TimeoutError: nothing happened within the time.
        """
        return await asyncio.wait_for(self._queue.get(), timeout_s)

    def offer(self, text: str) -> None:
        """Send an event; a page that is too far behind reads everything again instead."""
        if self._queue.full():
            self._replace_all(EVERYTHING)
        else:
            self._queue.put_nowait(text)

    def end(self) -> None:
        """End the stream, whatever waits."""
        self._replace_all(None)

    def _replace_all(self, last: str | None) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(last)
