"""Two recommenders that every other one has to beat."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recommenders.files import read_arrays, write_arrays
from models.recommenders.lines import PurchaseLines

TIE = np.float32(1e-6)
"""What popularity may add to other scores: enough to order those that are equal."""


@dataclass(frozen=True)
class Popularity:
    """The same for everybody: in how many baskets an item was, shape (n_items,)."""

    n_baskets: NDArray[np.float32]

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "Popularity":
        """Count baskets."""
        return cls(np.asarray(lines.counts().sum(axis=0), np.float32).ravel())

    @classmethod
    def load(cls, folder: Path) -> "Popularity":
        """What `save` wrote."""
        (n_baskets,) = read_arrays(folder, "n_baskets")
        return cls(n_baskets.astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write the counts."""
        write_arrays(folder, {"n_baskets": self.n_baskets})

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        """The counts, once a customer."""
        return np.tile(self.n_baskets, (histories.n_customers, 1))

    @property
    def shares(self) -> NDArray[np.float32]:
        """The counts as shares of one more than the largest, so below 1."""
        shares: NDArray[np.float32] = self.n_baskets / (self.n_baskets.max(initial=0.0) + np.float32(1.0))
        return shares


@dataclass(frozen=True)
class Frequency:
    """What the customer bought most often; then what everybody buys.

    Personal frequency is hard to beat for the next basket (Hu et al., Modeling Personalized Item Frequency, SIGIR
    2020).
    """

    popularity: Popularity

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "Frequency":
        """Count baskets."""
        return cls(Popularity.fit(lines))

    @classmethod
    def load(cls, folder: Path) -> "Frequency":
        """What `save` wrote."""
        return cls(Popularity.load(folder))

    def save(self, folder: Path) -> None:
        """Write the popularity; what customers bought comes with their histories."""
        self.popularity.save(folder)

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        """The customer's own counts, and a share below one of an item's popularity."""
        own: NDArray[np.float32] = histories.counts().toarray()
        own += self.popularity.shares
        return own
