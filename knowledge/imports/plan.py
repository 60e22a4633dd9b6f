"""A plan: what one batch will write, and the writing of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Insert, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from knowledge.imports.report import Tally
from knowledge.tables import IndexChange, IndexKind

Values = dict[str, object]
Stored = dict[str, Any]
"""A row as the database gives it."""

KEYS_AT_A_TIME = 5_000


@dataclass
class Plan:
    """Whole rows to write, changes to announce, and the counts of the batch.

    Making a plan only reads, which is all that a dry run does.
    """

    tally: Tally = field(default_factory=Tally)
    upserts: dict[type[SQLModel], list[Values]] = field(default_factory=lambda: defaultdict(list))
    inserts: dict[type[SQLModel], list[Values]] = field(default_factory=lambda: defaultdict(list))
    deletes: dict[type[SQLModel], list[Values]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[tuple[IndexKind, str], None] = field(default_factory=dict)

    def upsert(self, model: type[SQLModel], values: Values) -> None:
        """Write a whole row over the one with its primary key, if there is one."""
        self.upserts[model].append(values)

    def insert(self, model: type[SQLModel], values: Values) -> None:
        """Write a row whose key the database gives."""
        self.inserts[model].append(values)

    def delete(self, model: type[SQLModel], key: Values) -> None:
        """Remove the row with this primary key."""
        self.deletes[model].append(key)

    def announce(self, kind: IndexKind, item_id: str) -> None:
        """Tell every process once that the item has changed."""
        self.changes[kind, item_id] = None

    def apply(self, session: Session, tenant_id: str) -> None:
        """Write everything."""
        for model, keys in self.deletes.items():
            for key in keys:
                table = table_of(model)
                session.execute(table.delete().where(and_(*(table.c[name] == value for name, value in key.items()))))
        for model, rows in self.upserts.items():
            _upsert(session, table_of(model), rows)
        for model, rows in self.inserts.items():
            session.execute(table_of(model).insert(), rows)
        if self.changes:
            changes = [{"tenant_id": tenant_id, "kind": kind, "item_id": item_id} for kind, item_id in self.changes]
            session.execute(table_of(IndexChange).insert(), changes)


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def stored_rows(
    session: Session,
    model: type[SQLModel],
    tenant_id: str,
    column: str,
    keys: Collection[str],
    condition: ColumnElement[bool] | None = None,
) -> Iterator[Stored]:
    """The stored rows of a tenant whose `column` is one of `keys`."""
    table = table_of(model)
    remaining = iter(keys)
    while some := list(islice(remaining, KEYS_AT_A_TIME)):
        query = select(table).where(table.c.tenant_id == tenant_id, table.c[column].in_(some))
        found = session.execute(query if condition is None else query.where(condition))
        columns = tuple(found.keys())
        yield from (dict(zip(columns, row, strict=True)) for row in found)


def stored_by_id(
    session: Session, model: type[SQLModel], tenant_id: str, column: str, keys: Collection[str]
) -> dict[str, Stored]:
    """The stored rows by the column that identifies them."""
    return {row[column]: row for row in stored_rows(session, model, tenant_id, column, keys)}


def differs(values: Mapping[str, object], stored: Mapping[str, object], *, besides: Collection[str] = ()) -> bool:
    """Whether any value, `besides` the named ones, is another than the stored one."""
    return any(value != stored[name] for name, value in values.items() if name not in besides)


def _upsert(session: Session, table: Table, rows: list[Values]) -> None:
    """Write whole rows by one prepared statement, bound here; SQLAlchemy's executemany costs twice as much per row."""
    connection = session.connection()
    names = [column.name for column in table.c if column.name in rows[0]]
    insert = _upsert_statement(table, names, connection.dialect)
    statement = insert.compile(dialect=connection.dialect, column_keys=names)
    binders = [(name, table.c[name].type.dialect_impl(connection.dialect)) for name in names]
    processors = [(name, binder.bind_processor(connection.dialect)) for name, binder in binders]
    bound = ([row[name] if bind is None else bind(row[name]) for name, bind in processors] for row in rows)
    if statement.positional:
        connection.exec_driver_sql(str(statement), [tuple(values) for values in bound])
    else:
        connection.exec_driver_sql(str(statement), [dict(zip(names, values, strict=True)) for values in bound])


def _upsert_statement(table: Table, names: Collection[str], dialect: Dialect) -> Insert:
    """What a file does not bring, such as that a message was taken back, stays as it is."""
    statement = (postgresql.insert if dialect.name == "postgresql" else sqlite.insert)(table)
    keys = [column.name for column in table.primary_key]
    overwritten = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=overwritten)
