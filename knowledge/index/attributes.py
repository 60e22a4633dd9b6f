"""The attributes of a segment's items, by column, and the masks that filters make of them."""

import json
from array import array
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import InvalidValueError
from knowledge.index.filters import Among, AtLeast, AtMost, Filter, Without, conditions
from knowledge.index.items import IndexItem
from knowledge.index.schema import CollectionSchema

LABELS_FILE = "labels.json"
_SPARSE_SHARE = 4
_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True)
class LabelColumn:
    """One label: the item's value is `values[codes[item]]`."""

    values: tuple[str, ...]
    codes: NDArray[np.int32]

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """The codes in the width that NumPy gathers by without converting."""
        return self.codes.astype(np.intp)

    def among(self, wanted: frozenset[str]) -> NDArray[np.bool_] | None:
        """Which items have one of the wanted values; `None` when all have."""
        chosen = np.fromiter(map(wanted.__contains__, self.values), np.bool_, len(self.values))
        return None if chosen.all() else chosen.take(self._places)

    def patched(self, changes: Mapping[int, str]) -> "LabelColumn":
        """A copy with new values at these ordinals."""
        known = {value: code for code, value in enumerate(self.values)}
        codes = np.array(self.codes)
        for ordinal, label in changes.items():
            codes[ordinal] = known.setdefault(label, len(known))
        return LabelColumn(tuple(known), codes)


@dataclass(frozen=True)
class Attributes:
    """Versions, labels and numbers of all items of a segment, and which are still alive; immutable."""

    versions: NDArray[np.int32]
    labels: Mapping[str, LabelColumn]
    numbers: Mapping[str, NDArray[np.float64]]
    alive: NDArray[np.bool_]
    n_dead: int = 0

    @classmethod
    def load(cls, folder: Path, schema: CollectionSchema) -> "Attributes":
        """Saved columns, memory-mapped; all items alive."""
        values: dict[str, list[str]] = json.loads((folder / LABELS_FILE).read_text(encoding="utf-8"))
        versions = _mapped(folder / "versions.npy")
        return cls(
            versions,
            {name: LabelColumn(tuple(values[name]), _mapped(folder / f"label_{name}.npy")) for name in schema.labels},
            {name: _mapped(folder / f"number_{name}.npy") for name in schema.numbers},
            np.ones(len(versions), np.bool_),
        )

    def save(self, folder: Path) -> None:
        """Write one file per column."""
        np.save(folder / "versions.npy", self.versions)
        for name, column in self.labels.items():
            np.save(folder / f"label_{name}.npy", column.codes)
        for name, numbers in self.numbers.items():
            np.save(folder / f"number_{name}.npy", numbers)
        values = {name: column.values for name, column in self.labels.items()}
        (folder / LABELS_FILE).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    @property
    def n_items(self) -> int:
        return len(self.versions)

    def patched(self, changes: Mapping[int, IndexItem | None]) -> "Attributes":
        """A copy in which these ordinals have the attributes of their item, or are dead where there is none."""
        items = {ordinal: item for ordinal, item in changes.items() if item is not None}
        alive = self.alive.copy()
        alive[list(changes)] = [item is not None for item in changes.values()]
        n_dead = int(len(alive) - np.count_nonzero(alive))
        if not items:
            return replace(self, alive=alive, n_dead=n_dead)
        return Attributes(
            _patched(self.versions, {ordinal: item.version for ordinal, item in items.items()}),
            {
                name: column.patched({ordinal: item.labels[name] for ordinal, item in items.items()})
                for name, column in self.labels.items()
            },
            {
                name: _patched(column, {ordinal: item.numbers[name] for ordinal, item in items.items()})
                for name, column in self.numbers.items()
            },
            alive,
            n_dead,
        )

    def mask(self, where: Filter | None, find: Callable[[Collection[str]], list[int]]) -> NDArray[np.bool_]:
        """Which items are alive and fit the filter, shape (n_items,); `find` gives ids' ordinals.

        Raises:
            InvalidValueError: the filter names an attribute this collection does not have.
        """
        eligible = self.alive.copy()
        for condition in conditions(where):
            if isinstance(condition, Among):
                self._keep_labels(eligible, condition)
            elif isinstance(condition, Without):
                eligible[find(condition.item_ids)] = False
            else:
                self._keep_numbers(eligible, condition)
        return eligible

    def label_column(self, name: str) -> LabelColumn:
        """The column of this label.

        Raises:
            InvalidValueError: there is no such label.
        """
        if name not in self.labels:
            raise InvalidValueError("label", name, f"one of {sorted(self.labels)}")
        return self.labels[name]

    def number_column(self, name: str) -> NDArray[np.float64]:
        """The column of this number.

        Raises:
            InvalidValueError: there is no such number.
        """
        if name not in self.numbers:
            raise InvalidValueError("number", name, f"one of {sorted(self.numbers)}")
        return self.numbers[name]

    def _keep_labels(self, eligible: NDArray[np.bool_], condition: Among) -> None:
        fits = self.label_column(condition.attribute).among(condition.values)
        if fits is not None:
            np.logical_and(eligible, fits, out=eligible)

    def _keep_numbers(self, eligible: NDArray[np.bool_], condition: AtLeast | AtMost) -> None:
        column = self.number_column(condition.attribute)
        sparse = self._sparse[condition.attribute]
        if sparse is None or not _fits(sparse.usual, condition):
            np.logical_and(eligible, _fits(column, condition), out=eligible)
        else:
            eligible[sparse.others] &= _fits(sparse.numbers, condition)

    @cached_property
    def _sparse(self) -> dict[str, "_Sparse | None"]:
        return {name: _sparse(column) for name, column in self.numbers.items()}


