"""Nearest neighbours by how often and how lately each item was bought."""

from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.errors import ModelError
from models.recommenders.files import read_arrays, read_sparse, sparse_arrays, write_arrays
from models.recommenders.lines import PurchaseLines

CELLS_AT_ONCE = 4_000_000
"""Distances held at once, which limits memory to about 100 MB whatever the number of customers."""


@dataclass(frozen=True)
class TifuSettings:
    """What the paper calls k, r_b, r_g, m and α, with its values for Ta-Feng."""

    n_neighbours: int = 300
    within_decay: float = 0.9
    group_decay: float = 0.7
    n_groups: int = 7
    alpha: float = 0.7

    def __post_init__(self) -> None:
        if self.n_neighbours < 1 or self.n_groups < 1:
            raise ModelError(f"TIFU-kNN needs a neighbour and a group, got {self.n_neighbours} and {self.n_groups}")
        for name in ("within_decay", "group_decay", "alpha"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ModelError(f"{name} is {getattr(self, name)}, expected 0 to 1")


@dataclass(frozen=True)
class TifuKnn:
    """Temporal item frequencies of customers like this one.

    TIFU-kNN (Hu et al., Modeling Personalized Item Frequency Information for Next-basket Recommendation, SIGIR 2020). A
    customer's baskets are put into groups of equal size, oldest first; later groups take what is left over, and who has
    fewer baskets than groups has as many groups. A group is the mean of its baskets, each discounted by `within_decay`
    for every later one of the group; the customer's vector is the mean of the groups, each discounted by `group_decay`
    for every later one. The score is α of the own vector and 1 - α of the mean vector of the nearest neighbours by
    Euclidean distance.

    `vectors` are those of the customers learned from, shape (n_trained, n_items). A customer may be among her own
    neighbours. Who has bought nothing gets the mean of all.
    """

    vectors: csr_matrix
    settings: TifuSettings

    @classmethod
    def fit(cls, lines: PurchaseLines, settings: TifuSettings | None = None) -> "TifuKnn":
        """The vectors of all customers who bought something."""
        settings = settings or TifuSettings()
        vectors = frequency_vectors(lines, settings)
        return cls(vectors[np.flatnonzero(np.diff(vectors.indptr))], settings)

    @classmethod
    def load(cls, folder: Path) -> "TifuKnn":
        """What `save` wrote."""
        (stored,) = read_arrays(folder, "settings")
        n_neighbours, within_decay, group_decay, n_groups, alpha = stored.tolist()
        settings = TifuSettings(int(n_neighbours), within_decay, group_decay, int(n_groups), alpha)
        return cls(read_sparse(folder), settings)

    def save(self, folder: Path) -> None:
        """Write vectors and settings."""
        settings = np.array(astuple(self.settings), np.float64)
        write_arrays(folder, {**sparse_arrays(self.vectors), "settings": settings})

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        """The mixture of own and neighbours' vectors."""
        own, near = self.own_and_near(histories)
        alpha = np.float32(self.settings.alpha)
        near *= np.float32(1.0) - alpha
        near += alpha * own.toarray()
        return near

    def own_and_near(self, histories: PurchaseLines) -> tuple[csr_matrix, NDArray[np.float32]]:
        """The customers' own vectors and the mean vectors of their neighbours, shapes (n_customers, n_items)."""
        own = frequency_vectors(histories, self.settings)
        if not self.vectors.shape[0]:
            return own, np.zeros(own.shape, np.float32)
        n_at_once = max(1, CELLS_AT_ONCE // self.vectors.shape[0])
        parts = [self._near(own[start : start + n_at_once]) for start in range(0, own.shape[0], n_at_once)]
        near: NDArray[np.float32] = vstack(parts).toarray() if parts else np.zeros(own.shape, np.float32)
        near[np.diff(own.indptr) == 0] = np.asarray(self.vectors.mean(axis=0), np.float32)
        return own, near

    @cached_property
    def _transposed(self) -> csr_matrix:
        return self.vectors.T.tocsr()

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        squares: NDArray[np.float32] = np.asarray(self.vectors.multiply(self.vectors).sum(axis=1), np.float32).ravel()
        return squares

    def _near(self, own: csr_matrix) -> csr_matrix:
        """The mean vectors of the neighbours of a few customers."""
        n_trained = self.vectors.shape[0]
        k = min(self.settings.n_neighbours, n_trained)
        # The square of the own vector is the same for every neighbour and does not matter for their order.
        distances = self._squares - 2.0 * (own @ self._transposed).toarray()
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k] if k < n_trained else _everybody(own.shape[0], k)
        shares = np.full(nearest.size, np.float32(1.0 / k))
        ends = np.arange(0, nearest.size + 1, k)
        return csr_matrix((shares, nearest.ravel(), ends), shape=(own.shape[0], n_trained)) @ self.vectors


def frequency_vectors(lines: PurchaseLines, settings: TifuSettings) -> csr_matrix:
    """The temporal item frequencies of each customer, shape (n_customers, n_items)."""
    shape = (lines.n_customers, lines.n_items)
    if not len(lines):
        return csr_matrix(shape, dtype=np.float32)
    _, numbers = np.unique(lines.baskets, return_inverse=True)
    own = lines.customers * (int(numbers.max()) + 1) + numbers  # a basket number may occur with two customers
    _, first, basket_of_line = np.unique(own, return_index=True, return_inverse=True)
    weights = _basket_weights(lines.customers[first], _first_days(lines, basket_of_line, len(first)), settings)
    pairs = np.unique(basket_of_line * lines.n_items + lines.items)
    baskets, items = pairs // lines.n_items, pairs % lines.n_items
    cells = (weights[baskets].astype(np.float32), (lines.customers[first][baskets], items))
    vectors = csr_matrix(cells, shape=shape)
    vectors.sum_duplicates()
    return vectors


def _first_days(lines: PurchaseLines, basket_of_line: NDArray[np.int64], n_baskets: int) -> NDArray[np.float64]:
    days = np.full(n_baskets, np.inf)
    np.minimum.at(days, basket_of_line, lines.days)
    return days


def _basket_weights(
    customers: NDArray[np.int64], days: NDArray[np.float64], settings: TifuSettings
) -> NDArray[np.float64]:
    """What a purchase in each basket counts in its customer's vector; baskets of the same moment by number."""
    order = np.lexsort((days, customers))
    _, starts, n_own = np.unique(customers[order], return_index=True, return_counts=True)
    n_baskets = np.repeat(n_own, n_own)
    place = np.arange(len(order)) - np.repeat(starts, n_own)
    size, n_larger = np.divmod(n_baskets, settings.n_groups)
    n_smaller = settings.n_groups - n_larger
    place_in_larger = place - size * n_smaller
    is_larger = place_in_larger >= 0
    one = np.maximum(size, 1)  # who has fewer baskets than groups has no smaller groups that hold any
    group = np.where(is_larger, n_smaller + place_in_larger // (size + 1), place // one)
    n_later = np.where(is_larger, size - place_in_larger % (size + 1), size - 1 - place % one)
    decayed = settings.within_decay**n_later * settings.group_decay ** (settings.n_groups - 1 - group)
    weights = np.empty(len(order))
    weights[order] = decayed / np.where(is_larger, size + 1, one) / np.minimum(n_baskets, settings.n_groups)
    return weights


def _everybody(n_rows: int, n_trained: int) -> NDArray[np.int64]:
    return np.tile(np.arange(n_trained), (n_rows, 1))
