"""Where a number stands among those of the shop's customers: in which fifth, 5 the best."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

N_FIFTHS = 5
FEWEST = 25
"""Among fewer customers than this no fifth is named."""


@dataclass(frozen=True)
class Standard:
    """The same number of many customers, in ascending order."""

    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Sequence[float]) -> "Standard":
        """The standard that some customers set."""
        return cls(tuple(sorted(values)))

    @property
    def n(self) -> int:
        return len(self.values)

    def fifth_upwards(self, value: float) -> int | None:
        """The fifth of a number of which more is better: 1 + ⌊5 × the share of customers below⌋, at most 5.

        Customers with the same number are in the same fifth. Empty when there are too few to compare with.
        """
        return self._fifth(bisect_left(self.values, value))

    def fifth_downwards(self, value: float) -> int | None:
        """As `fifth_upwards`, of a number of which less is better, such as days since the last order."""
        return self._fifth(self.n - bisect_right(self.values, value))

    def _fifth(self, n_below: int) -> int | None:
        if self.n < FEWEST:
            return None
        return min(N_FIFTHS, 1 + n_below * N_FIFTHS // self.n)
