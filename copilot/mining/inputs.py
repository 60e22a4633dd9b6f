"""What mining knows beside conversations: names, catalogue, what customers did later; from files or a workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from knowledge.errors import ImportFileError
from knowledge.imports.cells import ReadingRules
from knowledge.imports.formats import FORMATS
from knowledge.imports.kinds import ImportKind
from knowledge.imports.readers import RawRow, open_rows
from knowledge.imports.rows import CustomerRow, EventRow, FileRow, OrderRow, ProductRow
from knowledge.mining.skeletons import Names
from knowledge.tables import Customer, Product
from knowledge.workspace import Workspace

Row = TypeVar("Row", bound=FileRow)
PURCHASE = "purchase"


@dataclass(frozen=True)
class Deed:
    """Something a customer did at a moment, in seconds since 1970."""

    customer_id: str
    kind: str
    at: float


@dataclass
class Known:
    """What is known beside the conversations."""

    customers: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    agents: list[str] = field(default_factory=list)
    shop: str = ""
    deeds: list[Deed] = field(default_factory=list)

    def names(self) -> Names:
        """Names that stand for slots in replies and messages."""
        shop = [self.shop] if self.shop else []
        return Names.of({"product.name": list(self.products), "agent.name": self.agents, "shop.name": shop})


@dataclass(frozen=True)
class Files:
    """Files in the formats of `copilot load`; each may be missing."""

    products: Path | None = None
    customers: Path | None = None
    orders: Path | None = None
    events: Path | None = None


def known_of_workspace(workspace: Workspace, tenant_id: str, agents: Mapping[str, str], shop: str) -> Known:
    """The names of products and customers in a workspace."""
    with workspace.database.read() as session:
        products = session.execute(
            select(col(Product.name), col(Product.sku)).where(col(Product.tenant_id) == tenant_id)
        )
        customers = session.execute(
            select(col(Customer.id), col(Customer.name)).where(col(Customer.tenant_id) == tenant_id)
        )
        return Known(
            customers={customer_id: name for customer_id, name in customers if name},
            products={name: sku for name, sku in products if name},
            agents=[name for name in agents.values() if name],
            shop=shop,
        )


def add_files(known: Known, files: Files, rules: ReadingRules) -> None:
    """Take in what the files say; it stands above what was known.

    Raises:
        ImportFileError: a file cannot be read, lacks a required column, or a row of it is wrong.
    """
    if files.products:
        rows = _rows(files.products, ImportKind.PRODUCTS, ProductRow, rules)
        known.products.update((row.name, row.sku) for row in rows)
    if files.customers:
        rows_of_customers = _rows(files.customers, ImportKind.CUSTOMERS, CustomerRow, rules)
        known.customers.update((row.id, row.name) for row in rows_of_customers if row.name)
    if files.orders:
        orders = _rows(files.orders, ImportKind.ORDERS, OrderRow, rules)
        # What came to nothing is no success of what was said before it.
        known.deeds += [
            Deed(row.customer_id, PURCHASE, row.ordered_at.timestamp())
            for row in orders
            if not (row.is_refund or row.is_undone)
        ]
    if files.events:
        events = _rows(files.events, ImportKind.EVENTS, EventRow, rules)
        known.deeds += [Deed(row.customer_id, row.kind, row.at.timestamp()) for row in events]


def _rows(path: Path, kind: ImportKind, model: type[Row], rules: ReadingRules) -> Iterator[Row]:
    file = open_rows(path, FORMATS[kind].columns)
    missing = FORMATS[kind].missing(file.columns) if file.columns else ""
    if missing:
        raise ImportFileError(f"{path.name}: line 1: {missing}")
    for raw in file.rows():
        if not isinstance(raw, RawRow):
            raise ImportFileError(f"{path.name}: line {raw.line}: {raw.reason}, expected {raw.expected}")
        try:
            yield model.model_validate(raw.cells, context=rules)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            reason = f"line {raw.line}, {where}: got {first['input']!r:.80}, expected {first['msg']}"
            raise ImportFileError(f"{path.name}: {reason}") from error
