"""What names a data set: its folder or file, and a hash of every byte that was read."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from eval.errors import DataError

USUAL_STEMS = frozenset({"rerank", "orders", "turns", "conversations"})
"""Files called so are told apart by their folder."""


def data_name(path: Path) -> str:
    """What to call the data at a path."""
    real = path.resolve()
    if real.is_dir():
        return real.name
    return real.parent.name if real.stem in USUAL_STEMS else real.stem


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, as `sha256sum` prints it, or of the names and bytes of all files in a folder.

    Hidden files are left out, so that opening a folder in a file browser does not make it another one.

    Raises:
        DataError: there is nothing at the path, or it cannot be read.
    """
    if path.is_dir():
        return sha256_of_files({file.relative_to(path).as_posix(): file for file in files_of(path)})
    return _sha256_of_file(path)


def sha256_of_files(files: Mapping[str, Path]) -> str:
    """One hash over several files and what each is called, in whatever order they come.

    Raises:
        DataError: one of them cannot be read.
    """
    total = hashlib.sha256()
    for name in sorted(files, key=os.fsencode):
        # A name holds no NUL and a hash has a fixed length, so no two sets of files give the same stream.
        total.update(os.fsencode(name) + b"\0" + _sha256_of_file(files[name]).encode())
    return total.hexdigest()


def files_of(folder: Path) -> list[Path]:
    """Every file below a folder that is not hidden, in the order of the names."""
    found = (path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(folder)))
    return sorted(found, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _sha256_of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(path, None, f"cannot be read ({error.strerror})", "a file or a folder of files") from error
