"""What an import can see beside its own rows."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from knowledge.imports.kinds import ImportKind
from knowledge.imports.money import HOUSE_CURRENCY
from knowledge.imports.plan import KEYS_AT_A_TIME, stored_rows, table_of
from knowledge.imports.rows import ProductRow
from knowledge.imports.staging import Staging
from knowledge.tables import Customer, Product

KNOWN_IN: dict[ImportKind, tuple[type[SQLModel], str]] = {
    ImportKind.PRODUCTS: (Product, "sku"),
    ImportKind.CUSTOMERS: (Customer, "id"),
}


@dataclass(frozen=True)
class Surroundings:
    """The tenant, the moment, the file's name, and the files imported together with it.

    `usual` is what most products are sold in, once somebody has asked.
    """

    tenant_id: str
    now: datetime
    file: str
    siblings: Mapping[ImportKind, Staging[Any]] = field(default_factory=dict)
    usual: list[str] = field(default_factory=list)

    def unknown(self, session: Session, kind: ImportKind, ids: Collection[str]) -> set[str]:
        """Those of `ids` that neither the database nor a file of the same import has."""
        model, column = KNOWN_IN[kind]
        table = table_of(model)
        missing = sorted(set(ids))
        known: set[str] = set()
        for start in range(0, len(missing), KEYS_AT_A_TIME):
            some = missing[start : start + KEYS_AT_A_TIME]
            query = select(table.c[column]).where(table.c.tenant_id == self.tenant_id, table.c[column].in_(some))
            known.update(session.execute(query).scalars())
        unknown = set(missing) - known
        sibling = self.siblings.get(kind)
        return unknown - sibling.having(unknown) if sibling is not None and unknown else unknown

    def currencies(self, session: Session, skus: Collection[str]) -> dict[str, str]:
        """What each product is sold in; one that is not there is taken to be sold in what most products are sold in."""
        wanted = sorted(set(skus))
        sibling = self.siblings.get(ImportKind.PRODUCTS)
        rows = sibling.rows_of(wanted) if sibling is not None and wanted else {}
        found = self._sold_in(session, wanted, rows)
        if len(found) < len(wanted):
            return dict.fromkeys(wanted, self._usual_currency(session)) | found
        return found

    def _sold_in(self, session: Session, skus: Collection[str], rows: Mapping[str, ProductRow]) -> dict[str, str]:
        """What those products are sold in that are stored, or will be with these rows of the same import."""
        stored = self._stored_currencies(session, skus)
        given = {sku: row.sold_in(stored.get(sku)) for sku, row in rows.items()}
        return stored | {sku: currency for sku, currency in given.items() if currency is not None}

    def _stored_currencies(self, session: Session, skus: Collection[str]) -> dict[str, str]:
        rows = stored_rows(session, Product, self.tenant_id, "sku", skus) if skus else ()
        return {row["sku"]: str(row["currency"]) for row in rows}

    def _usual_currency(self, session: Session) -> str:
        """What most products are sold in when those of the same import are stored, as in a dry run they never are."""
        if not self.usual:
            sold = self._n_sold_in(session)
            usual = min(sold, key=lambda code: (-sold[code], code), default=HOUSE_CURRENCY)
            self.usual.append(usual if sold[usual] > 0 else HOUSE_CURRENCY)
        return self.usual[0]

    def _n_sold_in(self, session: Session) -> Counter[str]:
        table = table_of(Product)
        query = select(table.c.currency, func.count()).where(table.c.tenant_id == self.tenant_id)
        sold = Counter({str(code): n for code, n in session.execute(query.group_by(table.c.currency))})
        sibling = self.siblings.get(ImportKind.PRODUCTS)
        groups = sibling.groups() if sibling is not None else iter(())
        while some := {group.key: group.rows[0].row for group in islice(groups, KEYS_AT_A_TIME)}:
            sold.subtract(self._stored_currencies(session, some).values())
            sold.update(self._sold_in(session, some, some).values())
        return sold
