"""The rows of CSV files and workbooks as lists of cells, each with the line on which it begins."""

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from eval.datasets.encoding import text_encoding
from eval.datasets.lines import read_lines
from eval.datasets.record import shown
from eval.datasets.refusals import Refuse
from eval.errors import DataError

MAX_UNPACKED_BYTES = 2 << 30
MAX_DIGITS = 10**15
EXPECTED_WORKBOOK = "an XLSX workbook"

Row = tuple[int, list[object]]


def csv_rows(path: Path, delimiter: str, refuse: Refuse) -> Iterator[Row]:
    """Every row that is not blank, the header first; `refuse` is told of those that cannot be read.

    Raises:
        DataError: the file cannot be read; or a row that goes over several lines is wrong, since it may have swallowed
            others.
    """
    feed = _Feed(read_lines(path, text_encoding(path), refuse))
    reader = csv.reader(feed.texts(), delimiter=delimiter, strict=True)
    while True:
        feed.n_taken = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            wrong = DataError(path, feed.line, f"cannot be read ({error})", "CSV; is a quotation mark left open?")
            if feed.n_taken > 1 or "unexpected end" in str(error):
                raise wrong from error
            refuse(wrong)
            continue
        if cells is None:
            return
        if cells:
            yield feed.line, list(cells)


class _Feed:
    """Lines as a CSV reader takes them; `line` is the first of the `n_taken` that it took since that was set to 0."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self.line = 1
        self.n_taken = 0

    def texts(self) -> Iterator[str]:
        """The lines with their ends."""
        for line, text in self._lines:
            if not self.n_taken:
                self.line = line
            self.n_taken += 1
            yield f"{text}\n"


def workbook_rows(path: Path, refuse: Refuse) -> Iterator[Row]:
    """Every row of the first sheet that is not empty, the header first; empty cells are empty text.

    Raises:
        DataError: it is not a workbook.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    _require_honest_size(path)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for line, cells in enumerate(workbook.get_sheet_by_index(0).iter_rows(), start=1):
                if any(cell != "" for cell in cells):
                    yield from _with_whole_numbers(path, line, list(cells), refuse)
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError) as error:
        raise DataError(path, None, f"cannot be read ({error})", EXPECTED_WORKBOOK) from error


def of_width(path: Path, rows: Iterator[Row], width: int, refuse: Refuse) -> Iterator[Row]:
    """The rows that have a cell for each column."""
    for line, cells in rows:
        if len(cells) == width:
            yield line, cells
            continue
        error = DataError(path, line, f"there are {len(cells)} cells: {shown(cells)}", f"{width}, as in the header")
        if any(isinstance(cell, str) and "\n" in cell for cell in cells):
            raise error  # a quotation mark left open may have swallowed good rows
        refuse(error)


def fitted(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """The rows of a sheet, which is as wide as its widest row, without empty cells beside the columns."""
    for line, cells in rows:
        while len(cells) > width and cells[-1] == "":
            cells.pop()
        yield line, cells + [""] * (width - len(cells))


def _with_whole_numbers(path: Path, line: int, cells: list[object], refuse: Refuse) -> Iterator[Row]:
    """The row with whole numbers as such, for a spreadsheet has only fractions; none where it has rounded them."""
    for place, cell in enumerate(cells):
        if not isinstance(cell, float) or not cell.is_integer():
            continue
        if abs(cell) >= MAX_DIGITS:
            expected = "at most 15 digits in a number; spreadsheets round longer ones, so format the column as text"
            refuse(DataError(path, line, f"cell {place + 1} is {cell!r}", expected))
            return
        cells[place] = int(cell)
    yield line, cells


def _require_honest_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(path, None, f"cannot be read ({error})", EXPECTED_WORKBOOK) from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(path, None, f"it would unpack to {unpacked:,} bytes", f"at most {MAX_UNPACKED_BYTES:,}")
