"""News for everybody who listens: messages, suggestions and decisions, in the order they happened."""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

News = Mapping[str, str | int | bool | None]
REMEMBERED = 512
"""So much of the latest news is remembered, for listeners that were away for a moment."""


class EventName(StrEnum):
    """What the stream tells."""

    MESSAGE = "message"
    SUGGESTIONS = "suggestions"
    DECISION = "decision"
    CHANGE = "change"
    REFRESH = "refresh"


@dataclass(frozen=True)
class HubEvent:
    """One piece of news; `id` orders the news of one process."""

    id: str
    name: EventName
    data: News


class Subscription:
    """One listener's news, at most `size` pieces behind."""

    def __init__(self, conversation_id: str | None, size: int) -> None:
        self.conversation_id = conversation_id
        self._queue: asyncio.Queue[HubEvent | None] = asyncio.Queue(size)

    async def next(self, timeout_s: float | None = None) -> HubEvent | None:
        """The next piece of news, or `None` when the hub has closed; without a time it waits for as long as it takes.

        Raises:
            TimeoutError: nothing happened within the time.
        """
        return await asyncio.wait_for(self._queue.get(), timeout_s)

    def wants(self, event: HubEvent) -> bool:
        """Whether this listener asked for such news."""
        return self.conversation_id is None or event.data.get("conversation_id") in (self.conversation_id, None)

    def offer(self, event: HubEvent) -> bool:
        """Add a piece of news; `False` when the listener has fallen too far behind for it."""
        if self._queue.full():
            return False
        self._queue.put_nowait(event)
        return True

    def replace_all(self, event: HubEvent | None) -> None:
        """Forget everything waiting and give this instead; `None` ends the stream."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(event)


class Hub:
    """Hands news to listeners; may be told news from any thread, listeners live in one event loop."""

    def __init__(self, subscriber_queue: int) -> None:
        self._size = subscriber_queue
        self._run = secrets.token_hex(4)
        self._seq = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscriptions: set[Subscription] = set()
        self._followers: set[Subscription] = set()
        self._recent: deque[HubEvent] = deque(maxlen=REMEMBERED)
        self._closed = False

    @property
    def last_id(self) -> str:
        """The id of the latest news."""
        return f"{self._run}-{self._seq}"

    @property
    def n_listeners(self) -> int:
        return len(self._subscriptions)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the event loop in which listeners live."""
        self._loop = loop

    def since(self, last_id: str) -> list[HubEvent] | None:
        """The news after the one with this id; nothing (`None`) when it is of another process or too long ago."""
        if last_id == self.last_id:
            return []
        run, _, seq = last_id.partition("-")
        recent = list(self._recent)
        if run != self._run or not seq.isdecimal() or not recent or int(seq) < _seq_of(recent[0]) - 1:
            return None
        return [event for event in recent if _seq_of(event) > int(seq)]

    def subscribe(self, conversation_id: str | None) -> Subscription:
        """Listen from now on, to one conversation or to all."""
        return self._add(self._subscriptions, Subscription(conversation_id, self._size))

    def follow(self, size: int) -> Subscription:
        """Listen to everything as a part of this application, which is no listener to be counted."""
        return self._add(self._followers, Subscription(None, size))

    def unsubscribe(self, subscription: Subscription) -> None:
        """Listen no more."""
        self._subscriptions.discard(subscription)

    def publish(self, name: EventName, data: News) -> None:
        """Tell everybody; safe from any thread, never waits."""
        if self._loop is None or self._loop.is_closed():
            return
        with self._lock:
            self._seq += 1
            event = HubEvent(self.last_id, name, dict(data))
            self._recent.append(event)
            self._loop.call_soon_threadsafe(self._deliver, event)

    def close(self) -> None:
        """End every listener's stream; safe from any thread and from a signal handler."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def refresh(self, reason: str) -> HubEvent:
        """The hint to read everything again."""
        return HubEvent(self.last_id, EventName.REFRESH, {"reason": reason})

    def _add(self, to: set[Subscription], subscription: Subscription) -> Subscription:
        to.add(subscription)
        if self._closed:
            subscription.replace_all(None)
        return subscription

    def _deliver(self, event: HubEvent) -> None:
        for subscription in [*self._followers, *self._subscriptions]:
            if subscription.wants(event) and not subscription.offer(event):
                subscription.replace_all(self.refresh("slow"))

    def _end(self) -> None:
        for subscription in [*self._followers, *self._subscriptions]:
            subscription.replace_all(None)


def _seq_of(event: HubEvent) -> int:
    return int(event.id.partition("-")[2])
