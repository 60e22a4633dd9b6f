"""Products and documents."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from knowledge.tables.columns import UtcDateTime


class Product(SQLModel, table=True):
    """Something the shop sells; `price_fen` is in hundredths of `currency`, `stock` is unknown when empty."""

    __tablename__ = "product"

    tenant_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    name: str
    category: str = ""
    brand: str = ""
    price_fen: int | None = None
    currency: str = "CNY"
    stock: int | None = None
    description: str = ""
    attributes: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    tags: list[str] = Field(default_factory=list, sa_type=JSON)
    audience: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    replenish_days: int | None = None
    status: str = "active"
    url: str = ""
    image: str = ""
    updated_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def price(self) -> Decimal | None:
        """The price in units of `currency`."""
        return None if self.price_fen is None else Decimal(self.price_fen) / 100


class Document(SQLModel, table=True):
    """A manual, ingredient sheet or policy, as imported."""

    __tablename__ = "document"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    title: str
    source: str
    sha256: str
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Passage(SQLModel, table=True):
    """A short extract of a document, found by search and always shown with its source."""

    __tablename__ = "passage"

    tenant_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    document_id: str = Field(index=True)
    position: int
    heading: str = ""
    text: str
