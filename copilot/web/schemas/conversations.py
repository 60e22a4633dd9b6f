"""Conversations and their messages."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from copilot.web.schemas.common import Id, LongText, Short, Wire
from knowledge.tables import MessageRole, Scene, Stage


class ConversationIn(Wire):
    """A conversation to open."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_id": "c0001", "agent_id": "a01", "channel": "web", "scene": "direct"}]
        }
    )

    customer_id: Id | None = None
    agent_id: Id | None = None
    channel: Short = "web"
    scene: Scene = Scene.DIRECT
    stage: Stage | None = None


class MessageIn(Wire):
    """A message to append."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "customer", "text": "敏感肌能用吗"}]})

    role: MessageRole
    text: LongText
    author_id: Id | None = None


class MessageOut(Wire):
    """A message of a conversation."""

    position: int
    role: MessageRole
    text: str
    at: datetime | None
    author_id: str | None
    script_id: str | None = Field(description="The script an agent's message comes from.")
    set_id: str | None
    withdrawn_at: datetime | None = Field(default=None, description="When it was taken back; customers see it no more.")


class UndoIn(Wire):
    """Whose last decision or message to take back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"agent_id": "a01"}]})

    agent_id: Id | None = None


class UndoneOut(Wire):
    """What was taken back; a message keeps its place among the others."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "accept",
                    "text": "可以的，这款通过了敏感肌测试。",
                    "set_id": "5f0c8a1e9d7b4c32a6d0f1b2c3d4e5f6",
                    "rank": 1,
                    "item_kind": "reply",
                    "position": 5,
                }
            ]
        }
    )

    kind: Literal["accept", "edit", "freehand", "dismiss"]
    text: str = Field(description="The text that was sent; empty for a dismissal.")
    set_id: str | None = Field(description="Empty for a message that no suggestions stood beside.")
    rank: int | None
    item_kind: str
    position: int | None = Field(description="The place of the message that was taken back.")


class AppendedOut(Wire):
    """Where the message stands; suggestions follow on the stream."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"conversation_id": "t0001", "position": 5, "conversation_version": 5}]}
    )

    conversation_id: str
    position: int
    conversation_version: int


class ConversationOut(Wire):
    """A conversation; `version` rises with every message."""

    id: str
    customer_id: str | None
    agent_id: str | None
    channel: str
    scene: Scene
    stage: str
    version: int
    open: bool
    started_at: datetime | None
    last_message_at: datetime | None


class ConversationRowOut(ConversationOut):
    """A conversation in the list."""

    customer_name: str
    last_text: str
    last_role: MessageRole | None
    n_unanswered: int = Field(description="Messages of the customer since the last reply.")
    waiting_since: datetime | None


class ThreadOut(ConversationOut):
    """A conversation with its latest messages, oldest first."""

    messages: list[MessageOut]
