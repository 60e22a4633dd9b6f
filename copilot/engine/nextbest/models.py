"""What orders taught, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.affinity import Affinity
from models.recommenders.learned.model import Learned
from models.segments import SegmentAffinity

N_BEST_SELLERS = 160


@dataclass(frozen=True)
class LearnedProducts:
    """A learned recommender, with the sku of each of its items and the number of each sku."""

    model: Learned
    skus: tuple[str, ...]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, model: Learned, skus: tuple[str, ...]) -> "LearnedProducts":
        """The model with its look-up table."""
        return cls(model, skus, {sku: number for number, sku in enumerate(skus)})


@dataclass(frozen=True)
class ProductModels:
    """What was learned from orders, with the number of each sku; `learned` where a recommender was trained."""

    affinity: Affinity
    numbers: Mapping[str, int]
    popular: tuple[str, ...]
    segments: SegmentAffinity = field(default_factory=SegmentAffinity)
    learned: LearnedProducts | None = None

    @classmethod
    def of(
        cls, affinity: Affinity, segments: SegmentAffinity | None = None, learned: LearnedProducts | None = None
    ) -> "ProductModels":
        """The models with their look-up tables."""
        best = np.argsort(-affinity.n_baskets, kind="stable")[:N_BEST_SELLERS]
        popular = tuple(affinity.skus[i] for i in best if affinity.n_baskets[i] > 0)
        numbers = {sku: number for number, sku in enumerate(affinity.skus)}
        return cls(affinity, numbers, popular, segments or SegmentAffinity(), learned)
