"""Find what might answer: words and vectors, triggers and replies, all under the same allow-list."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.index.view import CollectionView
from knowledge.text import canonical, tokenise

BACKGROUND_ITEMS = 128
"""How many items tell what an unrelated text scores for this very message."""
MIN_BACKGROUND_ITEMS = 20


@dataclass(frozen=True)
class Query:
    """A message made ready for search."""

    text: str
    vector: NDArray[np.float32]
    tokens: tuple[str, ...]
    canonical: str
    context_tokens: tuple[str, ...] = ()

    @classmethod
    def of(cls, message: str, vector: NDArray[np.float32], context: Sequence[str] = ()) -> "Query":
        """The query for a message whose vector, shape (dim,), is already known."""
        said_before = tuple(tokenise(" ".join(context))) if context else ()
        return cls(message, vector, tuple(tokenise(message)), canonical(message), said_before)


@dataclass(frozen=True)
class FieldScores:
    """Scores of the candidates in one field, each of shape (n_candidates,); similarities and words lie in 0..1."""

    similarity: NDArray[np.float64]
    words: NDArray[np.float64]
    rows: NDArray[np.int32]


def find(
    view: CollectionView, field: str, query: Query, allowed: NDArray[np.bool_] | None, k: int
) -> NDArray[np.int32]:
    """Ordinals of the items that words or vectors of one field propose, ascending."""
    by_vector = view.search_vectors(field, query.vector, allowed, k).items
    by_words = view.search_words(field, query.tokens, allowed, k).items
    return np.union1d(by_vector, by_words).astype(np.int32)


def find_exact(view: CollectionView, field: str, query: Query, allowed: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Ordinals of allowed items having a text of this field that equals the message."""
    items = view.exact(field, query.canonical)
    return items[allowed[items]] if items.size else items


def score_field(view: CollectionView, field: str, query: Query, items: NDArray[np.int32]) -> FieldScores:
    """How well each candidate's best text of one field matches.

    A cosine says little by itself (two unrelated sentences reach 0.8 with some encoders), so it is measured from what a
    fixed sample of the library scores for the same message: 0 is unrelated, 1 is identical.
    """
    cosines, rows = view.rescore_vectors(field, query.vector, items)
    background = unrelated_cosine(view, field, query.vector)
    similarity = np.clip((cosines.astype(np.float64) - background) / max(1e-6, 1.0 - background), 0.0, 1.0)
    similarity[rows < 0] = 0.0
    return FieldScores(similarity, word_coverage(view, field, query.tokens, items), rows)


def word_coverage(
    view: CollectionView, field: str, tokens: Sequence[str], items: NDArray[np.int32]
) -> NDArray[np.float64]:
    """How much of the tokens' weight each item's best text has: its BM25 score over that of the tokens themselves."""
    most = view.own_words_score(field, tokens)
    if most <= 0.0 or not items.size:
        return np.zeros(len(items))
    scores, _ = view.rescore_words(field, tokens, items)
    return np.clip(scores.astype(np.float64) / most, 0.0, 1.0)


def unrelated_cosine(view: CollectionView, field: str, vector: NDArray[np.float32]) -> float:
    """The mean cosine of a fixed sample of items with this vector; 0 when there are too few to tell."""
    if view.n_items < MIN_BACKGROUND_ITEMS:
        return 0.0
    sample = np.linspace(0, view.n_items - 1, min(BACKGROUND_ITEMS, view.n_items)).astype(np.int32)
    cosines, rows = view.rescore_vectors(field, vector, sample)
    known = cosines[rows >= 0]
    return float(known.mean()) if known.size else 0.0
