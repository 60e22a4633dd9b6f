"""Lists that were shown, and what was taken of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.rankers.errors import RankerError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slates:
    """Rows of shown lists, list after list in the order of time and best first."""

    features: Floats
    """Shape (n_rows, n_features)."""
    slate: NDArray[np.intp]
    """The list each row belongs to, counted from 0 without gaps, never falling."""
    taken: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Refuse rows that are no lists.

        Raises:
            RankerError: the arrays differ in length, a list is missing or out of order, or a feature is not finite.
        """
        if self.features.ndim != 2 or not len(self.features) == len(self.slate) == len(self.taken):
            shapes = self.features.shape, self.slate.shape, self.taken.shape
            raise RankerError(f"features, slates and takings of shapes {shapes}; expected one row each")
        steps = np.diff(self.slate, prepend=-1)
        if not np.isin(steps, (0, 1)).all() or (len(steps) and steps[0] != 1):
            raise RankerError("the rows of slates are out of order; expected list after list, counted from 0")
        if not np.isfinite(self.features).all():
            row, column = np.argwhere(~np.isfinite(self.features))[0]
            raise RankerError(f"feature {column} of row {row} is {self.features[row, column]}; expected a number")

    @property
    def n(self) -> int:
        return int(self.slate[-1]) + 1 if len(self.slate) else 0

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """The first row of each list."""
        return np.flatnonzero(np.diff(self.slate, prepend=-1))

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Where each row stood in its list, from 0."""
        return np.asarray(np.arange(len(self.slate)) - self.starts[self.slate], np.intp)

    def only(self, kept: NDArray[np.bool_]) -> "Slates":
        """Some of the lists, chosen by a mask of shape (n,), counted anew."""
        rows = kept[self.slate]
        number = np.cumsum(kept) - 1
        return Slates(self.features[rows], np.asarray(number[self.slate[rows]], np.intp), self.taken[rows])

    def within_spread(self) -> Floats:
        """How much each feature differs within a list: the root mean square distance from the list's mean."""
        sizes = np.bincount(self.slate, minlength=self.n)
        sums = np.add.reduceat(self.features, self.starts, axis=0) if self.n else np.zeros((0, self.features.shape[1]))
        centred = self.features - (sums / sizes[:, np.newaxis])[self.slate]
        return np.asarray(np.sqrt((centred**2).sum(axis=0) / max(1, len(centred))), np.float64)
