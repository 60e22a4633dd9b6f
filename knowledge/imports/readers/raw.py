"""What every reader gives: rows of cells, and rows that could not be read."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from knowledge.errors import ImportFileError

MAX_CELL_CHARS = 1_000_000
MAX_COLUMNS = 200


class RawRow(NamedTuple):
    """A row as read; columns the file does not have are absent from `cells`."""

    line: int
    cells: dict[str, object]


class BrokenRow(NamedTuple):
    """A row that could not be read as cells, and why."""

    line: int
    value: str
    reason: str
    expected: str


class RowFile(Protocol):
    """An open file; `columns` is empty where only the rows tell (JSON Lines)."""

    @property
    def columns(self) -> Sequence[str]: ...

    @property
    def encoding(self) -> str: ...

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """Every row, once, in file order.

        Raises:
            ImportFileError: the file stops being readable.
        """
        ...


def header_columns(cells: Sequence[object], file: str) -> tuple[str, ...]:
    """The columns a first row names, in lower case; one without a name is called after its number.

    Raises:
        ImportFileError: there are none or too many, or one is named twice.
    """
    names = ["" if cell is None else " ".join(str(cell).replace("\ufeff", "").split()).lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise ImportFileError(f"{file}: line 1 is empty, expected the names of the columns")
    if len(names) > MAX_COLUMNS:
        raise ImportFileError(f"{file}: line 1 has {len(names)} columns, expected at most {MAX_COLUMNS}")
    columns = tuple(name or f"column {place}" for place, name in enumerate(names, start=1))
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ImportFileError(f"{file}: line 1 names the column {twice[0]!r} twice, expected each name once")
    return columns


def check_cell(value: str, file: str, line: int, column: str) -> None:
    """Refuse the file when a cell is larger than any honest one.

    Raises:
        ImportFileError: it is.
    """
    if len(value) > MAX_CELL_CHARS:
        raise ImportFileError(
            f"{file}: line {line}, column {column}: a cell of {len(value):,} characters ({value[:20]!r}…), "
            f"expected at most {MAX_CELL_CHARS:,}"
        )
