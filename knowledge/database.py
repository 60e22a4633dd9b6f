"""The database: one engine, sessions for reading and for writing, and its schema revision."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

from knowledge.errors import WorkspaceError

SCHEMA_REVISION = "0005"
"""The Alembic revision this code reads and writes."""

BUSY_TIMEOUT_MS = 15_000
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}")


@dataclass(frozen=True)
class Database:
    """An open database; sessions come from here and nowhere else."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and never waits for a writer."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session holding the write lock; commits at the end, rolls back on any error."""
        with Session(self.engine.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
            yield session

    def revision(self) -> str | None:
        """The schema revision the database is at; empty when it has no tables yet."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """A database for `url`; nothing is created and no connection opened yet.

    Raises:
        WorkspaceError: the URL cannot be understood.
    """
    try:
        backend = make_url(url).get_backend_name()
        engine = create_engine(url)
    except (SQLAlchemyError, ValueError, ImportError) as error:
        raise WorkspaceError(f"database URL {without_password(url)!r} cannot be used: {error}") from error
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def without_password(url: str) -> str:
    """A database URL fit to be shown, even one that cannot be parsed."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)


def require_current(database: Database, where: str) -> None:
    """Check that the schema is the one this code knows.

    Raises:
        WorkspaceError: it is missing, older or newer; the message says what to run.
    """
    found = database.revision()
    if found == SCHEMA_REVISION:
        return
    if found is None:
        raise WorkspaceError(f"{where} has no tables yet; run: copilot init")
    raise WorkspaceError(
        f"{where} is at schema {found}, this version needs {SCHEMA_REVISION}; "
        "run: copilot init (it upgrades in place), or install the version that wrote it"
    )


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we begin transactions ourselves
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another writes; IMMEDIATE waits its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
