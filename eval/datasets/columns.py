"""Large tables from Parquet, CSV, XLSX or JSON Lines, every column as its distinct values and a code for each row.

So a column of a million rows is understood by looking at its few thousand values, whatever the format.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.datasets.lines import open_file, read_json_lines
from eval.datasets.record import Record
from eval.datasets.records import JSON_SUFFIXES, PARQUET_SUFFIX, UNREADABLE
from eval.datasets.refusals import Refuse, strictly
from eval.datasets.rows import Row, csv_rows, fitted, of_width, workbook_rows
from eval.errors import DataError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
WORKBOOK_SUFFIX = ".xlsx"
ROWS_AT_A_TIME = 10_000
MAX_COLUMNS = 500
SUFFIXES = (PARQUET_SUFFIX, *DELIMITERS, WORKBOOK_SUFFIX, *JSON_SUFFIXES)

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Column:
    """Distinct values in the order in which they first appear, and which of them each row has."""

    values: list[object]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class ColumnFile:
    """Columns of a file, by their names in lower case; `lines[row]` is where a row stands, both from 0 and 1 on."""

    path: Path
    columns: Mapping[str, Column]
    lines: Sequence[int]

    def error(self, row: int, problem: str, expected: str) -> DataError:
        """The error of a row."""
        return DataError(self.path, self.lines[row], problem, expected)

    def converted(self, name: str, convert: Callable[[Record, str], ValueT]) -> list[ValueT]:
        """The distinct values of a column as `convert` understands them.

        Raises:
            DataError: it refuses one; names the first row that has it.
        """
        column, found = self.columns[name], []
        for code, value in enumerate(column.values):
            try:
                found.append(convert(Record(self.path, 0, {name: value}), name))
            except DataError as error:
                raise self.error(int(np.argmax(column.codes == code)), error.problem, error.expected) from error
        return found

    def understood(
        self, name: str, convert: Callable[[Record, str], ValueT], instead: ValueT
    ) -> tuple[list[ValueT], NDArray[np.bool_]]:
        """The distinct values of a column as `convert` understands them, and which it refuses; those are `instead`."""
        found, is_refused = [], np.zeros(len(self.columns[name].values), np.bool_)
        for code, value in enumerate(self.columns[name].values):
            try:
                found.append(convert(Record(self.path, 0, {name: value}), name))
            except DataError:
                found.append(instead)
                is_refused[code] = True
        return found, is_refused

    def record(self, row: int) -> Record:
        """A row as it stands in the file."""
        fields = {name: column.values[column.codes[row]] for name, column in self.columns.items()}
        return Record(self.path, self.lines[row], fields)


def read_columns(path: Path, required: Collection[str], refuse: Refuse = strictly) -> ColumnFile:
    """All columns of a file, the required ones among them; `refuse` is told of rows that cannot be read.

    Raises:
        DataError: the file cannot be read, has no rows, or lacks a column.
    """
    open_file(path).close()
    suffix = path.suffix.lower()
    if suffix == PARQUET_SUFFIX:
        file = _from_parquet(path)
    elif suffix in DELIMITERS:
        file = _from_csv(path, DELIMITERS[suffix], refuse)
    elif suffix == WORKBOOK_SUFFIX:
        file = _from_workbook(path, refuse)
    elif suffix in JSON_SUFFIXES:
        file = _from_json_lines(path, refuse)
    else:
        raise DataError(path, None, f"the suffix is {path.suffix!r}", f"one of {', '.join(SUFFIXES)}")
    if not file.lines:
        raise DataError(path, None, "there are no rows in it", "at least one row")
    missing = [name for name in required if name not in file.columns]
    if missing:
        problem = f"there is no column {', '.join(missing)}, only {', '.join(file.columns)}"
        raise DataError(path, None, problem, f"the columns {', '.join(required)}")
    return file


class _Coder:
    """Codes the values of a column as they come; 1, 1.0 and true are different values here."""

    def __init__(self) -> None:
        self.places: dict[object, int] = {}
        self.values: list[object] = []
        self.codes = array("i")

    def extend(self, values: Iterable[object]) -> None:
        for value in values:
            key = value if type(value) is str else _key(value)
            place = self.places.get(key)
            if place is None:
                place = self.places[key] = len(self.values)
                self.values.append(value)
            self.codes.append(place)

    def column(self) -> Column:
        return Column(self.values, np.frombuffer(self.codes, np.int32))


def _key(value: object) -> tuple[type, object]:
    return type(value), repr(value) if isinstance(value, list | dict) else value


def _from_json_lines(path: Path, refuse: Refuse) -> ColumnFile:
    coders: dict[str, _Coder] = {}
    lines = array("i")
    for records in _batched(read_json_lines(path, refuse)):
        for name in dict.fromkeys(name for record in records for name in record.fields):
            if name not in coders:
                coders[name] = _Coder()
                coders[name].extend(None for _ in lines)
        if len(coders) > MAX_COLUMNS:
            raise DataError(path, records[-1].line, f"there are {len(coders)} fields by now", f"at most {MAX_COLUMNS}")
        for name, coder in coders.items():
            coder.extend([record.fields.get(name) for record in records])
        lines.extend(record.line for record in records)
    names = _checked_names(path, None, list(coders))
    return ColumnFile(path, _columns(names, coders.values()), lines)


def _from_csv(path: Path, delimiter: str, refuse: Refuse) -> ColumnFile:
    rows = csv_rows(path, delimiter, refuse)
    line, header = next(rows, (1, []))
    names = _checked_names(path, line, [str(name) for name in header])
    return _from_rows(path, names, of_width(path, rows, len(names), refuse))


def _from_workbook(path: Path, refuse: Refuse) -> ColumnFile:
    rows = workbook_rows(path, refuse)
    line, header = next(rows, (1, []))
    while header and not str(header[-1]).strip():
        header.pop()
    names = _checked_names(path, line, [str(name) for name in header])
    return _from_rows(path, names, of_width(path, fitted(rows, len(names)), len(names), refuse))


def _from_rows(path: Path, names: Sequence[str], rows: Iterable[Row]) -> ColumnFile:
    coders = [_Coder() for _ in names]
    lines = array("i")
    for batch in _batched(rows):
        for coder, cells in zip(coders, zip(*(cells for _, cells in batch), strict=True), strict=True):
            coder.extend(cells)
        lines.extend(line for line, _ in batch)
    return ColumnFile(path, _columns(names, coders), lines)


def _columns(names: Iterable[str], coders: Iterable[_Coder]) -> dict[str, Column]:
    return {name: coder.column() for name, coder in zip(names, coders, strict=True)}


def _batched(rows: Iterable[ValueT]) -> Iterator[list[ValueT]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_A_TIME)):
        yield batch


def _from_parquet(path: Path) -> ColumnFile:
    try:
        with pq.ParquetFile(path) as file:
            stored = file.schema_arrow.names
            names = _checked_names(path, None, stored)
            # One column at a time, since the table as a whole takes several times the memory of its codes.
            columns = {
                name: _arrow_column(file.read([own], use_threads=False).column(0))
                for name, own in zip(names, stored, strict=True)
            }
            return ColumnFile(path, columns, range(1, file.metadata.num_rows + 1))
    except UNREADABLE as error:
        raise DataError(path, None, f"cannot be read ({error})", "a Parquet file") from error


def _arrow_column(column: pa.ChunkedArray) -> Column:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # what Python's own times can hold
    if pa.types.is_nested(column.type):
        coder = _Coder()
        coder.extend(column.to_pylist())
        return coder.column()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    whole = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return Column(whole.dictionary.to_pylist(), whole.indices.to_numpy())


def _checked_names(path: Path, line: int | None, header: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(path, line, f"the column {twice[0]!r} stands twice", "every column once")
    return names
