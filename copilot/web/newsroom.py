"""Turns what happens into news, each message once, whoever wrote it."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.answer import SuggestionAnswer
from copilot.web.hub import EventName, Hub, News
from knowledge.tables import Conversation, Message, MessageRole

REMEMBERED = 10_000
MAX_CONVERSATIONS = 200
MAX_MESSAGES = 20


class Part(StrEnum):
    """What of a conversation may change without a message: that it is there, what was said, who the customer is."""

    CONVERSATION = "conversation"
    THREAD = "thread"
    CUSTOMER = "customer"


class Newsroom:
    """Publishes messages, suggestions and decisions; knows how far each conversation has been told."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._told: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def told(self, conversation_id: str) -> int | None:
        """The version of the conversation that listeners know; empty when none of its messages was told."""
        return self._told.get(conversation_id)

    def tell_message(self, message: Message) -> bool:
        """Tell of a message; `False` when it was told before."""
        with self._lock:
            if self._told.get(message.conversation_id, 0) >= message.position:
                return False
            self._told[message.conversation_id] = message.position
            self._told.move_to_end(message.conversation_id)
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
        self._hub.publish(EventName.MESSAGE, _message_news(message))
        return True

    def tell_answer(self, conversation_id: str, answer: SuggestionAnswer) -> None:
        """Tell that suggestions stand beside a conversation."""
        self._hub.publish(
            EventName.SUGGESTIONS,
            {
                "conversation_id": conversation_id,
                "conversation_version": answer.conversation_version,
                "set_id": answer.set_id,
                "n_replies": len(answer.replies),
                "abstained": answer.abstained,
            },
        )

    def tell_unanswered(self, conversation_id: str, version: int, reason: str) -> None:
        """Tell that suggestions are due but not made yet; asking for them makes them."""
        news: News = {
            "conversation_id": conversation_id,
            "conversation_version": version,
            "set_id": None,
            "reason": reason,
        }
        self._hub.publish(EventName.SUGGESTIONS, news)

    def tell_decision(self, conversation_id: str | None, set_id: str, kind: str, agent_id: str | None = None) -> None:
        """Tell what an agent did."""
        news: News = {"conversation_id": conversation_id, "set_id": set_id, "kind": kind, "agent_id": agent_id}
        self._hub.publish(EventName.DECISION, news)

    def tell_change(self, conversation_id: str, part: Part, agent_id: str | None = None) -> None:
        """Tell that a part of a conversation is not what it was, and by whom."""
        news: News = {"conversation_id": conversation_id, "part": part.value, "agent_id": agent_id}
        self._hub.publish(EventName.CHANGE, news)


def read_recent(session: Session, tenant_id: str, since: datetime) -> list[Conversation]:
    """The conversations that moved since a moment, the longest ago first."""
    query = (
        select(Conversation)
        .where(col(Conversation.tenant_id) == tenant_id, col(Conversation.last_message_at) >= since)
        .order_by(col(Conversation.last_message_at))
        .limit(MAX_CONVERSATIONS)
    )
    return list(session.execute(query).scalars())


def read_untold(session: Session, conversations: Sequence[Conversation], newsroom: Newsroom) -> list[Message]:
    """The messages of these conversations that nobody was told of; of a conversation seen first now, its last."""
    found: list[Message] = []
    for conversation in conversations:
        told = newsroom.told(conversation.id)
        start = max(0, conversation.version - 1) if told is None else told
        if start >= conversation.version:
            continue
        query = (
            select(Message)
            .where(
                col(Message.tenant_id) == conversation.tenant_id,
                col(Message.conversation_id) == conversation.id,
                col(Message.position) > max(start, conversation.version - MAX_MESSAGES),
                col(Message.withdrawn_at).is_(None),
            )
            .order_by(col(Message.position))
        )
        found += session.execute(query).scalars()
    return found


def _message_news(message: Message) -> News:
    return {
        "conversation_id": message.conversation_id,
        "conversation_version": message.position,
        "position": message.position,
        "role": MessageRole(message.role).value,
        "text": message.text,
        "author_id": message.author_id,
        "at": message.at.isoformat() if message.at else None,
    }
