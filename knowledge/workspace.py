"""The workspace: a folder that holds the database, the index, models and runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from knowledge.database import Database, open_database, require_current
from knowledge.errors import WorkspaceError
from knowledge.tables import DEFAULT_TENANT, Tenant

DATABASE_FILE = "copilot.db"
RUNS_FOLDER = "runs"


@dataclass(frozen=True)
class Workspace:
    """Where everything of one installation lives."""

    folder: Path
    database: Database

    @property
    def index_folder(self) -> Path:
        return self.folder / "index"

    @property
    def models_folder(self) -> Path:
        return self.folder / "models"

    @property
    def runs_folder(self) -> Path:
        return self.folder / RUNS_FOLDER

    @classmethod
    def open(cls, folder: Path, database_url: str | None = None) -> "Workspace":
        """An existing workspace whose schema is current.

        Raises:
            WorkspaceError: it does not exist, was written by another version, or its database cannot be used.
        """
        if database_url is None and not (folder / DATABASE_FILE).is_file():
            raise WorkspaceError(f"no workspace at {folder}; run: copilot init --workspace {folder}")
        workspace = cls(folder, open_database(database_url or default_url(folder)))
        with _explaining_refusals(workspace.database):
            require_current(workspace.database, str(folder))
        return workspace

    @classmethod
    def create(cls, folder: Path, database_url: str | None = None, *, tenant_name: str = "") -> "Workspace":
        """A workspace with current tables and the default tenant; an existing one is upgraded and kept.

        Raises:
            WorkspaceError: the folder cannot be written, or what it holds is no database.
        """
        from knowledge.migrate import migrate

        workspace = cls(folder, open_database(database_url or default_url(folder)))
        try:
            for path in (folder, workspace.index_folder, workspace.models_folder, workspace.runs_folder):
                path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"cannot make the workspace {folder}: {error}") from error
        with _explaining_refusals(workspace.database):
            migrate(workspace.database)
            with workspace.database.write() as session:
                if session.get(Tenant, DEFAULT_TENANT) is None:
                    session.add(Tenant(id=DEFAULT_TENANT, name=tenant_name or DEFAULT_TENANT))
        return workspace

    def close(self) -> None:
        """Give the database connections back."""
        self.database.close()


def default_url(folder: Path) -> str:
    """The URL of the SQLite database inside a workspace."""
    return f"sqlite:///{folder / DATABASE_FILE}"


@contextmanager
def _explaining_refusals(database: Database) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        where = database.engine.url.render_as_string()  # without the password
        raise WorkspaceError(
            f"{where} cannot be used ({error.orig}), expected a database that can be read and written"
        ) from error


def utc_now() -> datetime:
    """The clock handed to whatever needs the time."""
    return datetime.now(UTC)
