"""The rows of the list that have changed, collected for a moment and sent to every open page."""

import asyncio
import logging
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor

from copilot.web.console.listing import RowView
from copilot.web.console.live.fragments import draw_row, read_rows
from copilot.web.console.live.listeners import Data, Listener, PageEvent, PagePart, as_text, refresh_text
from copilot.web.pages.translation import Words
from copilot.web.services import Services

logger = logging.getLogger(__name__)

COLLECTED_S, REST_S = 0.25, 0.75
"""A row comes so long after the first change, for what is said and suggested goes first; then the next ones wait."""
BETWEEN_S, ALL_WITHIN_S = 0.02, 1.0
"""Pages get their rows one after another, so that they do not all draw in the same moment."""
Seen = tuple[str | None, str]
"""What may make a row differ: the agent and the language."""


class RowPost:
    """Draws changed rows for each agent and language, some time after the first change. Lives in one event loop."""

    def __init__(self, services: Services, listeners: Set[Listener]) -> None:
        self._services = services
        self._listeners = listeners
        self._pen = ThreadPoolExecutor(1, "draw-rows")
        self._due: dict[str, set[str] | None] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, conversation_id: str, agent_id: str | None = None) -> None:
        """A row has changed, for everybody or as one agent sees it."""
        if agent_id is None:
            self._due[conversation_id] = None
        else:
            agents = self._due.setdefault(conversation_id, set())
            if agents is not None:
                agents.add(agent_id)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send_soon())

    def close(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
        self._pen.shutdown(wait=True)

    async def _send_soon(self) -> None:
        while self._due:
            await asyncio.sleep(COLLECTED_S)
            due, self._due = self._due, {}
            try:
                await self._send(due)
            except Exception:
                logger.exception("rows of the list could not be drawn; pages read the list again")
                for listener in self._listeners:
                    listener.offer(refresh_text(PagePart.LIST))
            await asyncio.sleep(REST_S)

    async def _send(self, due: Mapping[str, set[str] | None]) -> None:
        listeners = list(self._listeners)
        seen = {(one.agent_id, one.words.language): one.words for one in listeners}
        if not seen:
            return
        texts = await asyncio.get_running_loop().run_in_executor(self._pen, self._draw, due, seen)
        for listener in listeners:
            if text := texts[listener.agent_id, listener.words.language]:
                listener.offer(text)
                await asyncio.sleep(min(BETWEEN_S, ALL_WITHIN_S / len(listeners)))

    def _draw(self, due: Mapping[str, set[str] | None], seen: Mapping[Seen, Words]) -> dict[Seen, str]:
        """All changed rows as each agent and language sees them, in one event; each picture is drawn once."""
        rows = read_rows(self._services, list(due), {agent_id for agent_id, _ in seen})
        drawn: dict[tuple[str, str, int], Data] = {}
        found: dict[Seen, list[Data]] = {one: [] for one in seen}
        for (agent_id, language), words in seen.items():
            for (conversation_id, who), row in rows.items():
                agents = due[conversation_id]
                if who != agent_id or (agents is not None and agent_id not in agents):
                    continue
                picture = (conversation_id, language, row.n_unread)
                if picture not in drawn:
                    drawn[picture] = _row_data(row, words)
                found[agent_id, language].append(drawn[picture])
        return {one: as_text(PageEvent.ROWS, {"rows": rows}) if rows else "" for one, rows in found.items()}


def _row_data(row: RowView, words: Words) -> Data:
    return {"conversation_id": row.conversation.id, "order": row.order, "html": draw_row(row, words)}
