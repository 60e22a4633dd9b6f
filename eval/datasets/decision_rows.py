"""The rows of a file of logged decisions, read in pieces into compact arrays.

What is refused here is what has no type: a broken line, an unknown column, text where a number belongs. Whether the
numbers make sense is for `eval.datasets.decision_checks`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.datasets.lines import read_json_lines
from eval.datasets.room import available_bytes
from eval.errors import DataError

BATCH_ROWS = 1 << 16
COPIES = 3
"""How often the rows lie in memory at once: as read, in order, and in what is worked out from them."""

FEATURE_PREFIX = "x_"
PROBABILITIES = {
    "propensity": "the probability that the logging policy puts this item at this position",
    "target_propensity": "the probability that the policy to evaluate puts this item at this position, in every row",
    "conditional_propensity": "the probability that the logging policy puts this item at this position "
    "after the items shown before it",
    "target_conditional_propensity": "the probability that the policy to evaluate puts this item at this position "
    "after the items shown before it, in every row",
    "slate_propensity": "the probability that the logging policy shows this whole list",
    "target_slate_propensity": "the probability that the policy to evaluate shows this whole list",
}
"""What each column of probabilities holds."""
IDS = ("round_id", "item_id", "cluster_id")
REQUIRED = ("round_id", "position", "item_id", "reward", "propensity")
UNUSED = ("at",)
COLUMNS = (*REQUIRED, "shown", "cluster_id", *(name for name in PROBABILITIES if name not in REQUIRED), *UNUSED)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows in the order of the file; a missing number is NaN, a missing id has the code -1."""

    path: Path
    lines: NDArray[np.int64]
    """The line of each row in a JSONL file, its number from 1 in a Parquet file."""
    codes: Mapping[str, NDArray[np.int32]]
    """Each of `IDS` that the file has, as an index into its names."""
    names: Mapping[str, pa.StringArray]
    shown: NDArray[np.bool_]
    numbers: Mapping[str, NDArray[np.float64]]

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.numbers if name.startswith(FEATURE_PREFIX)))

    def refusal(self, row: int, problem: str, expected: str) -> DataError:
        """The error that names the place of a row, counted from 0."""
        return DataError(self.path, int(self.lines[row]), problem, expected)


