"""What an import can see beside its own rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from knowledge.imports.kinds import ImportKind
from knowledge.imports.money import HOUSE_CURRENCY
from knowledge.imports.plan import KEYS_AT_A_TIME, stored_rows, table_of
from knowledge.imports.staging import Staging
from knowledge.tables import Customer, Product

KNOWN_IN: dict[ImportKind, tuple[type[SQLModel], str]] = {
    ImportKind.PRODUCTS: (Product, "sku"),
    ImportKind.CUSTOMERS: (Customer, "id"),
}


@dataclass(frozen=True)
class Surroundings:
    """The tenant, the moment, the file's name, and the files imported together with it."""

    tenant_id: str
    now: datetime
    file: str
    siblings: Mapping[ImportKind, Staging[Any]] = field(default_factory=dict)

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
        rows = stored_rows(session, Product, self.tenant_id, "sku", wanted) if wanted else ()
        found = {row["sku"]: str(row["currency"]) for row in rows}
        sibling = self.siblings.get(ImportKind.PRODUCTS)
        missing = [sku for sku in wanted if sku not in found]
        if missing and sibling is not None:
            found |= {sku: row.currency for sku, row in sibling.rows_of(missing).items()}
        if len(found) < len(wanted):
            return dict.fromkeys(wanted, self._usual_currency(session)) | found
        return found

    def _usual_currency(self, session: Session) -> str:
        table = table_of(Product)
        query = select(table.c.currency).where(table.c.tenant_id == self.tenant_id).group_by(table.c.currency)
        usual = session.execute(query.order_by(func.count().desc(), table.c.currency).limit(1)).scalar()
        return str(usual or HOUSE_CURRENCY)
