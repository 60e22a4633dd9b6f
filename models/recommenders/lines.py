"""What recommenders learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import ModelError


@dataclass(frozen=True)
class PurchaseLines:
    """Order lines of shape (n_lines,); numbers below `n_customers` and `n_items`, days from any one day."""

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

    def counts(self) -> "csr_matrix":
        """In how many baskets each customer had each item, shape (n_customers, n_items)."""
        once = np.unique(np.column_stack([self.baskets, self.customers, self.items]), axis=0)
        ones = np.ones(len(once), np.float32)
        return csr_matrix((ones, (once[:, 1], once[:, 2])), shape=(self.n_customers, self.n_items))
