"""A generated conversation, and the line of conversations.jsonl it becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from copilot.sample.mechanism import Cause
from copilot.sample.purchases import OrderLine

Role = Literal["customer", "agent"]
Scene = Literal["direct", "group"]
Channel = Literal["wecom", "web"]


class MessageRow(TypedDict):
    """A message as the file holds it."""

    role: Role
    text: str
    at: str
    script_id: NotRequired[str]
    sender_id: NotRequired[str]


class OutcomeRow(TypedDict):
    """An outcome as the file holds it."""

    converted: bool
    order_id: str | None
    amount: float | None
    satisfaction: int | None


class ConversationRow(TypedDict):
    """A line of conversations.jsonl."""

    conversation_id: str
    messages: list[MessageRow]
    customer_id: str
    agent_id: str
    channel: Channel
    scene: Scene
    stage: str
    outcome: OutcomeRow


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        script_id: The script that an agent's message renders, if it does.
        sender_id: Who of the group wrote it; empty in one-to-one chats.
    """

    role: Role
    text: str
    at: datetime
    script_id: str = ""
    sender_id: str = ""

    def as_row(self) -> MessageRow:
        """The message as the file holds it, without empty fields."""
        row: MessageRow = {"role": self.role, "text": self.text, "at": self.at.isoformat()}
        if self.script_id:
            row["script_id"] = self.script_id
        if self.sender_id:
            row["sender_id"] = self.sender_id
        return row


@dataclass(frozen=True)
class Conversation:
    """A conversation with its outcome and, for study, its cause."""

    conversation_id: str
    messages: tuple[Message, ...]
    customer_id: str
    agent_id: str
    channel: Channel
    scene: Scene
    stage: str
    converted: bool
    satisfaction: int | None
    order: tuple[OrderLine, ...]
    cause: Cause

    @property
    def amount(self) -> float:
        """What the sale brought; 0 without one."""
        return round(sum(line.amount for line in self.order), 2)

    @property
    def script_ids(self) -> tuple[str, ...]:
        """The scripts used, in the order of use."""
        return tuple(message.script_id for message in self.messages if message.script_id)

    def as_row(self) -> ConversationRow:
        """The line of conversations.jsonl; the cause stays out of it."""
        return {
            "conversation_id": self.conversation_id,
            "messages": [message.as_row() for message in self.messages],
            "customer_id": self.customer_id,
            "agent_id": self.agent_id,
            "channel": self.channel,
            "scene": self.scene,
            "stage": self.stage,
            "outcome": {
                "converted": self.converted,
                "order_id": self.order[0].order_id if self.order else None,
                "amount": self.amount if self.order else None,
                "satisfaction": self.satisfaction,
            },
        }