@dataclass(frozen=True)
class _Sparse:
    """A column in which nearly all numbers are the same, such as windows that are mostly open."""

    usual: np.float64
    others: NDArray[np.intp]
    numbers: NDArray[np.float64]


def _sparse(column: NDArray[np.float64]) -> _Sparse | None:
    for usual in (np.float64(-np.inf), np.float64(np.inf)):
        others = np.flatnonzero(column != usual)
        if len(others) * _SPARSE_SHARE <= len(column):
            return _Sparse(usual, others, column[others])
    return None


def _fits(number: np.float64 | NDArray[np.float64], condition: AtLeast | AtMost) -> np.bool_ | NDArray[np.bool_]:
    return number >= condition.value if isinstance(condition, AtLeast) else number <= condition.value


class AttributeDraft:
    """Collects the attributes of items, one after the other."""

    def __init__(self, schema: CollectionSchema) -> None:
        self._versions = array("i")
        self._values: dict[str, dict[str, int]] = {name: {} for name in schema.labels}
        self._codes = {name: array("i") for name in schema.labels}
        self._numbers = {name: array("d") for name in schema.numbers}

    def add(self, item: IndexItem) -> None:
        """Append an item."""
        self._versions.append(item.version)
        for name, values in self._values.items():
            self._codes[name].append(values.setdefault(item.labels[name], len(values)))
        for name, numbers in self._numbers.items():
            numbers.append(item.numbers[name])

    def finished(self) -> Attributes:
        """The columns of all items added, all alive."""
        return Attributes(
            np.array(self._versions, np.int32),
            {
                name: LabelColumn(tuple(values), np.array(self._codes[name], np.int32))
                for name, values in self._values.items()
            },
            {name: np.array(numbers, np.float64) for name, numbers in self._numbers.items()},
            np.ones(len(self._versions), np.bool_),
        )


def _patched(column: NDArray[_Number], changes: Mapping[int, float]) -> NDArray[_Number]:
    copy = np.array(column)
    copy[list(changes)] = list(changes.values())
    return copy


def _mapped(path: Path) -> NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r"))
