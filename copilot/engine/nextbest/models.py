"""What orders taught, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.affinity import Affinity

N_BEST_SELLERS = 160


@dataclass(frozen=True)
class ProductModels:
    """What was learned from orders, with the number of each sku."""

    affinity: Affinity
    numbers: Mapping[str, int]
    popular: tuple[str, ...]

    @classmethod
    def of(cls, affinity: Affinity) -> "ProductModels":
        """The model with its look-up tables."""
        best = np.argsort(-affinity.n_baskets, kind="stable")[:N_BEST_SELLERS]
        popular = tuple(affinity.skus[i] for i in best if affinity.n_baskets[i] > 0)
        return cls(affinity, {sku: number for number, sku in enumerate(affinity.skus)}, popular)
