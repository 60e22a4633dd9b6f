"""Read a file completely, check every row, and keep the good ones for writing."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic

from pydantic import ValidationError

from knowledge.errors import ImportFileError
from knowledge.imports.cells import ReadingRules
from knowledge.imports.formats import FileFormat
from knowledge.imports.progress import Progress
from knowledge.imports.readers import BrokenRow, RawRow, RowFile, open_rows
from knowledge.imports.report import RejectedRow, Tally, shortened
from knowledge.imports.rows import Row
from knowledge.imports.staging import Staging

ROWS_PER_PROGRESS = 5_000


@dataclass
class CheckedFile(Generic[Row]):
    """A file whose good rows are staged; `tally` holds the rejected ones."""

    path: Path
    format: FileFormat[Row]
    staging: Staging[Row]
    encoding: str
    sha256: str
    tally: Tally = field(default_factory=Tally)
    unknown_columns: dict[str, None] = field(default_factory=dict)

    def close(self) -> None:
        """Forget the staged rows."""
        self.staging.close()


def check_file(path: Path, file_format: FileFormat[Row], rules: ReadingRules, progress: Progress) -> CheckedFile[Row]:
    """The file with its good rows staged; close it when done.

    Raises:
        ImportFileError: the file as a whole cannot be used.
    """
    rows = open_rows(path, file_format.columns)
    _require_columns(path, file_format, rows)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    checked = CheckedFile(path, file_format, Staging(file_format.row), rows.encoding, sha256)
    try:
        _Checking(checked, rules, progress).stage(rows)
    except BaseException:
        checked.close()
        raise
    return checked


def _require_columns(path: Path, file_format: FileFormat[Row], rows: RowFile) -> None:
    missing = file_format.missing(rows.columns) if rows.columns else ""
    if missing:
        raise ImportFileError(f"{path.name}: line 1: {missing}")


@dataclass
class _Checking(Generic[Row]):
    """One pass over a file."""

    checked: CheckedFile[Row]
    rules: ReadingRules
    progress: Progress
    fields: set[str] = field(default_factory=set)

    def stage(self, rows: RowFile) -> None:
        """Stage the good rows and count the others."""
        self._note_columns(rows.columns)
        self.checked.staging.add(self._good(rows))
        if self.fields and not rows.columns:
            missing = self.checked.format.missing(self.fields)
            if missing:
                raise ImportFileError(f"{self.checked.path.name}: no row has all columns: {missing}")

    def _good(self, rows: RowFile) -> Iterator[tuple[int, str, Row]]:
        known_from_header = bool(rows.columns)
        for number, raw in enumerate(rows.rows(), start=1):
            if isinstance(raw, RawRow) and not known_from_header:
                self._note_columns(raw.cells)
            row = self._checked(raw)
            if row is not None:
                yield raw.line, self.checked.format.key(row), row
            if number % ROWS_PER_PROGRESS == 0:
                self.progress(number, None)

    def _checked(self, raw: RawRow | BrokenRow) -> Row | None:
        """The row, or nothing when it is rejected."""
        if isinstance(raw, BrokenRow):
            self.checked.tally.reject(RejectedRow(raw.line, "", raw.value, raw.reason, raw.expected))
            return None
        try:
            row = self.checked.format.row.model_validate(raw.cells, context=self.rules)
        except ValidationError as error:
            self.checked.tally.reject(_rejected(raw, error))
            return None
        unknown = row.unknown_fields()
        if unknown:
            self.checked.unknown_columns.update(dict.fromkeys(unknown))
        names = self.checked.format.names
        return row if names is None or self._owns(names(row), raw, row) else None

    def _owns(self, names: Iterable[str], raw: RawRow, row: Row) -> bool:
        key = self.checked.format.key(row)
        for name in names:
            owner = self.checked.staging.claim(name, key)
            if owner != key:
                reason = f"{name!r} stands at {owner!r} too"
                self.checked.tally.reject(RejectedRow(raw.line, "identities", name, reason, "a name of one customer"))
                return False
        return True

    def _note_columns(self, columns: Collection[str]) -> None:
        new = [column for column in columns if column not in self.fields]
        self.fields.update(new)
        known = self.checked.format.columns
        self.checked.unknown_columns.update(dict.fromkeys(column for column in new if column not in known))


def _rejected(raw: RawRow, error: ValidationError) -> RejectedRow:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    column = path.partition(".")[0]
    if first["type"] == "missing":
        return RejectedRow(raw.line, column, "", f"{path}: nothing there", "a value, this column is required")
    value = shortened(first["input"]) if column else ""
    reason = f"{path}: got {value!r}" if column else "values that contradict each other"
    return RejectedRow(raw.line, column, value, reason, first["msg"])
