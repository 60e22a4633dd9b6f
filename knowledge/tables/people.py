"""Customers and what is known of them, with its history."""

from datetime import date, datetime

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime


class Customer(SQLModel, table=True):
    """A customer as last imported or synchronised; `gender` is `female`, `male` or empty for unknown."""

    __tablename__ = "customer"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str = ""
    gender: str = ""
    birthday: date | None = None
    city: str = ""
    joined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attributes: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Identity(SQLModel, table=True):
    """A name another system has for a customer, such as `wecom:wm…`."""

    __tablename__ = "identity"

    tenant_id: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)


class CustomerTag(SQLModel, table=True):
    """A tag from `valid_from` until `valid_to`; never deleted, only ended."""

    __tablename__ = "customer_tag"
    __table_args__ = (Index("ix_customer_tag_customer", "tenant_id", "customer_id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    customer_id: str
    tag: str
    value: str = ""
    source: str = "import"
    confidence: float = 1.0
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Order(SQLModel, table=True):
    """An order with its present status; earlier ones are in `OrderStatusChange`."""

    __tablename__ = "order"
    __table_args__ = (Index("ix_order_customer", "tenant_id", "customer_id", "ordered_at"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    customer_id: str
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    status: str = ""


class OrderLine(SQLModel, table=True):
    """One product of an order; `amount_fen` is what was paid for the line, in hundredths."""

    __tablename__ = "order_line"

    tenant_id: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    quantity: float = 1
    amount_fen: int | None = None


class OrderStatusChange(SQLModel, table=True):
    """The status an order took at a moment."""

    __tablename__ = "order_status_change"

    tenant_id: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    status: str


class Event(SQLModel, table=True):
    """Something a customer did: view, click, dwell, purchase, share, review and the like."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_customer", "tenant_id", "customer_id", "at"),)

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    customer_id: str
    kind: str
    at: datetime = Field(sa_type=UtcDateTime)
    object: str = ""
    value: str = ""


class Friendship(SQLModel, table=True):
    """An agent who has this customer as a contact."""

    __tablename__ = "friendship"
    __table_args__ = (Index("ix_friendship_customer", "tenant_id", "customer_id"),)

    tenant_id: str = Field(primary_key=True)
    agent_id: str = Field(primary_key=True)
    customer_id: str = Field(primary_key=True)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
