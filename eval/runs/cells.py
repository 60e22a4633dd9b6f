"""The parts of a run that are measured by themselves: the whole, and the queries of every label of a slice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.runs.run import Run


@dataclass(frozen=True)
class Cell:
    """The rows of a run that carry one label; without slice and label, all rows."""

    slice: str | None
    label: str | None
    rows: NDArray[np.intp]

    @property
    def is_whole(self) -> bool:
        return self.slice is None


def cell_name(slice_name: str | None, label: str | None) -> str:
    """A cell as it is written in tables: `all`, or `scene=group`."""
    return "all" if slice_name is None else f"{slice_name}={label}"


def cells_of(run: Run, slices: Sequence[str]) -> list[Cell]:
    """The whole first, then the slices in the order given, each with its labels in alphabetical order.

    A query with several labels is in several cells.

    Raises:
        RunError: there is no such slicing.
    """
    whole = Cell(None, None, np.arange(run.table.num_rows))
    return [whole, *(cell for name in dict.fromkeys(slices) for cell in _labelled(run, name))]


def cluster_codes(run: Run, by: str) -> NDArray[np.intp]:
    """A number for the cluster of each query, shape (n_queries,).

    Raises:
        RunError: there is no such grouping.
    """
    return np.asarray(np.unique(run.clusters(by), return_inverse=True)[1], np.intp)


def _labelled(run: Run, name: str) -> list[Cell]:
    rows: dict[str, list[int]] = {}
    for row, labels in enumerate(run.slice_labels(name)):
        for label in dict.fromkeys(labels):
            rows.setdefault(label, []).append(row)
    return [Cell(name, label, np.array(rows[label], np.intp)) for label in sorted(rows)]
