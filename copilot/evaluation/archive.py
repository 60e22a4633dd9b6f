"""The workspace's own conversations as turns: what customers said and agents answered, with or without suggestions."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from eval.datasets.conversations import turns_of
from eval.datasets.logged_turn import LoggedTurn
from eval.datasets.record import Record
from knowledge.database import Database
from knowledge.tables import Conversation, Message

ROW_BATCH = 500
NAME = "conversations"


@dataclass(frozen=True)
class ArchiveTurns:
    """The conversations of a tenant, in the order of their ids, cut into turns as a file of them would be."""

    database: Database
    tenant_id: str
    name: str = NAME
    kind: str = NAME

    @cached_property
    def sha256(self) -> str:
        """A hash of all turns."""
        digest = hashlib.sha256()
        for turn in self.turns():
            digest.update(repr(turn).encode())
        return digest.hexdigest()

    def turns(self) -> Iterator[LoggedTurn]:
        """Every turn that was answered."""
        query = (
            select(Conversation)
            .where(col(Conversation.tenant_id) == self.tenant_id)
            .order_by(col(Conversation.id))
            .execution_options(yield_per=ROW_BATCH)
        )
        with self.database.read() as session, self.database.read() as beside:
            for number, one in enumerate(session.execute(query).scalars(), start=1):
                yield from turns_of(Record(Path(NAME), number, self._fields(beside, one)))

    def _fields(self, session: Session, one: Conversation) -> dict[str, object]:
        """A conversation as a line of a file has it."""
        query = (
            select(
                col(Message.role),
                col(Message.text),
                col(Message.at),
                col(Message.script_id),
                col(Message.author_id),
            )
            .where(
                col(Message.tenant_id) == self.tenant_id,
                col(Message.conversation_id) == one.id,
                col(Message.withdrawn_at).is_(None),
            )
            .order_by(col(Message.position))
        )
        names = ("role", "text", "at", "script_id", "author_id")
        messages = [dict(zip(names, row, strict=True)) for row in session.execute(query)]
        for message in messages:
            message["role"] = message["role"].value
            message["at"] = message["at"].isoformat() if message["at"] else None
        return {
            "conversation_id": one.id,
            "customer_id": one.customer_id,
            "agent_id": one.agent_id,
            "channel": one.channel,
            "scene": one.scene.value,
            "stage": one.stage or None,
            "messages": messages,
        }
