"""A workspace, and the shortest way to import a file into it and to see what is there."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from knowledge.imports import ImportKind, ImportReport, import_file
from knowledge.workspace import DATABASE_FILE, Workspace

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
TABLES = (
    "product", "script", "script_version", "customer", "customer_tag", "identity", "order", "order_line",
    "order_status_change", "event", "conversation", "message", "document", "passage", "index_change",
)  # fmt: skip

Row = tuple[object, ...]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "workspace"
    Workspace.create(folder).close()
    return folder


@pytest.fixture
def workspace(tmp_path: Path, empty_workspace: Path) -> Iterator[Workspace]:
    copytree(empty_workspace, tmp_path / "workspace")
    opened = Workspace.open(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def load(workspace: Workspace, tmp_path: Path, clock: Clock) -> Callable[..., ImportReport]:
    """Import text, bytes or a file as a kind; `name` gives the file its suffix."""

    def load_content(kind: str, content: str | bytes | Path, name: str = "", **options: bool) -> ImportReport:
        path = content if isinstance(content, Path) else tmp_path / (name or f"{kind}.csv")
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        return import_file(workspace.database, "default", ImportKind(kind), path, now=clock, **options)

    return load_content


@pytest.fixture
def rows(workspace: Workspace) -> Callable[[str], list[Row]]:
    """Read with plain SQL, as any other program would."""

    def read(query: str) -> list[Row]:
        connection = sqlite3.connect(workspace.folder / DATABASE_FILE)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    return read


@pytest.fixture
def contents(rows: Callable[[str], list[Row]]) -> Callable[[], dict[str, list[Row]]]:
    """Everything that imports write, table by table."""
    return lambda: {table: rows(f'SELECT * FROM "{table}" ORDER BY 1, 2, 3') for table in TABLES}  # noqa: S608
