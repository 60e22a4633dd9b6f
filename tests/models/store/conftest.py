"""A store of small folders; the check of these accepts what holds a file `model` and refuses the word `broken`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.store.artefact import Artefact, Kind
from models.store.errors import RefusedArtefactError
from models.store.standing import Switch
from models.store.store import ModelStore

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def check(folder: Path) -> str:
    path = folder / "model"
    if not path.is_file() or path.read_text() == "broken":
        raise RefusedArtefactError(f"{path} cannot be loaded")
    return f"model {path.read_text()}"


@dataclass
class Shelf:
    """A store, and short ways to fill and switch it; every step is a minute later."""

    folder: Path
    now: datetime = NOON
    sources: Path = field(init=False)

    def __post_init__(self) -> None:
        self.sources = self.folder.parent / "sources"
        self.store = ModelStore(self.folder)

    def source(self, content: str, **training: Any) -> Path:
        folder = self.sources / f"{content}-{len(training)}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model").write_text(content)
        if training:
            (folder / "training.json").write_text(json.dumps(training))
        return folder

    def add(self, content: str, kind: Kind = Kind.RANKER, **training: Any) -> Artefact:
        artefact, _ = self.store.add(kind, self.source(content, **training), check=check, at=self._tick())
        return artefact

    def promote(self, version: str, kind: Kind = Kind.RANKER, **more: Any) -> Switch:
        return self.store.promote(kind, version, check=check, at=self._tick(), **more)

    def roll_back(self, kind: Kind = Kind.RANKER, **more: Any) -> Switch:
        return self.store.roll_back(kind, check=check, at=self._tick(), **more)

    def serving(self, kind: Kind = Kind.RANKER) -> str | None:
        return self.store.standing(kind).serving

    def names(self) -> set[str]:
        """Everything in the store but locks."""
        paths = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
        return {path for path in paths if not path.endswith(".lock")}

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "store")


@pytest.fixture
def damage() -> Callable[[Artefact], None]:
    """Changes one byte of an artefact's model, not its size."""

    def change(artefact: Artefact) -> None:
        path = artefact.folder / "model"
        content = bytearray(path.read_bytes())
        content[0] ^= 1
        path.write_bytes(content)

    return change
