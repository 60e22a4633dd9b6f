"""A linear autoencoder over items with a closed form."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recommenders.baselines import TIE, Popularity
from models.recommenders.files import Arrays, read_arrays, write_arrays
from models.recommenders.lines import PurchaseLines


@dataclass(frozen=True)
class EaseSettings:
    """How far weights are drawn to zero, and how many items they are for.

    Attributes:
        regularisation: λ of the paper.
        max_items: so many of the most frequent items are modelled, since time grows with the cube of their number and
            memory with its square; the others score next to nothing, in the order of popularity.
    """

    regularisation: float = 1_000.0
    max_items: int = 4_000


@dataclass(frozen=True)
class Ease:
    """Weights from what was bought to what is recommended, shape (n_modelled, n_modelled), zero on the diagonal.

    B = I - P diag(1 / P_ii) with P = (XᵀX + λI)⁻¹ (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW
    2019), where X holds ln(1 + baskets) of each customer and item.
    """

    items: NDArray[np.int64]
    weights: NDArray[np.float32]
    popularity: Popularity

    @classmethod
    def fit(cls, lines: PurchaseLines, settings: EaseSettings | None = None) -> "Ease":
        """Solve for the most frequent items."""
        settings = settings or EaseSettings()
        popularity = Popularity.fit(lines)
        frequent = np.argsort(-popularity.n_baskets, kind="stable")[: settings.max_items]
        items = np.sort(frequent[popularity.n_baskets[frequent] > 0]).astype(np.int64)
        return cls(items, ease_weights(lines, items, settings.regularisation), popularity)

    @classmethod
    def load(cls, folder: Path) -> "Ease":
        """What `save` wrote."""
        items, weights, n_baskets = read_arrays(folder, "items", "weights", "n_baskets")
        return cls(items.astype(np.int64), weights.astype(np.float32), Popularity(n_baskets.astype(np.float32)))

    def save(self, folder: Path) -> None:
        """Write weights and popularity."""
        arrays: Arrays = {"items": self.items, "weights": self.weights, "n_baskets": self.popularity.n_baskets}
        write_arrays(folder, arrays)

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        """The sum of the weights of what the customer bought, and a trace of popularity."""
        scores = np.tile(TIE * self.popularity.shares, (histories.n_customers, 1))
        scores[:, self.items] += histories.counts().log1p()[:, self.items] @ self.weights
        return scores


def ease_weights(lines: PurchaseLines, items: NDArray[np.int64], regularisation: float) -> NDArray[np.float32]:
    """The weights between some items, shape (len(items), len(items))."""
    from scipy.linalg.lapack import spotrf, spotri

    bought = lines.counts().log1p()[:, items]
    gram = np.asarray((bought.T @ bought).toarray(), np.float32)
    # XᵀX + λI is positive definite, so Cholesky inverts it in place, with half the work of a general inverse.
    diagonal = np.diag_indices_from(gram)
    gram[diagonal] += regularisation
    factor, _ = spotrf(gram, lower=False, overwrite_a=True)
    inverse, _ = spotri(factor, lower=False, overwrite_c=True)
    inverse = np.triu(inverse) + np.triu(inverse, 1).T
    weights: NDArray[np.float32] = (-inverse / inverse[diagonal]).astype(np.float32)
    weights[diagonal] = 0.0
    return weights
