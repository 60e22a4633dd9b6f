"""The records of a JSON Lines or Parquet file, a few in memory at a time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eval.datasets.lines import open_file, read_json_lines
from eval.datasets.record import Record
from eval.errors import DataError

JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIX = ".parquet"
SUFFIXES = (*JSON_SUFFIXES, PARQUET_SUFFIX)
ROWS_AT_A_TIME = 2_000
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError)
"""What reading a broken Parquet file raises: the last two for text that is not UTF-8 and for times without a year."""


def read_records(path: Path) -> Iterator[Record]:
    """Every record, in the order of the file; the line of a Parquet row is its number from 1.

    Raises:
        DataError: the file cannot be read, is neither JSON Lines nor Parquet, or a line is wrong.
    """
    open_file(path).close()
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        yield from read_json_lines(path)
    elif suffix == PARQUET_SUFFIX:
        yield from _parquet_records(path)
    else:
        raise DataError(path, None, f"the suffix is {path.suffix!r}", f"one of {', '.join(SUFFIXES)}")


def _parquet_records(path: Path) -> Iterator[Record]:
    line = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            schema = pa.schema([field.with_type(_in_microseconds(field.type)) for field in file.schema_arrow])
            for batch in file.iter_batches(ROWS_AT_A_TIME, use_threads=False):
                for fields in batch.cast(schema, safe=False).to_pylist():
                    line += 1
                    yield Record(path, line, fields)
    except UNREADABLE as error:
        raise DataError(path, line + 1 if line else None, f"cannot be read ({error})", "a Parquet file") from error


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    """The type with its times in microseconds, which is what Python's own can hold."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_in_microseconds(field.type)) for field in kind])
    if pa.types.is_large_list(kind):
        return pa.large_list(_in_microseconds(kind.value_type))
    if pa.types.is_list(kind):
        return pa.list_(_in_microseconds(kind.value_type))
    return kind
