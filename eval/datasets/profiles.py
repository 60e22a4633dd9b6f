"""What is known of customers or products beside their orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.cells import to_label
from eval.datasets.columns import ColumnFile, read_columns
from eval.datasets.record import Record, shown


@dataclass(frozen=True)
class Profiles:
    """Attributes as text, empty where unknown: `attributes[name][i]` is that of `ids[i]`."""

    ids: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.ids)


def read_profiles(path: Path, id_column: str) -> Profiles:
    """The rows of a customers or products file; every other column is an attribute.

    Raises:
        DataError: the file cannot be read, has no such column, or an id is empty or stands twice.
    """
    file = read_columns(path, [id_column])
    ids = _values(file, id_column, file.converted(id_column, Record.id))
    first: dict[str, int] = {}
    for row, own in enumerate(ids):
        before = first.setdefault(own, row)
        if before != row:
            problem = f"{id_column} is {shown(own)}, as on line {file.lines[before]}"
            raise file.error(row, problem, "every id once")
    names = [name for name in file.columns if name != id_column]
    return Profiles(ids, {name: _values(file, name, file.converted(name, to_label)) for name in names})


def _values(file: ColumnFile, name: str, distinct: list[str]) -> tuple[str, ...]:
    return tuple(distinct[code] for code in file.columns[name].codes)
