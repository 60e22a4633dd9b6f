"""Cheap scalar draws: a million small choices from one numpy generator, buffered a block at a time."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")

BLOCK = 8192


class Dice:
    """Scalar draws from a numpy generator, some twenty times cheaper than asking it for each number."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._block: list[float] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._rng.random(BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + self.unit() * (high - low)

    def normal(self, mean: float, sd: float) -> float:
        """Approximately normal (the sum of twelve uniforms), so within six standard deviations of the mean."""
        return mean + sd * (sum(self.unit() for _ in range(12)) - 6.0)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each equally likely."""
        return items[int(self.unit() * len(items))]

    def pick_weighted(self, items: Sequence[T], cumulative: Sequence[float]) -> T:
        """One of the items; `cumulative` holds the running sums of their weights."""
        return items[min(bisect_right(cumulative, self.unit() * cumulative[-1]), len(items) - 1)]

    def some(self, items: Sequence[T], probability: float) -> list[T]:
        """The items that survive one throw each, in their order."""
        return [item for item in items if self.unit() < probability]


def running_sums(weights: Sequence[float]) -> list[float]:
    """The cumulative weights that `Dice.pick_weighted` takes."""
    return list(accumulate(weights))
