"""Parquet files, read in row groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import ImportFileError
from knowledge.imports.readers.raw import RawRow, check_cell, header_columns

ROWS_AT_A_TIME = 2_000


@dataclass(frozen=True)
class ParquetFile:
    """An open Parquet file; `line` counts its rows from 1."""

    path: Path
    columns: tuple[str, ...]
    encoding: str = "parquet"

    @classmethod
    def open(cls, path: Path) -> "ParquetFile":
        """The file with the columns of its schema.

        Raises:
            ImportFileError: it is not Parquet.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                return cls(path, header_columns(file.schema_arrow.names, path.name))
        except (pa.ArrowException, OSError) as error:
            raise ImportFileError(f"{path.name}: cannot be read as Parquet: {error}") from error

    def rows(self) -> Iterator[RawRow]:
        """Every row, a few thousand in memory at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        line = 0
        try:
            with pq.ParquetFile(self.path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=ROWS_AT_A_TIME, use_threads=False):
                    for record in batch.to_pylist():
                        line += 1
                        yield self._row(line, list(record.values()))
        except (pa.ArrowException, OSError) as error:
            raise ImportFileError(f"{self.path.name}: row {line + 1} cannot be read as Parquet: {error}") from error

    def _row(self, line: int, cells: list[object]) -> RawRow:
        for column, cell in zip(self.columns, cells, strict=False):
            if isinstance(cell, str):
                check_cell(cell, self.path.name, line, column)
        return RawRow(line, dict(zip(self.columns, cells, strict=False)))
