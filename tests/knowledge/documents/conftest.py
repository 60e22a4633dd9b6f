"""A workspace whose documents can be read back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from knowledge.documents import import_documents
from knowledge.imports import ImportReport
from knowledge.tables import IndexChange, Passage
from knowledge.workspace import Workspace

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.create(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


@pytest.fixture
def load(workspace: Workspace, folder: Path) -> Callable[..., ImportReport]:
    return lambda **options: import_documents(workspace.database, "default", folder, now=lambda: NOW, **options)


@pytest.fixture
def passages(workspace: Workspace) -> Callable[[], list[tuple[str, str, str]]]:
    """Id, heading and text of every passage."""

    def read() -> list[tuple[str, str, str]]:
        with workspace.database.read() as session:
            found = session.execute(select(Passage).order_by(col(Passage.document_id), col(Passage.position))).scalars()
            return [(row.id, row.heading, row.text) for row in found]

    return read


@pytest.fixture
def changes(workspace: Workspace) -> Callable[[], list[str]]:
    """What was announced to the index, in order."""

    def read() -> list[str]:
        with workspace.database.read() as session:
            found = session.execute(select(IndexChange).order_by(col(IndexChange.seq))).scalars()
            return [f"{row.kind}:{row.item_id}" for row in found]

    return read
