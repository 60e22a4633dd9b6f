"""The last words of conversations: who spoke, what is unanswered, what an agent has not read yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, case, func, inspect, select
from sqlmodel import Session

from knowledge.tables import Conversation, Message, MessageRole, ReadMark

TAIL = 30
"""More unread messages than this are counted as this many."""
LATEST = 8
"""Of so many messages at the end the words are read."""
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Heard:
    """One message of a tail; `text` is cut short, and empty before the latest few."""

    position: int
    role: MessageRole
    at: datetime | None
    author_id: str | None
    text: str


@dataclass(frozen=True)
class Tail:
    """The last messages of a conversation that were not taken back, newest first."""

    heard: Sequence[Heard] = ()

    @property
    def unanswered(self) -> Sequence[Heard]:
        """What the customer said since an agent last spoke, newest first."""
        n = next((i for i, one in enumerate(self.heard) if one.role is MessageRole.AGENT), len(self.heard))
        return self.heard[:n]

    def unread(self, agent_id: str | None, mark: int | None) -> Sequence[Heard]:
        """What came after what this agent read or wrote last; of who has read nothing here yet, what is unanswered."""
        own = [one.position for one in self.heard if agent_id is not None and one.author_id == agent_id]
        read = max([*own, *([] if mark is None else [mark])], default=None)
        if agent_id is None or read is None:
            return self.unanswered
        return [one for one in self.heard if one.position > read]


def read_tails(session: Session, tenant_id: str, ids: Sequence[str]) -> dict[str, Tail]:
    """The last words of conversations, by id; one in which nothing was said is absent."""
    heard: dict[str, list[Heard]] = {}
    for one in session.execute(_TAILS, {"tenant_id": tenant_id, "ids": list(ids)}) if ids else ():
        said = Heard(one.position, one.role, one.at, one.author_id, one.words or "")
        heard.setdefault(one.conversation_id, []).append(said)
    return {conversation_id: Tail(said) for conversation_id, said in heard.items()}


def read_marks(session: Session, tenant_id: str, agent_id: str | None, ids: Sequence[str]) -> dict[str, int]:
    """How far an agent has read conversations, by id; one never opened is absent."""
    if agent_id is None or not ids:
        return {}
    asked = {"tenant_id": tenant_id, "agent_id": agent_id, "ids": list(ids)}
    return {one.conversation_id: one.position for one in session.execute(_MARKS, asked)}


def read_marks_of_all(session: Session, tenant_id: str, ids: Sequence[str]) -> dict[tuple[str, str | None], int]:
    """How far everybody has read conversations, by conversation and agent; what was never opened is absent."""
    found = session.execute(_ALL_MARKS, {"tenant_id": tenant_id, "ids": list(ids)}) if ids else ()
    return {(one.conversation_id, one.agent_id): one.position for one in found}


_CONVERSATION, _MESSAGE, _MARK = (inspect(table).local_table.c for table in (Conversation, Message, ReadMark))
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LISTED = (  # with a limit it is worked out by itself, and of a long conversation only the end is read
    select(_CONVERSATION.tenant_id, _CONVERSATION.id, _CONVERSATION.version)
    .where(_CONVERSATION.tenant_id == _TENANT_ID, _CONVERSATION.id.in_(_IDS))
    .limit(1_000_000_000)
    .subquery()
    .c
)
_WORDS = case((_MESSAGE.position > _LISTED.version - LATEST, func.substr(_MESSAGE.text, 1, SHOWN_CHARACTERS)))
_TAILS = (
    select(
        _MESSAGE.conversation_id,
        _MESSAGE.position,
        _MESSAGE.role,
        _MESSAGE.at,
        _MESSAGE.author_id,
        _WORDS.label("words"),
    )
    .where(
        _MESSAGE.tenant_id == _LISTED.tenant_id,
        _MESSAGE.conversation_id == _LISTED.id,
        _MESSAGE.position > _LISTED.version - TAIL,
        _MESSAGE.withdrawn_at.is_(None),
    )
    .order_by(_MESSAGE.conversation_id, _MESSAGE.position.desc())
)
_ALL_MARKS = select(_MARK.conversation_id, _MARK.agent_id, _MARK.position).where(
    _MARK.tenant_id == _TENANT_ID, _MARK.conversation_id.in_(_IDS)
)
_MARKS = select(_MARK.conversation_id, _MARK.position).where(
    _MARK.tenant_id == _TENANT_ID, _MARK.agent_id == bindparam("agent_id"), _MARK.conversation_id.in_(_IDS)
)
