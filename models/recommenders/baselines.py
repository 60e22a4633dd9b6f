"""Two recommenders that every other one has to beat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.affinity import Affinity
from models.recommenders.lines import PurchaseLines
from models.recommenders.recommender import Recommender


@dataclass(frozen=True)
class Popularity:
    """The same for everybody: in how many baskets an item was, shape (n_items,)."""

    n_baskets: NDArray[np.float32]

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "Popularity":
        """Count baskets."""
        return cls(np.asarray(lines.counts().sum(axis=0), np.float32).ravel())

    def scores(self, customers: NDArray[np.int64]) -> NDArray[np.float32]:
        """The counts, once a customer."""
        return np.tile(self.n_baskets, (len(customers), 1))


@dataclass(frozen=True)
class Frequency:
    """What the customer bought most often; then what everybody buys.

    Personal frequency is hard to beat for the next basket (Hu et al., Modeling Personalized Item Frequency, SIGIR
    2020).
    """

    counts: csr_matrix
    popularity: Popularity

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "Frequency":
        """Count baskets per customer."""
        return cls(lines.counts(), Popularity.fit(lines))

    def scores(self, customers: NDArray[np.int64]) -> NDArray[np.float32]:
        """The customer's own counts, and a share below one of an item's popularity."""
        most = max(1.0, float(self.popularity.n_baskets.max(initial=0.0)))
        own: NDArray[np.float32] = self.counts[customers].toarray()
        own += self.popularity.n_baskets / (most + 1.0)
        return own


@dataclass(frozen=True)
class CoPurchase:
    """What is bought together with what the customer has: item-based collaborative filtering.

    The score is the sum over owned items of the cosine of their baskets (Sarwar et al., WWW 2001), among the 20 best
    neighbours of each; ties by popularity.
    """

    counts: csr_matrix
    similarity: csr_matrix
    popularity: Popularity

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "CoPurchase":
        """Learn neighbours."""
        skus = tuple(map(str, range(lines.n_items)))
        affinity = Affinity.fit(skus, lines.baskets, lines.customers, lines.items, lines.days)
        rows, columns = np.nonzero(affinity.neighbours >= 0)
        neighbours = affinity.neighbours[rows, columns]
        n = affinity.n_baskets.astype(np.float64)
        cosines = affinity.n_together[rows, columns] / np.sqrt(n[rows] * n[neighbours])
        shape = (lines.n_items, lines.n_items)
        similarity = csr_matrix((cosines.astype(np.float32), (rows, neighbours)), shape=shape)
        return cls(lines.counts(), similarity, Popularity.fit(lines))

    def scores(self, customers: NDArray[np.int64]) -> NDArray[np.float32]:
        """How near each item is to what the customer bought."""
        bought = self.counts[customers]
        near: NDArray[np.float32] = (bought.log1p() @ self.similarity).toarray()
        most = max(1.0, float(self.popularity.n_baskets.max(initial=0.0)))
        near += np.float32(1e-6) * self.popularity.n_baskets / np.float32(most)
        return near


BASELINES: Mapping[str, Callable[[PurchaseLines], Recommender]] = {
    "popularity": Popularity.fit,
    "frequency": Frequency.fit,
    "co-purchase": CoPurchase.fit,
}
"""By the name a user gives."""
