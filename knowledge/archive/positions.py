"""Which part of which file has been read, so that the next run reads only what is new."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import ImportFileError

SUFFIXES = (".jsonl", ".ndjson", ".parquet")
PROBE_BYTES = 1 << 16
"""At the beginning and at the end of what was read, to tell a rewritten file by."""


@dataclass(frozen=True)
class Position:
    """How far a file has been read; `digest` is of what was read, so that a rewritten file is noticed.

    Attributes:
        path: Relative to the archive's folder, with forward slashes.
        n_bytes: All of them for a Parquet file.
        n_lines: Lines in these bytes.
    """

    path: str
    n_bytes: int
    n_lines: int
    digest: str

    @classmethod
    def at(cls, path: Path, name: str, *, n_bytes: int, n_lines: int) -> "Position":
        """The position after so many bytes and lines of a file."""
        return cls(name, n_bytes, n_lines, _digest(path, n_bytes))

    def still_holds(self, path: Path) -> bool:
        """Whether the file begins as it did when it was read up to here."""
        return path.stat().st_size >= self.n_bytes and _digest(path, self.n_bytes) == self.digest


def archive_files(archive: Path) -> list[tuple[str, Path]]:
    """The files of an archive by name: the file itself, or those anywhere in the folder.

    Raises:
        ImportFileError: there is no such file or folder, its suffix is unknown, or the folder holds no archive file.
    """
    if archive.is_file():
        _require_known(archive)
        return [(archive.name, archive)]
    if not archive.is_dir():
        raise ImportFileError(f"{archive}: no such file or folder")
    found = sorted(path for path in archive.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise ImportFileError(f"{archive}: no conversations in this folder, expected files {_known()}")
    return [(path.relative_to(archive).as_posix(), path) for path in found]


def unread(files: Sequence[tuple[str, Path]], read: Mapping[str, Position]) -> list[tuple[str, Path]]:
    """Those files that have more than was read, by name.

    Raises:
        ImportFileError: a file that was read has been rewritten since, so that what is known of it no longer holds.
    """
    left = []
    for name, path in files:
        position = read.get(name)
        if position is not None and not position.still_holds(path):
            raise ImportFileError(
                f"{path}: rewritten since it was read; archives may only grow. Delete the mining state to read all anew"
            )
        if position is None or path.stat().st_size > position.n_bytes:
            left.append((name, path))
    return left


def _require_known(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise ImportFileError(f"{path.name}: unknown suffix {path.suffix!r}, expected {_known()}")


def _known() -> str:
    return f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def _digest(path: Path, n_bytes: int) -> str:
    """Of the first and the last bytes read and their number; archives are too large to hash whole at every run."""
    with path.open("rb") as file:
        start = file.read(min(PROBE_BYTES, n_bytes))
        file.seek(max(0, n_bytes - PROBE_BYTES))
        end = file.read(min(PROBE_BYTES, n_bytes))
    return hashlib.sha256(start + end + str(n_bytes).encode()).hexdigest()
