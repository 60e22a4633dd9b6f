"""XLSX workbooks; the first sheet is read, formulas by their last computed value."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import ImportFileError
from knowledge.imports.readers.archives import require_archive
from knowledge.imports.readers.raw import BrokenRow, RawRow, check_cell, header_columns

EXPECTED = "an XLSX workbook"


@dataclass(frozen=True)
class WorkbookFile:
    """The first sheet of an XLSX file."""

    path: Path
    columns: tuple[str, ...]
    encoding: str = "xlsx"

    @classmethod
    def open(cls, path: Path) -> "WorkbookFile":
        """The workbook with the columns of its first row.

        Raises:
            ImportFileError: it is not a workbook, is protected, or unpacks to an absurd size.
        """
        require_archive(path, "xl/workbook.xml", EXPECTED)
        for cells in _sheet_rows(path):
            return cls(path, header_columns(cells, path.name))
        raise ImportFileError(f"{path.name}: the first sheet is empty, expected the names of the columns in row 1")

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """Every row below the header; empty rows are left out."""
        width = len(self.columns)
        sheet = _sheet_rows(self.path)
        next(sheet, None)
        for line, cells in enumerate(sheet, start=2):
            if not any(cell != "" for cell in cells):
                continue
            for column, cell in zip(self.columns, cells, strict=False):
                if isinstance(cell, str):
                    check_cell(cell, self.path.name, line, column)
            if any(cell != "" for cell in cells[width:]):
                yield BrokenRow(line, "", "has cells to the right of the last named column", f"{width} cells")
            else:
                yield RawRow(line, dict(zip(self.columns, cells, strict=False)))


def _sheet_rows(path: Path) -> Iterator[list[object]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(path) as workbook:
            sheet = workbook.get_sheet_by_index(0)
            for row in sheet.iter_rows():
                yield list(row)
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError) as error:
        raise ImportFileError(f"{path.name}: cannot be read as {EXPECTED}: {error}") from error
