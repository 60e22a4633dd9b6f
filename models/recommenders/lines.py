"""What recommenders learn from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import ModelError


@dataclass(frozen=True)
class PurchaseLines:
    """Order lines of shape (n_lines,); numbers below `n_customers` and `n_items`.

    `days` count from 1970 in UTC, parts of a day included; any other day does as well where all of a model's lines
    count from it.
    """

    baskets: NDArray[np.int64]
    customers: NDArray[np.int64]
    items: NDArray[np.int64]
    days: NDArray[np.float64]
    n_customers: int
    n_items: int

    def __post_init__(self) -> None:
        lengths = {len(self.baskets), len(self.customers), len(self.items), len(self.days)}
        if len(lengths) != 1:
            raise ModelError(f"order lines differ in length: {sorted(lengths)}")
        for name, numbers, n in (("customer", self.customers, self.n_customers), ("item", self.items, self.n_items)):
            if len(numbers) and not 0 <= numbers.min() <= numbers.max() < n:
                raise ModelError(f"{name} numbers must lie in 0..{n - 1}, got {numbers.min()}..{numbers.max()}")
        if not np.isfinite(self.days).all():
            raise ModelError(f"days must be finite, got {self.days[~np.isfinite(self.days)][0]}")

    def __len__(self) -> int:
        return len(self.items)

    def of(self, customers: NDArray[np.int64]) -> "PurchaseLines":
        """The lines of these customers, who become 0..n-1 in the order given; one without lines keeps a number.

        Raises:
            ModelError: a customer is unknown or stands twice.
        """
        if len(customers) and not 0 <= customers.min() <= customers.max() < self.n_customers:
            found = f"{customers.min()}..{customers.max()}"
            raise ModelError(f"customer numbers must lie in 0..{self.n_customers - 1}, got {found}")
        renumbered = np.full(self.n_customers, -1, np.int64)
        renumbered[customers] = np.arange(len(customers))
        if (renumbered >= 0).sum() != len(customers):
            raise ModelError(f"{len(customers) - (renumbered >= 0).sum()} customers stand twice; expected each once")
        numbers = renumbered[self.customers]
        kept = numbers >= 0
        return replace(self.take(kept), customers=numbers[kept], n_customers=len(customers))

    def before(self, day: float) -> "PurchaseLines":
        """The lines before a moment; customers and items keep their numbers."""
        return self.take(self.days < day)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "PurchaseLines":
        """Some of the lines: those for which a mask of shape (n_lines,) is true, at these places, or of a slice."""
        return replace(
            self,
            baskets=self.baskets[which],
            customers=self.customers[which],
            items=self.items[which],
            days=self.days[which],
        )

    def counts(self) -> csr_matrix:
        """In how many baskets each customer had each item, shape (n_customers, n_items)."""
        pairs = self.customers * self.n_items + self.items
        order = np.lexsort((self.baskets, pairs))
        pairs, baskets = pairs[order], self.baskets[order]
        again = np.zeros(len(pairs), np.bool_)
        again[1:] = (np.diff(pairs) == 0) & (np.diff(baskets) == 0)
        once = pairs[~again]
        cells = (np.ones(len(once), np.float32), (once // max(1, self.n_items), once % max(1, self.n_items)))
        counts = csr_matrix(cells, shape=(self.n_customers, self.n_items))
        counts.sum_duplicates()
        return counts
