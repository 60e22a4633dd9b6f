"""How much all that a customer bought speaks for an item: linear models of what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from models.errors import ModelError
from models.recommenders.ease import EaseSettings, ease_weights
from models.recommenders.lines import PurchaseLines

PULL_FEATURES = ("pull", "pull_of_kind", "pull_together")
LONG_HALF_LIFE, SHORT_HALF_LIFE = 120.0, 30.0
UNIT_LENGTH = 5.0
"""Of the row of a customer in the model that looks only at the kinds of items, not at how many."""
PENALTY, KIND_PENALTY = 3.0, 8.0
"""In units of the mean square of an input."""


@dataclass(frozen=True)
class Equations:
    """What pulls learn from one moment: the normal equations of both regressions, grams and products."""

    gram: NDArray[np.float32]
    product: NDArray[np.float32]
    kind_gram: NDArray[np.float32]
    kind_product: NDArray[np.float32]

    @classmethod
    def of(cls, lines: PurchaseLines, moment: float, horizon: float, items: NDArray[np.int64]) -> Self:
        """Those of the customers who bought something before the moment and within the horizon after it."""
        before, after = lines.before(moment), lines.take((lines.days >= moment) & (lines.days < moment + horizon))
        active = np.intersect1d(before.customers, after.customers)
        inputs, kinds = _inputs(before.of(active), moment, items)
        wanted = _bought(after.of(active))[:, items]
        pairs = ((inputs, inputs), (inputs, wanted), (kinds, kinds), (kinds, wanted))
        return cls(*(np.asarray((one.T @ other).toarray(), np.float32) for one, other in pairs))


@dataclass(frozen=True)
class Pulls:
    """Two ridge regressions of what was bought within the horizon on what was bought before it, and EASE.

    `pull` reads how much and how lately each item was bought, on two time scales; `pull_of_kind` gives every customer
    the same length, so that those who buy much do not outweigh those who buy little; `pull_together` is EASE, which
    knows no time. Only the most frequent items take part: memory grows with the square of their number.

    Attributes:
        items: those that take part, ascending, shape (n_modelled,).
        weights: shape (2 * n_modelled, n_modelled).
        kind_weights: shape (n_modelled, n_modelled).
        together: shape (n_modelled, n_modelled).
    """

    items: NDArray[np.int64]
    weights: NDArray[np.float32]
    kind_weights: NDArray[np.float32]
    together: NDArray[np.float32]

    @classmethod
    def fit(cls, lines: PurchaseLines, equations: Sequence[Equations], items: NDArray[np.int64]) -> Self:
        """Solve the sums of equations on these items; EASE learns from all the lines."""
        n = len(items)
        gram, product = np.zeros((2 * n, 2 * n), np.float32), np.zeros((2 * n, n), np.float32)
        kind_gram, kind_product = np.zeros((n, n), np.float32), np.zeros((n, n), np.float32)
        for one in equations:
            gram += one.gram
            product += one.product
            kind_gram += one.kind_gram
            kind_product += one.kind_product
        together = ease_weights(lines, items, EaseSettings().regularisation)
        return cls(items, _ridge(gram, product, PENALTY), _ridge(kind_gram, kind_product, KIND_PENALTY), together)

    def of(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:
        """The pulls of every item that takes part, shape (3, n_customers, n_modelled)."""
        if histories.n_customers == 1:
            return self._of_one(histories, today)
        inputs, kinds = _inputs(histories, today, self.items)
        counts = histories.counts().log1p()[:, self.items]
        return np.stack([inputs @ self.weights, kinds @ self.kind_weights, counts @ self.together])

    def _of_one(self, history: PurchaseLines, today: float) -> NDArray[np.float32]:
        """The pulls on one customer, who waits for them: the same sums without the sparse matrices that many need."""
        places = np.searchsorted(self.items, history.items)
        known = places < len(self.items)
        known[known] = self.items[places[known]] == history.items[known]
        having, line_of = np.unique(places[known], return_inverse=True)
        ages, n = today - history.days[known], len(having)
        long, short = (
            np.log1p(np.bincount(line_of, np.exp2(-ages / half), n)) for half in (LONG_HALF_LIFE, SHORT_HALF_LIFE)
        )
        kinds = long * (UNIT_LENGTH / max(float(np.sqrt(long @ long)), 1e-9))
        baskets = np.unique(np.stack([line_of, history.baskets[known]]), axis=1)[0]
        counts = np.log1p(np.bincount(baskets, minlength=n))
        pulled = (
            np.concatenate([long, short]) @ self.weights[np.concatenate([having, having + len(self.items)])],
            kinds @ self.kind_weights[having],
            counts @ self.together[having],
        )
        return np.stack(pulled).astype(np.float32)[:, None, :]


def most_frequent(lines: PurchaseLines, n: int) -> NDArray[np.int64]:
    """The `n` items on most lines, ascending."""
    counts = np.bincount(lines.items, minlength=lines.n_items)
    best = np.argsort(-counts, kind="stable")[:n]
    return np.sort(best[counts[best] > 0]).astype(np.int64)


def _ridge(gram: NDArray[np.float32], product: NDArray[np.float32], penalty: float) -> NDArray[np.float32]:
    """The weights of a ridge regression; nothing where nothing was learned.

    The penalty is far above the rounding of single precision, which halves the time.
    """
    from scipy.linalg.lapack import sposv

    size = float(gram.diagonal().mean()) if len(gram) else 0.0
    if size <= 0.0:
        return product
    gram[np.diag_indices_from(gram)] += penalty * size
    _, weights, failed_at = sposv(gram, product, overwrite_a=True, overwrite_b=True)
    if failed_at:
        raise ModelError(f"a regression of {len(gram)} inputs cannot be solved; expected a gram that is positive")
    return np.ascontiguousarray(weights)


def _inputs(histories: PurchaseLines, today: float, items: NDArray[np.int64]) -> tuple[csr_matrix, csr_matrix]:
    """What both regressions look at, shapes (n_customers, 2 * n_modelled) and (n_customers, n_modelled)."""
    ages = today - histories.days
    long, short = (
        _summed(histories, np.exp2(-ages / half))[:, items].log1p() for half in (LONG_HALF_LIFE, SHORT_HALF_LIFE)
    )
    lengths = np.sqrt(np.asarray(long.multiply(long).sum(axis=1)).ravel())
    scale = np.repeat(UNIT_LENGTH / np.maximum(lengths, 1e-9), np.diff(long.indptr)).astype(np.float32)
    kinds = csr_matrix((long.data * scale, long.indices, long.indptr), shape=long.shape)
    return hstack([long, short], format="csr"), kinds


def _summed(lines: PurchaseLines, weights: NDArray[np.float64]) -> csr_matrix:
    cells = (weights.astype(np.float32), (lines.customers, lines.items))
    return csr_matrix(cells, shape=(lines.n_customers, lines.n_items))


def _bought(lines: PurchaseLines) -> csr_matrix:
    bought = _summed(lines, np.ones(len(lines)))
    bought.data[:] = 1.0
    return bought
