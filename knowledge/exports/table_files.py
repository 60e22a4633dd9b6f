"""Rows as CSV, XLSX or JSON Lines."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from knowledge.errors import InvalidValueError
from knowledge.exports.rows import ExportedRow
from knowledge.formulas import defused

ENDINGS: Final = ("xlsx", "csv", "jsonl")
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
}
MAX_CELL_CHARACTERS: Final = 32_767
"""Excel keeps no longer ones."""
EXCEL_DIGITS: Final = 15


def write_table(path: Path, columns: Sequence[str], rows: Iterable[ExportedRow]) -> int:
    """How many rows were written to the file; its ending says in which format.

    Raises:
        InvalidValueError: the ending is not known, or a text is too long for a cell.
    """
    writer = _WRITERS.get(path.suffix.lower().removeprefix("."))
    if writer is None:
        raise InvalidValueError("file", path.name, f"a name that ends with .{', .'.join(ENDINGS)}")
    return writer(path, columns, rows)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[ExportedRow]) -> int:
    """With a byte order mark, without which Excel takes UTF-8 for the machine's own encoding."""
    n_rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([defused(_cell(row.get(column))) for column in columns])
            n_rows += 1
    return n_rows


def _write_jsonl(path: Path, columns: Sequence[str], rows: Iterable[ExportedRow]) -> int:
    n_rows = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            values = {column: _plain(row[column]) for column in columns if row.get(column) is not None}
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
            n_rows += 1
    return n_rows


def _write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[ExportedRow]) -> int:
    """Every cell is text, so that nothing becomes a formula, a date or a shortened number."""
    from xlsxwriter import Workbook

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    n_rows = 0
    with Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, bold)
        for row in rows:
            n_rows += 1
            for place, column in enumerate(columns):
                sheet.write_string(n_rows, place, _fitting(_cell(row.get(column)), column))
    return n_rows


_WRITERS: dict[str, Callable[[Path, Sequence[str], Iterable[ExportedRow]], int]] = {
    "xlsx": _write_xlsx,
    "csv": _write_csv,
    "jsonl": _write_jsonl,
}


def _cell(value: object) -> str:
    """A value as imports read it from a cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        items = [str(item) for item in value]
        return _json(items) if any("|" in item or item != item.strip() for item in items) else "|".join(items)
    if isinstance(value, dict):
        return _json(value) if value else ""
    return str(_plain(value))


def _plain(value: object) -> object:
    """A value as JSON holds it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fitting(text: str, column: str) -> str:
    if len(text) > MAX_CELL_CHARACTERS:
        raise InvalidValueError(column, text[:40], f"at most {MAX_CELL_CHARACTERS:,} characters in XLSX: choose CSV")
    return text
