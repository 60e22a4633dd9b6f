"""Who looks at a conversation, and who is writing there; known to this process alone and lost with it."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

WRITING_S = 6.0
"""Somebody who writes says so again within this time; otherwise it is over."""


@dataclass(frozen=True)
class Person:
    """Somebody with a page open; nobody was chosen there when there is no `agent_id`."""

    page_id: str
    agent_id: str | None = None
    name: str = ""


@dataclass(frozen=True)
class Other:
    """Somebody else in the conversation, as shown; `name` is empty when nobody was chosen."""

    name: str
    is_writing: bool


class Presence:
    """The pages that are open on each conversation. Lives in one event loop."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._people: dict[str, dict[str, Person]] = {}
        self._writes_until: dict[tuple[str, str], float] = {}

    def enter(self, conversation_id: str, person: Person) -> None:
        """Somebody opens the conversation."""
        self._people.setdefault(conversation_id, {})[person.page_id] = person

    def leave(self, conversation_id: str, person: Person) -> None:
        """A page goes; one that has opened again in the meantime stays."""
        there = self._people.get(conversation_id, {})
        if there.get(person.page_id) is person:
            del there[person.page_id]
            self._writes_until.pop((conversation_id, person.page_id), None)
        if not there:
            self._people.pop(conversation_id, None)

    def write(self, conversation_id: str, page_id: str) -> bool:
        """Somebody types; whether others see something new. A page that is not here cannot."""
        if page_id not in self._people.get(conversation_id, {}):
            return False
        was_writing = self._is_writing(conversation_id, page_id)
        self._writes_until[conversation_id, page_id] = self._clock() + WRITING_S
        return not was_writing

    def rest(self, conversation_id: str, page_id: str) -> bool:
        """Somebody types no more; whether others see something new."""
        was_writing = self._is_writing(conversation_id, page_id)
        self._writes_until.pop((conversation_id, page_id), None)
        return was_writing

    def pages_of(self, conversation_id: str, agent_id: str) -> list[str]:
        """The pages that an agent has open on a conversation."""
        there = self._people.get(conversation_id, {}).values()
        return [person.page_id for person in there if person.agent_id == agent_id]

    def others(self, conversation_id: str, viewer: Person) -> tuple[Other, ...]:
        """Everybody but the viewer, who may have several pages; each once, by name, the unnamed last."""
        found: dict[str, Other] = {}
        for person in self._people.get(conversation_id, {}).values():
            if person.page_id == viewer.page_id or (viewer.agent_id and person.agent_id == viewer.agent_id):
                continue
            key = person.agent_id or ""
            writes = self._is_writing(conversation_id, person.page_id) or (key in found and found[key].is_writing)
            found[key] = Other(person.name if key else "", writes)
        return tuple(sorted(found.values(), key=lambda one: (not one.name, one.name)))

    def _is_writing(self, conversation_id: str, page_id: str) -> bool:
        until = self._writes_until.get((conversation_id, page_id))
        return until is not None and self._clock() < until
