"""Customers as agents see them."""

from datetime import date, datetime

from pydantic import Field

from copilot.web.schemas.common import Wire


class TagOut(Wire):
    """A tag with where it comes from."""

    tag: str
    value: str
    source: str
    confidence: float
    since: datetime


class BoughtOut(Wire):
    """One line of an order."""

    order_id: str
    sku: str
    ordered_at: datetime
    status: str
    quantity: float
    amount_fen: int | None


class EventOut(Wire):
    """Something the customer did."""

    kind: str
    at: datetime
    object: str


class CustomerRowOut(Wire):
    """A customer in a list."""

    id: str
    name: str
    city: str


class CustomerOut(CustomerRowOut):
    """A customer with tags, orders and events, newest first."""

    gender: str
    birthday: date | None
    joined_at: datetime | None
    stage: str = Field(description="Where the business with this customer stands, read from the last order.")
    segments: list[str]
    tags: list[TagOut]
    bought: list[BoughtOut]
    events: list[EventOut]
