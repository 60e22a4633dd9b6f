"""The answer standing beside each conversation."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Select, select
from sqlmodel import col
from starlette.concurrency import run_in_threadpool

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.conversations import get_conversation
from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.web.errors import BusyError
from copilot.web.metrics import Metrics
from copilot.web.pool import EnginePool
from knowledge.tables import Conversation, Message, MessageRole


@dataclass(frozen=True)
class Standing:
    """Where a conversation is, whether it waits for an agent, and the answer it waits for once that is made."""

    version: int
    waits_for_agent: bool
    answer: SuggestionAnswer | None = None


class SuggestionBoard:
    """Keeps the latest answer of each conversation and makes a new one when the conversation has moved on."""

    def __init__(self, runtime: Runtime, pool: EnginePool, metrics: Metrics, shelf: int) -> None:
        self._runtime = runtime
        self._pool = pool
        self._metrics = metrics
        self._size = shelf
        self._shelf: OrderedDict[str, SuggestionAnswer] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, request: SuggestRequest) -> SuggestionAnswer:
        """The engine's answer, from a thread of the pool.

        Raises:
            BusyError: the line before the engine is full.
            UnknownIdError: the conversation or customer does not exist.
        """
        try:
            answer = await self._pool.run(lambda: self._runtime.engine.suggest(request))
        except BusyError:
            self._metrics.note_busy()
            raise
        self._metrics.note_answer(answer)
        return answer

    async def current(self, conversation_id: str, agent_id: str | None = None) -> SuggestionAnswer | None:
        """The answer to the conversation as it stands; empty while the customer has nothing to be answered.

        Raises:
            UnknownIdError: there is no such conversation.
            BusyError: the line before the engine is full.
        """
        return (await self.look(conversation_id, agent_id)).answer

    async def look(self, conversation_id: str, agent_id: str | None = None) -> Standing:
        """Where the conversation stands, with its answer if it waits for one.

        Raises:
            UnknownIdError: there is no such conversation.
            BusyError: the line before the engine is full.
        """
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            standing = await run_in_threadpool(self.standing, conversation_id)
            if not standing.waits_for_agent:
                return standing
            kept = self._shelf.get(conversation_id)
            if kept is not None and kept.conversation_version == standing.version:
                return replace(standing, answer=kept)
            answer = await self.ask(self._request(conversation_id, agent_id))
            self._keep(conversation_id, answer)
            return replace(standing, version=answer.conversation_version, answer=answer)

    def kept(self, conversation_id: str) -> SuggestionAnswer | None:
        """The latest answer made for a conversation, whether it has moved on since or not."""
        return self._shelf.get(conversation_id)

    def standing(self, conversation_id: str) -> Standing:
        """Where the conversation is, without an answer; asks the database.

        Raises:
            UnknownIdError: there is no such conversation.
        """
        tenant_id = self._runtime.settings.tenant
        with self._runtime.workspace.database.read() as session:
            conversation = get_conversation(session, tenant_id, conversation_id)
            last = session.execute(_last_said(conversation)).scalar_one_or_none()
        return Standing(conversation.version, last is MessageRole.CUSTOMER)

    async def opening(self, conversation_id: str, day: str, agent_id: str | None = None) -> SuggestionAnswer:
        """What the conversation might begin with on this day, made once.

        Raises:
            UnknownIdError: there is no such conversation.
            BusyError: the line before the engine is full.
        """
        name = f"{conversation_id} {day}"
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            standing = await run_in_threadpool(self.standing, conversation_id)
            kept = self._shelf.get(name)
            if kept is not None and kept.conversation_version == standing.version:
                return kept
            answer = await self.ask(replace(self._request(conversation_id, agent_id), opening=True))
            self._keep(name, answer)
            return answer

    def forget(self, conversation_id: str) -> None:
        """Make a new answer next time, though nobody has written."""
        self._shelf.pop(conversation_id, None)

    def _request(self, conversation_id: str, agent_id: str | None) -> SuggestRequest:
        tenant_id = self._runtime.settings.tenant
        return SuggestRequest(tenant_id=tenant_id, conversation_id=conversation_id, agent_id=agent_id)

    def _keep(self, conversation_id: str, answer: SuggestionAnswer) -> None:
        self._shelf[conversation_id] = answer
        self._shelf.move_to_end(conversation_id)
        while len(self._shelf) > self._size:
            self._shelf.popitem(last=False)


def _last_said(conversation: Conversation) -> Select[Any]:
    """Who wrote the last message that was not taken back."""
    return (
        select(col(Message.role))
        .where(
            col(Message.tenant_id) == conversation.tenant_id,
            col(Message.conversation_id) == conversation.id,
            col(Message.withdrawn_at).is_(None),
        )
        .order_by(col(Message.position).desc())
        .limit(1)
    )
