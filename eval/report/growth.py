"""How well the right item is found as there is more to choose from."""

import math
from dataclasses import dataclass
from itertools import pairwise

from eval.errors import EvalError
from eval.statistics.estimate import Estimate


@dataclass(frozen=True)
class LibrarySize:
    """A metric with so many items in the library, at least one."""

    n_items: int
    estimate: Estimate

    def __post_init__(self) -> None:
        """Refuse what has no place on an axis."""
        if self.n_items < 1:
            raise EvalError(f"a library of {self.n_items} items; expected at least one")
        if not math.isfinite(self.estimate.mean):
            raise EvalError(f"{self.estimate.mean} with {self.n_items} items; expected a number")


@dataclass(frozen=True)
class Growth:
    """One system at growing sizes, the smallest first."""

    system: str
    sizes: tuple[LibrarySize, ...]

    def __post_init__(self) -> None:
        """Refuse a curve without points or with points that go back."""
        n_items = [size.n_items for size in self.sizes]
        if not n_items or any(n >= following for n, following in pairwise(n_items)):
            raise EvalError(f"{self.system!r} was measured with {n_items} items; expected numbers that grow")


@dataclass(frozen=True)
class LibraryGrowth:
    """The same metric of some systems, each at growing sizes."""

    metric: str
    systems: tuple[Growth, ...]
