"""What is bought together with what the customer has: item-based collaborative filtering."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.affinity import Affinity
from models.recommenders.baselines import TIE, Popularity
from models.recommenders.files import read_arrays, read_sparse, sparse_arrays, write_arrays
from models.recommenders.lines import PurchaseLines


@dataclass(frozen=True)
class ItemKnn:
    """Cosines of the baskets of items, shape (n_items, n_items), of the 20 best neighbours of each.

    The score of an item is the sum over what the customer has of ln(1 + baskets) times the cosine (Sarwar et al.,
    Item-Based Collaborative Filtering, WWW 2001); ties by popularity.
    """

    similarity: csr_matrix
    popularity: Popularity

    @classmethod
    def fit(cls, lines: PurchaseLines) -> "ItemKnn":
        """Learn neighbours."""
        skus = tuple(map(str, range(lines.n_items)))
        affinity = Affinity.fit(skus, lines.baskets, lines.customers, lines.items, lines.days)
        rows, columns = np.nonzero(affinity.neighbours >= 0)
        neighbours = affinity.neighbours[rows, columns]
        n = affinity.n_baskets.astype(np.float64)
        cosines = affinity.n_together[rows, columns] / np.sqrt(n[rows] * n[neighbours])
        shape = (lines.n_items, lines.n_items)
        similarity = csr_matrix((cosines.astype(np.float32), (rows, neighbours)), shape=shape)
        return cls(similarity, Popularity.fit(lines))

    @classmethod
    def load(cls, folder: Path) -> "ItemKnn":
        """What `save` wrote."""
        (n_baskets,) = read_arrays(folder, "n_baskets")
        return cls(read_sparse(folder), Popularity(n_baskets.astype(np.float32)))

    def save(self, folder: Path) -> None:
        """Write cosines and popularity."""
        write_arrays(folder, {**sparse_arrays(self.similarity), "n_baskets": self.popularity.n_baskets})

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        """How near each item is to what the customer bought."""
        near: NDArray[np.float32] = (histories.counts().log1p() @ self.similarity).toarray()
        near += TIE * self.popularity.shares
        return near
