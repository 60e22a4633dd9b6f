"""A database with its tables, and the people who change it."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from knowledge.database import Database
from knowledge.workspace import Workspace


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with its tables, made once."""
    folder = tmp_path_factory.mktemp("empty") / "workspace"
    Workspace.create(folder).close()
    return folder


@pytest.fixture
def database(tmp_path: Path, empty_workspace: Path) -> Iterator[Database]:
    copytree(empty_workspace, tmp_path / "workspace")
    workspace = Workspace.open(tmp_path / "workspace")
    yield workspace.database
    workspace.close()
