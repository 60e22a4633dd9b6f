"""The manifest of a prepared folder: where it came from, and the size and hash of every file in it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from models.errors import DamagedModelError

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class FileRecord:
    """Size and hash of one file as it was written."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says; `files` covers every other file of the folder."""

    name: str
    source: str
    fingerprint: str
    dim: int
    versions: Mapping[str, str]
    files: Mapping[str, FileRecord]

    def check_sizes(self, folder: Path) -> None:
        """Cheap check on every start.

        Raises:
            DamagedModelError: If a file is missing or has another size.
        """
        for name, record in self.files.items():
            path = folder / name
            n_bytes = path.stat().st_size if path.exists() else None
            if n_bytes != record.n_bytes:
                found = "missing" if n_bytes is None else f"{n_bytes} bytes"
                raise DamagedModelError(
                    f"{path} is {found}, expected {record.n_bytes} bytes; delete {folder} to rebuild it"
                )

    def check_contents(self, folder: Path) -> None:
        """Thorough check; reads every byte.

        Raises:
            DamagedModelError: If a file is missing or differs from what was written.
        """
        self.check_sizes(folder)
        for name, record in self.files.items():
            if _record(folder / name).sha256 != record.sha256:
                raise DamagedModelError(f"{folder / name} differs from what was written; delete {folder} to rebuild it")


def write_manifest(folder: Path, *, name: str, source: str, dim: int, versions: Mapping[str, str]) -> Manifest:
    """Describe all files now in `folder`; the fingerprint is a hash of their hashes.

    Folders in it and an earlier manifest are no part of what is served.
    """
    served = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST_FILE)
    files = {path.name: _record(path) for path in served}
    hashes = "".join(f"{name}:{record.sha256}\n" for name, record in files.items())
    fingerprint = sha256(hashes.encode()).hexdigest()[:16]
    manifest = Manifest(name=name, source=source, fingerprint=fingerprint, dim=dim, versions=versions, files=files)
    (folder / MANIFEST_FILE).write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=2), encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a prepared folder.

    Raises:
        DamagedModelError: If there is none or it cannot be read.
    """
    try:
        content = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        files = {name: FileRecord(**record) for name, record in content.pop("files").items()}
        return Manifest(**content, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedModelError(f"{folder} is not a prepared encoder: {error}") from error


def _record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        return FileRecord(n_bytes=path.stat().st_size, sha256=file_digest(file, "sha256").hexdigest())
