"""Conversations and their messages."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime, text_enum


class Stage(StrEnum):
    """Where the business with a customer stands."""

    ACQUISITION = "获客"
    CONVERSION = "转化"
    TRANSACTION = "交易"
    DELIVERY = "交付"
    SERVICE = "服务与运营"


class Scene(StrEnum):
    """Where a conversation takes place."""

    DIRECT = "direct"
    GROUP = "group"


class MessageRole(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"


class Conversation(SQLModel, table=True):
    """A conversation; `version` rises by one with every message."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("ix_conversation_customer", "tenant_id", "customer_id"),
        Index("ix_conversation_recent", "tenant_id", "last_message_at"),
    )

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    customer_id: str | None = None
    agent_id: str | None = None
    channel: str = "web"
    scene: Scene = Field(default=Scene.DIRECT, sa_type=text_enum(Scene))
    stage: str = ""
    version: int = 0
    open: bool = True
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_message_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    converted: bool | None = None
    order_id: str | None = None
    amount_fen: int | None = None
    satisfaction: float | None = None


class Message(SQLModel, table=True):
    """One message; `position` counts from 1 and equals the conversation's version after it.

    A message taken back keeps its place and its text; customers no longer see it.
    """

    __tablename__ = "message"

    tenant_id: str = Field(primary_key=True)
    conversation_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    role: MessageRole = Field(sa_type=text_enum(MessageRole))
    text: str
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    author_id: str | None = None
    script_id: str | None = None
    set_id: str | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = None


class Member(SQLModel, table=True):
    """Somebody in a group conversation; `customer_id` is empty for staff and for guests nobody knows."""

    __tablename__ = "conversation_member"

    tenant_id: str = Field(primary_key=True)
    conversation_id: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    name: str = ""
    role: MessageRole = Field(default=MessageRole.CUSTOMER, sa_type=text_enum(MessageRole))
    customer_id: str | None = None


class ReadMark(SQLModel, table=True):
    """How far an agent has read a conversation."""

    __tablename__ = "read_mark"

    tenant_id: str = Field(primary_key=True)
    agent_id: str = Field(primary_key=True)
    conversation_id: str = Field(primary_key=True)
    position: int
    at: datetime = Field(sa_type=UtcDateTime)
