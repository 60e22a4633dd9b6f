"""Find the reader for a file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.errors import ImportFileError
from knowledge.imports.readers.delimited import DelimitedFile
from knowledge.imports.readers.jsonlines import JsonLinesFile
from knowledge.imports.readers.parquet import ParquetFile
from knowledge.imports.readers.raw import RowFile
from knowledge.imports.readers.workbook import WorkbookFile

READERS: dict[str, Callable[[Path, Sequence[str]], RowFile]] = {
    ".csv": DelimitedFile.open,
    ".tsv": DelimitedFile.open,
    ".txt": DelimitedFile.open,
    ".xlsx": lambda path, _: WorkbookFile.open(path),
    ".xlsm": lambda path, _: WorkbookFile.open(path),
    ".jsonl": lambda path, _: JsonLinesFile.open(path),
    ".ndjson": lambda path, _: JsonLinesFile.open(path),
    ".parquet": lambda path, _: ParquetFile.open(path),
}


def open_rows(path: Path, known_columns: Sequence[str]) -> RowFile:
    """The file as rows, its format told by its suffix.

    Raises:
        ImportFileError: it is missing, empty, of an unknown format, or not what its suffix says.
    """
    require_file(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ImportFileError(f"{path.name}: unknown suffix {path.suffix!r}, expected one of {', '.join(READERS)}")
    return reader(path, known_columns)


def require_file(path: Path) -> None:
    """Refuse what cannot be opened or has nothing in it.

    Raises:
        ImportFileError: it is missing, not a file, not readable or empty.
    """
    if not path.exists():
        raise ImportFileError(f"{path}: no such file")
    if not path.is_file():
        raise ImportFileError(f"{path}: expected a file, this is a folder or a device")
    try:
        with path.open("rb") as file:
            start = file.read(1)
    except OSError as error:
        raise ImportFileError(f"{path}: cannot be opened: {error.strerror}") from error
    if not start:
        raise ImportFileError(f"{path.name}: the file is empty")
