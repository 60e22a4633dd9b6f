"""What speaks for and against two texts saying the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.duplicates.wordings import Wording, are_opposed

FEATURES: Final = (
    "cosine",
    "bigrams",
    "edits",
    "numbers",
    "negation",
    "opposites",
    "question",
)
"""The columns of the evidence, in order: how alike the two are, then where they contradict each other."""
N_ALIKE: Final = 3


@dataclass(frozen=True)
class Places:
    """Pairs by the places of their texts in a list: text `left[i]` with text `right[i]`."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.left)

    def at(self, chosen: NDArray[np.bool_]) -> "Places":
        """The chosen ones."""
        return Places(self.left[chosen], self.right[chosen])


def evidence(wordings: Sequence[Wording], vectors: NDArray[np.float32], places: Places) -> NDArray[np.float64]:
    """One row a pair, shape (n_pairs, len(FEATURES)); the order of the two texts does not matter.

    `vectors` are of unit length, one a wording.
    """
    pairs = [(wordings[i], wordings[j]) for i, j in zip(places.left.tolist(), places.right.tolist(), strict=True)]
    table = np.empty((len(places), len(FEATURES)))
    table[:, 0] = cosines(vectors, places)
    table[:, 1:] = np.array([_lexical(one, other) for one, other in pairs]).reshape(len(pairs), len(FEATURES) - 1)
    return table


def cosines(vectors: NDArray[np.float32], places: Places) -> NDArray[np.float64]:
    """The inner product of each pair's vectors."""
    products = np.einsum("ij,ij->i", vectors[places.left], vectors[places.right], dtype=np.float64)
    return np.asarray(products, np.float64)


def _lexical(one: Wording, other: Wording) -> tuple[float, ...]:
    from rapidfuzz.distance import Indel

    return (
        _dice(one.bigrams, other.bigrams),
        Indel.normalized_similarity(one.plain, other.plain),
        float(bool(one.numbers and other.numbers) and one.numbers != other.numbers),
        float(one.is_negative != other.is_negative),
        float(are_opposed(one.plain, other.plain)),
        float(bool(one.questions and other.questions) and not one.questions & other.questions),
    )


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of what both have in what either has, counting both sides; 1 for two empty sets."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 1.0