def read_rows(path: Path, *, max_bytes: int | None = None) -> Rows:
    """Every row of a JSONL or Parquet file; `max_bytes` defaults to the memory that is left.

    Raises:
        DataError: the file is of another kind, empty, broken, or would take more than `max_bytes`.
    """
    readers = {".jsonl": _read_jsonl, ".ndjson": _read_jsonl, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(path, None, f"a file that ends in {path.suffix!r}", ".jsonl or .parquet")
    limit = available_bytes() if max_bytes is None else max_bytes
    pieces, n_bytes = [], 0
    for piece in reader(path):
        n_bytes += COPIES * piece.nbytes
        if limit is not None and n_bytes > limit:
            line = piece["line"][-1].as_py()
            raise DataError(
                path, line, f"{_mb(n_bytes)} of memory up to here", f"at most {_mb(limit)}; keep fewer rounds"
            )
        pieces.append(piece)
    if not pieces:
        raise DataError(path, None, "no rows", "at least one logged decision")
    return _joined(path, pieces)


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"


def _joined(path: Path, pieces: Sequence[pa.Table]) -> Rows:
    table = pa.concat_tables(pieces, promote_options="default").unify_dictionaries().combine_chunks()
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise DataError(path, None, f"no column {missing[0]!r}", f"the columns {', '.join(REQUIRED)}")
    ids = {name: _only_chunk(table[name]) for name in IDS if name in table.column_names}
    numbers = [field.name for field in table.schema if field.type == pa.float64()]
    return Rows(
        path=path,
        lines=table["line"].to_numpy(),
        codes={name: column.indices.fill_null(-1).to_numpy() for name, column in ids.items()},
        names={name: column.dictionary for name, column in ids.items()},
        shown=_shown(path, table),
        numbers={name: table[name].to_numpy() for name in numbers},
    )


def _only_chunk(column: pa.ChunkedArray) -> pa.DictionaryArray:
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined


def _shown(path: Path, table: pa.Table) -> NDArray[np.bool_]:
    """A file without the column lists only what was shown."""
    if "shown" not in table.column_names:
        return np.ones(len(table), np.bool_)
    missing = table["shown"].is_null().to_numpy()
    if missing.any():
        line = table["line"][int(missing.argmax())].as_py()
        raise DataError(path, line, "shown is missing", "true or false in every row, or no such column")
    return np.asarray(table["shown"].to_numpy(), np.bool_)


def _read_parquet(path: Path) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(path) as file:
            for name in file.schema_arrow.names:
                _check_name(path, None, name)
            first = 1
            for batch in file.iter_batches(BATCH_ROWS):
                columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                yield _table(path, range(first, first + len(batch)), columns)
                first += len(batch)
    except (OSError, pa.ArrowException) as error:
        raise DataError(path, None, f"it cannot be read ({error})", "a Parquet file") from error


def _read_jsonl(path: Path) -> Iterator[pa.Table]:
    rows: list[Mapping[str, object]] = []
    lines: list[int] = []
    for record in read_json_lines(path):
        for name in record.fields:
            _check_name(path, record.line, name)
        rows.append(record.fields)
        lines.append(record.line)
        if len(rows) == BATCH_ROWS:
            yield _from_objects(path, lines, rows)
            rows, lines = [], []
    if rows:
        yield _from_objects(path, lines, rows)


def _from_objects(path: Path, lines: Sequence[int], rows: Sequence[Mapping[str, object]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return _table(path, lines, {name: [row.get(name) for row in rows] for name in names})


def _check_name(path: Path, line: int | None, name: str) -> None:
    if name not in COLUMNS and not name.startswith(FEATURE_PREFIX):
        expected = f"one of {', '.join(COLUMNS)}, or a feature whose name starts with {FEATURE_PREFIX}"
        raise DataError(path, line, f"unknown column {name!r}", expected)


def _table(path: Path, lines: Sequence[int], columns: Mapping[str, pa.Array | list[object]]) -> pa.Table:
    typed = {name: _typed(path, lines, name, values) for name, values in columns.items() if name not in UNUSED}
    return pa.table({"line": pa.array(lines, pa.int64()), **typed})


def _typed(path: Path, lines: Sequence[int], name: str, values: pa.Array | list[object]) -> pa.Array:
    """The column in its type; which value does not fit is looked for only when one does not."""
    try:
        return _converted(name, values)
    except (pa.ArrowException, OverflowError) as error:
        for line, value in zip(lines, values, strict=True):
            one = value.as_py() if isinstance(value, pa.Scalar) else value
            if not _fits(name, one):
                raise DataError(path, line, f"{name} is {one!r}", _kind(name)) from error
        raise DataError(path, None, f"column {name!r} cannot be read ({error})", _kind(name)) from error


def _fits(name: str, value: object) -> bool:
    try:
        _converted(name, [value])
    except (pa.ArrowException, OverflowError):
        return False
    return True


def _kind(name: str) -> str:
    if name in IDS:
        return "an id, as text or a whole number"
    return "true or false" if name == "shown" else "a number"


def _converted(name: str, values: pa.Array | list[object]) -> pa.Array:
    if name in IDS:
        return _ids(values)
    kind = pa.bool_() if name == "shown" else pa.float64()
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)


def _ids(values: pa.Array | list[object]) -> pa.DictionaryArray:
    """Ids as text, each distinct one kept once; an empty one counts as missing."""
    if not isinstance(values, pa.Array):
        return pa.array([_id(value) for value in values], pa.string()).dictionary_encode()
    if pa.types.is_floating(values.type):  # a data frame whose column has gaps keeps whole numbers as floats
        values = pa.array(values.to_numpy(zero_copy_only=False), from_pandas=True).cast(pa.int64())
    plain = values.cast(pa.string())
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain).dictionary_encode()


def _id(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if type(value) is int else value or None
