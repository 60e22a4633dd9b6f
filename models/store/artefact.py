"""An artefact: its files, and the manifest beside them.

KIND/VERSION/artefact.json    the manifest
KIND/VERSION/files/           the files as they were given; never changed
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from models.store.errors import DamagedArtefactError, RefusedArtefactError
from models.store.files import FileFacts, require_format, version_of

MANIFEST_FILE = "artefact.json"
FILES_FOLDER = "files"
TRAINING_FILE = "training.json"
FORMAT = 1


class Kind(StrEnum):
    """What an artefact is for."""

    ENCODER = "encoder"
    RANKER = "ranker"
    RECOMMENDER = "recommender"


@dataclass(frozen=True)
class Artefact:
    """What the manifest says; `place` is the folder it lies in.

    `source` is the name of the folder it was copied from; `training` is what `training.json` in it says, if there is
    one: data, settings, metrics.
    """

    place: Path
    kind: Kind
    version: str
    name: str
    added_at: datetime
    source: str
    note: str
    training: Mapping[str, object] | None
    files: Mapping[str, FileFacts]

    @property
    def folder(self) -> Path:
        """The folder to serve from."""
        return self.place / FILES_FOLDER

    @property
    def n_bytes(self) -> int:
        return sum(facts.n_bytes for facts in self.files.values())

    @property
    def beats_baseline(self) -> bool | None:
        """What its own training report says; nothing when there is none."""
        found = (self.training or {}).get("beats_baseline")
        return found if isinstance(found, bool) else None

    def check_sizes(self) -> None:
        """Cheap check.

        Raises:
            DamagedArtefactError: a file is missing or has another size.
        """
        for name, facts in self.files.items():
            path = self.folder / name
            n_bytes = path.stat().st_size if path.is_file() else None
            if n_bytes != facts.n_bytes:
                found = "is missing" if n_bytes is None else f"has {n_bytes} bytes"
                raise DamagedArtefactError(f"{path} {found}, expected {facts.n_bytes} bytes; {self._mend}")

    def check_contents(self) -> None:
        """Thorough check; reads every byte.

        Raises:
            DamagedArtefactError: a file is missing or differs from what was added.
        """
        damaged = self.damaged_files()
        if damaged:
            raise DamagedArtefactError(f"{self.folder / damaged[0]} is not what was added; {self._mend}")

    def damaged_files(self) -> list[str]:
        """The names of files that are missing or differ from what was added; reads every byte."""
        paths = {name: self.folder / name for name in self.files}
        return [name for name, path in paths.items() if not path.is_file() or FileFacts.of(path) != self.files[name]]

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        values = {name: value for name, value in asdict(self).items() if name != "place"}
        return {"format": FORMAT, **values, "kind": self.kind.value, "added_at": self.added_at.isoformat()}

    @property
    def _mend(self) -> str:
        return f"add the folder it came from ({self.source}) again to mend it"


def read_artefact(place: Path) -> Artefact:
    """The artefact that lies in a folder of the store.

    Raises:
        DamagedArtefactError: its manifest is missing, cannot be read, or is that of another version.
    """
    path = place / MANIFEST_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        require_format(content.pop("format"), FORMAT)
        content["kind"] = Kind(content["kind"])
        content["added_at"] = datetime.fromisoformat(content["added_at"])
        content["files"] = {name: FileFacts(**facts) for name, facts in content["files"].items()}
        found = Artefact(place=place, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedArtefactError(f"{path} cannot be read: {error}") from error
    if found.version != place.name or version_of(found.files) != found.version:
        raise DamagedArtefactError(f"{path} describes version {found.version!r}, expected {place.name!r}")
    return found


def read_training(folder: Path) -> Mapping[str, object] | None:
    """What training wrote beside a model, if it did.

    Raises:
        RefusedArtefactError: the file is there and is not a JSON object.
    """
    path = folder / TRAINING_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RefusedArtefactError(f"{path} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise RefusedArtefactError(f"{path} holds {str(content)[:40]!r}, expected a JSON object")
    return content
