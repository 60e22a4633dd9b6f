"""Turns news into what pages show: each fragment drawn once for all pages that show the same, off the event loop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from copilot.web.console.advice import Advice, advise
from copilot.web.console.live.fragments import (
    draw_bubbles,
    draw_presence,
    draw_suggestions,
    read_messages,
    read_name,
)
from copilot.web.console.live.listeners import (
    EVERYTHING,
    Data,
    Listener,
    PageEvent,
    PagePart,
    as_text,
    refresh_text,
)
from copilot.web.console.live.presence import WRITING_S, Presence
from copilot.web.console.live.rows import RowPost
from copilot.web.hub import EventName, HubEvent
from copilot.web.newsroom import Part
from copilot.web.pages.translation import Words
from copilot.web.services import Services
from knowledge.tables import MessageRole

logger = logging.getLogger(__name__)

BACKLOG = 2_000
"""News that may wait here before all pages are told to read everything again."""
TOLD_DECISIONS = ("accept", "edit", "dismiss", "freehand", "undone")
ResultT = TypeVar("ResultT")


class Broadcast:
    """Keeps the open pages current. Made and asked in one event loop, except where it says otherwise."""

    def __init__(self, services: Services) -> None:
        self.presence = Presence()
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._news = services.hub.follow(BACKLOG)
        self._listeners: set[Listener] = set()
        self._pen = ThreadPoolExecutor(1, "draw")  # one thread, so that fragments come out in the order of the news
        self._rows = RowPost(services, self._listeners)
        self._due: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False
        services.metrics.watch_pages(lambda: len(self._listeners))

    async def run(self) -> None:
        """Follow the news until the hub closes; then every stream has ended."""
        while (event := await self._news.next()) is not None:
            try:
                await self._tell(event)
            except Exception:
                logger.exception("pages could not be told what happened; they read everything again")
                self._offer(self._listeners, EVERYTHING)
        self._ended = True
        for listener in self._listeners:
            listener.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._rows.close()
        self._pen.shutdown()

    def join(self, listener: Listener) -> None:
        """A page follows from now on."""
        if self._ended:
            listener.end()
            return
        self._listeners.add(listener)
        if listener.conversation_id is not None:
            self.presence.enter(listener.conversation_id, listener.person)
            self._tell_presence(listener.conversation_id)

    def leave(self, listener: Listener) -> None:
        """A page follows no more."""
        self._listeners.discard(listener)
        if listener.conversation_id is not None:
            self.presence.leave(listener.conversation_id, listener.person)
            self._tell_presence(listener.conversation_id)

    def note_writing(self, conversation_id: str, page_id: str) -> None:
        """Somebody types; it is over after a while unless it is noted again."""
        is_news = self.presence.write(conversation_id, page_id)
        self._loop.call_later(WRITING_S + 0.1, self._tell_presence, conversation_id)
        if is_news:
            self._tell_presence(conversation_id)

    def note_read(self, conversation_id: str, agent_id: str) -> None:
        """An agent has read on; safe from any thread."""
        self._loop.call_soon_threadsafe(self._rows.add, conversation_id, agent_id)

    async def _tell(self, event: HubEvent) -> None:
        if event.name is EventName.REFRESH:
            self._offer(self._listeners, EVERYTHING)
            return
        conversation_id = event.data.get("conversation_id")
        if not isinstance(conversation_id, str):
            return
        if event.name is not EventName.SUGGESTIONS:
            self._rows.add(conversation_id)
        here = self._at(conversation_id)
        if here:
            await self._tell_there(event, conversation_id, here)

    async def _tell_there(self, event: HubEvent, conversation_id: str, here: list[Listener]) -> None:
        match event.name:
            case EventName.MESSAGE:
                await self._tell_message(event, conversation_id, here)
            case EventName.SUGGESTIONS:
                await self._tell_suggestions(event, conversation_id)
            case EventName.DECISION:
                await self._tell_decision(event, conversation_id, here)
                self._advise_soon(conversation_id)
            case EventName.CHANGE:
                self._tell_change(event, conversation_id, here)

    async def _tell_message(self, event: HubEvent, conversation_id: str, here: list[Listener]) -> None:
        position, role = int(event.data["position"] or 0), event.data["role"]
        messages = await self._in_thread(read_messages, self._services, conversation_id, position, position)
        for words, listeners in _by_language(here):
            html = await self._in_thread(draw_bubbles, messages, words)
            data: Data = {"conversation_id": conversation_id, "position": position, "role": role, "html": html}
            self._offer(listeners, as_text(PageEvent.BUBBLES, data))
        if role == MessageRole.AGENT.value:
            self._rest(conversation_id, event.data.get("author_id"))
            self._advise_soon(conversation_id)

    async def _tell_suggestions(self, event: HubEvent, conversation_id: str) -> None:
        """What stands on the board is shown at once; what is not made yet is made."""
        kept = self._services.board.kept(conversation_id)
        if kept is None or kept.set_id != event.data.get("set_id"):
            self._advise_soon(conversation_id)
            return
        await self._show(Advice(conversation_id, kept.conversation_version, kept))

    async def _tell_decision(self, event: HubEvent, conversation_id: str, here: list[Listener]) -> None:
        agent_id, kind = event.data.get("agent_id"), event.data.get("kind")
        if not isinstance(agent_id, str) or kind not in TOLD_DECISIONS:
            return
        others = [one for one in here if one.agent_id != agent_id]
        name = await self._in_thread(read_name, self._services, agent_id) if others else ""
        for words, listeners in _by_language(others):
            text = words(f"live.did.{kind}", name=name)
            data: Data = {"conversation_id": conversation_id, "kind": kind, "agent_id": agent_id, "text": text}
            self._offer(listeners, as_text(PageEvent.DECISION, data))

    def _tell_change(self, event: HubEvent, conversation_id: str, here: list[Listener]) -> None:
        if event.data.get("part") == Part.CUSTOMER.value:
            self._offer(here, refresh_text(PagePart.CUSTOMER))
        if event.data.get("part") == Part.THREAD.value:
            self._offer(here, refresh_text(PagePart.THREAD))
        self._advise_soon(conversation_id)

    def _advise_soon(self, conversation_id: str) -> None:
        """Show what stands beside the conversation; what several news in a row ask for is done once."""
        if conversation_id in self._due:
            return
        self._due.add(conversation_id)
        self._spawn(self._advise(conversation_id))

    async def _advise(self, conversation_id: str) -> None:
        self._due.discard(conversation_id)
        here = self._at(conversation_id)
        agent_id = next((one.agent_id for one in here if one.agent_id), None)
        if here:
            await self._show(await advise(self._services, conversation_id, agent_id))

    async def _show(self, advice: Advice) -> None:
        for words, listeners in _by_language(self._at(advice.conversation_id)):
            html = await self._in_thread(draw_suggestions, self._services, advice, words)
            data: Data = {"conversation_id": advice.conversation_id, "version": advice.version, "html": html}
            self._offer(listeners, as_text(PageEvent.SUGGESTIONS, data))

    def _rest(self, conversation_id: str, agent_id: object) -> None:
        """Who has sent something writes no more."""
        pages = self.presence.pages_of(conversation_id, agent_id) if isinstance(agent_id, str) else []
        rested = [self.presence.rest(conversation_id, page_id) for page_id in pages]
        if any(rested):
            self._tell_presence(conversation_id)

    def _tell_presence(self, conversation_id: str) -> None:
        here = self._at(conversation_id)
        if here and not self._ended:
            self._spawn(self._show_presence(conversation_id, here))

    async def _show_presence(self, conversation_id: str, here: list[Listener]) -> None:
        for listener in here:
            others = self.presence.others(conversation_id, listener.person)
            html = await self._in_thread(draw_presence, others, listener.words)
            data: Data = {"conversation_id": conversation_id, "html": html}
            self._offer([listener], as_text(PageEvent.PRESENCE, data))

    def _at(self, conversation_id: str) -> list[Listener]:
        return [one for one in self._listeners if one.conversation_id == conversation_id]

    def _offer(self, listeners: Iterable[Listener], text: str) -> None:
        for listener in listeners:
            listener.offer(text)

    async def _in_thread(self, work: Callable[..., ResultT], *values: object) -> ResultT:
        return await self._loop.run_in_executor(self._pen, partial(work, *values))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            logger.exception("a page could not be told what happened; all read everything again")
            self._offer(self._listeners, EVERYTHING)


def _by_language(listeners: Iterable[Listener]) -> list[tuple[Words, list[Listener]]]:
    groups: dict[str, tuple[Words, list[Listener]]] = {}
    for listener in listeners:
        groups.setdefault(listener.words.language, (listener.words, []))[1].append(listener)
    return list(groups.values())
