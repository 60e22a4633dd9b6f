"""CSV files, with comma, semicolon or tab."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from knowledge.errors import ImportFileError
from knowledge.formulas import restored
from knowledge.imports.readers.encoding import text_encoding
from knowledge.imports.readers.raw import MAX_CELL_CHARS, BrokenRow, RawRow, header_columns
from knowledge.imports.report import shortened

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class DelimitedFile:
    """An open CSV file."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, known_columns: Sequence[str]) -> "DelimitedFile":
        """The file with the delimiter that makes the most of its header.

        Raises:
            ImportFileError: it is not text, or the header cannot be read.
        """
        encoding = text_encoding(path)
        headers = {delimiter: _first_row(path, encoding, delimiter) for delimiter in DELIMITERS}
        delimiter = max(headers, key=lambda mark: _fit(headers[mark], known_columns))
        return cls(path, encoding, delimiter, header_columns(headers[delimiter], path.name))

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """Every row after the header; blank lines are left out."""
        width, columns = len(self.columns), self.columns
        with _reading(self.path, self.encoding) as text:
            reader = csv.reader(text, delimiter=self.delimiter)
            lines = _numbered(reader, self.path.name)
            next(lines, None)
            for line, cells in lines:
                if any(cell[:1] == "'" for cell in cells):
                    cells = [restored(cell) for cell in cells]  # an export has made it harmless
                if len(cells) == width:
                    yield RawRow(line, dict(zip(columns, cells, strict=True)))
                elif any(cells):
                    yield self._ragged(line, cells)

    def _ragged(self, line: int, cells: list[str]) -> RawRow | BrokenRow:
        width = len(self.columns)
        if len(cells) > width and not any(cells[width:]):
            return RawRow(line, dict(zip(self.columns, cells, strict=False)))
        value = shortened(self.delimiter.join(cells))
        return BrokenRow(line, value, f"got {len(cells)} cells", f"{width}, as in the header")


@contextmanager
def _reading(path: Path, encoding: str) -> Iterator[TextIO]:
    # The limit is the csv module's own and global; we only ever raise it.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))
    with path.open(encoding=encoding, newline="") as text:
        yield text


def _numbered(reader: "Reader", file: str) -> Iterator[tuple[int, list[str]]]:
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ImportFileError(
            f"{file}: line {line}: {error}; expected cells of at most {MAX_CELL_CHARS:,} characters "
            "(is a quotation mark left open?)"
        ) from error


def _first_row(path: Path, encoding: str, delimiter: str) -> list[str]:
    with _reading(path, encoding) as text:
        for _, cells in _numbered(csv.reader(text, delimiter=delimiter), path.name):
            return cells
    return []


def _fit(header: Sequence[str], known_columns: Sequence[str]) -> tuple[int, int]:
    names = {name.replace("\ufeff", "").strip().lower() for name in header}
    return len(names.intersection(known_columns)), len(header)
