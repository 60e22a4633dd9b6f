"""Files that are copied whole, written whole, and known by their hash."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from models.store.errors import DamagedArtefactError, RefusedArtefactError

VERSION_DIGITS = 12
_CHUNK = 1 << 20


@dataclass(frozen=True)
class FileFacts:
    """What a file must be."""

    n_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileFacts":
        """The size and hash of a file as it is on disk."""
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return cls(path.stat().st_size, digest)


def copy_files(source: Path, into: Path, *, deep: bool) -> dict[str, FileFacts]:
    """Copy all files of a folder, without those of its folders unless `deep`, and read every copy again.

    Raises:
        RefusedArtefactError: there is no file, or something that is neither file nor folder.
        DamagedArtefactError: a copy differs from what was read.
    """
    facts = {}
    for path in sorted(source.rglob("*") if deep else source.iterdir()):
        if path.is_dir():
            continue
        if not path.is_file():
            raise RefusedArtefactError(f"{path} is neither a file nor a folder; expected a folder of plain files")
        copy = into / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        facts[path.relative_to(source).as_posix()] = _copy(path, copy)
    if not facts:
        raise RefusedArtefactError(f"{source} holds no file; expected the folder that training wrote")
    return facts


def version_of(files: Mapping[str, FileFacts]) -> str:
    """A short hash of the names and contents of all files."""
    text = "".join(f"{name}\0{files[name].sha256}\n" for name in sorted(files))
    return sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


def require_format(found: object, wanted: int) -> None:
    """Check that a file is written the way this version reads.

    Raises:
        ValueError: it is not.
    """
    if found != wanted:
        raise ValueError(f"format {found!r}, this version reads {wanted}")


def write_whole(path: Path, text: str) -> None:
    """Give a file this content at once: a reader sees the old or the new, also after a power cut."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_text(text, encoding="utf-8")
        sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync(path.parent)


def sync_all(folder: Path) -> None:
    """Wait until a folder and everything in it are on disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(path: Path, copy: Path) -> FileFacts:
    digest, n_bytes = sha256(), 0
    with path.open("rb") as source, copy.open("wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            n_bytes += target.write(chunk)
    read = FileFacts(n_bytes, digest.hexdigest())
    if FileFacts.of(copy) != read:
        raise DamagedArtefactError(f"{copy} differs from {path}, of which it is a copy; is the disk sound?")
    return read
