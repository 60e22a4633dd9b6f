"""The answer standing beside each conversation."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.conversations import get_conversation
from copilot.engine.request import SuggestRequest
from copilot.runtime import Runtime
from copilot.web.errors import BusyError
from copilot.web.metrics import Metrics
from copilot.web.pool import EnginePool
from knowledge.tables import Message, MessageRole


@dataclass(frozen=True)
class Standing:
    """Where a conversation is, and whether it waits for an agent."""

    version: int
    waits_for_agent: bool


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
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            standing = await run_in_threadpool(self._standing, conversation_id)
            if not standing.waits_for_agent:
                return None
            kept = self._shelf.get(conversation_id)
            if kept is not None and kept.conversation_version == standing.version:
                return kept
            answer = await self.ask(self._request(conversation_id, agent_id))
            self._keep(conversation_id, answer)
            return answer

    def forget(self, conversation_id: str) -> None:
        """Make a new answer next time, though nobody has written."""
        self._shelf.pop(conversation_id, None)

    def _request(self, conversation_id: str, agent_id: str | None) -> SuggestRequest:
        tenant_id = self._runtime.settings.tenant
        return SuggestRequest(tenant_id=tenant_id, conversation_id=conversation_id, agent_id=agent_id)

    def _standing(self, conversation_id: str) -> Standing:
        tenant_id = self._runtime.settings.tenant
        with self._runtime.workspace.database.read() as session:
            conversation = get_conversation(session, tenant_id, conversation_id)
            last = session.get(Message, (tenant_id, conversation_id, conversation.version))
        return Standing(conversation.version, last is not None and last.role is MessageRole.CUSTOMER)

    def _keep(self, conversation_id: str, answer: SuggestionAnswer) -> None:
        self._shelf[conversation_id] = answer
        self._shelf.move_to_end(conversation_id)
        while len(self._shelf) > self._size:
            self._shelf.popitem(last=False)
