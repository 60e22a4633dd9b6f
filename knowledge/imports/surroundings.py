"""What an import can see beside its own rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import KEYS_AT_A_TIME, table_of
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
