"""The kinds of files: their rows, what identifies a row, and who plans it."""

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan
from knowledge.imports.planners.conversations import plan_conversations
from knowledge.imports.planners.customers import plan_customers
from knowledge.imports.planners.events import event_id, plan_events
from knowledge.imports.planners.orders import plan_orders
from knowledge.imports.planners.products import plan_products
from knowledge.imports.planners.scripts import plan_scripts
from knowledge.imports.rows import ConversationRow, CustomerRow, EventRow, OrderRow, ProductRow, Row, ScriptRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings


def _one(_: object) -> int:
    return 1


@dataclass(frozen=True)
class FileFormat(Generic[Row]):
    """One kind of file; `weight` is how many database rows a row becomes, `names` are ids that only it may have."""

    kind: ImportKind
    row: type[Row]
    key: Callable[[Row], str]
    plan: Callable[[Session, Sequence[Group[Row]], Surroundings], Plan]
    weight: Callable[[Row], int] = _one
    names: Callable[[Row], Iterable[str]] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        # A field with another name for its cell reads a column a second time.
        return tuple(name for name, field in self.row.model_fields.items() if field.validation_alias is None)

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(name for name, field in self.row.model_fields.items() if field.is_required())

    def missing(self, found: Collection[str]) -> str:
        """What to tell somebody whose file lacks a required column; empty when it has them all."""
        absent = [column for column in self.required_columns if column not in found]
        if not absent:
            return ""
        near = {
            name: difflib.get_close_matches(name, [c for c in found if c not in self.columns], 1) for name in absent
        }
        hints = "".join(f" (is it {close[0]!r}?)" for close in near.values() if close)
        return (
            f"the column {absent[0]!r} is missing{hints}; found {', '.join(sorted(found)) or 'none'}; "
            f"expected {', '.join(self.required_columns)} and any of "
            f"{', '.join(column for column in self.columns if column not in self.required_columns)}"
        )


FORMATS: dict[ImportKind, FileFormat[Any]] = {
    ImportKind.PRODUCTS: FileFormat(ImportKind.PRODUCTS, ProductRow, lambda row: row.sku, plan_products),
    ImportKind.SCRIPTS: FileFormat(ImportKind.SCRIPTS, ScriptRow, lambda row: row.id, plan_scripts),
    ImportKind.CUSTOMERS: FileFormat(
        ImportKind.CUSTOMERS, CustomerRow, lambda row: row.id, plan_customers, names=lambda row: row.identities
    ),
    ImportKind.ORDERS: FileFormat(ImportKind.ORDERS, OrderRow, lambda row: row.order_id, plan_orders),
    ImportKind.EVENTS: FileFormat(ImportKind.EVENTS, EventRow, event_id, plan_events),
    ImportKind.CONVERSATIONS: FileFormat(
        ImportKind.CONVERSATIONS,
        ConversationRow,
        lambda row: row.conversation_id,
        plan_conversations,
        weight=lambda row: 1 + len(row.messages),
    ),
}
"""Every kind that is a file of rows; documents are a folder."""
