"""Find what might answer: words and vectors, triggers and replies, all under the same allow-list."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge.index.view import CollectionView
from knowledge.text import canonical, tokenise

BACKGROUND_ITEMS = 96
"""How many items tell what an unrelated text scores for this very message."""
MIN_BACKGROUND_ITEMS = 20


@dataclass(frozen=True)
class Query:
    """A message made ready for search; its vectors may still be on the way.

    There are two views of a message: alone, as triggers are written, and `encoded_told` with what was said before it
    in front, as an encoder that was trained on conversations looks for replies; none where nothing was said.
    """

    text: str
    encoded: Future[NDArray[np.float32]]
    tokens: tuple[str, ...]
    canonical: str
    context_tokens: tuple[str, ...] = ()
    encoded_told: Future[NDArray[np.float32]] | None = None

    @classmethod
    def of(cls, message: str, encoded: Future[NDArray[np.float32]], context: Sequence[str] = ()) -> "Query":
        """The query for a message seen alone; `encoded` gives its vector, shape (dim,)."""
        said_before = tuple(tokenise(" ".join(context))) if context else ()
        return cls(message, encoded, tuple(tokenise(message)), canonical(message), said_before)

    @property
    def alone(self) -> "Query":
        """The same message without what was said before it."""
        return replace(self, context_tokens=(), encoded_told=None)

    @property
    def told(self) -> "Query":
        """The same words, with the vector of message and context."""
        return self if self.encoded_told is None else replace(self, encoded=self.encoded_told, encoded_told=None)

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector of the message alone; waits for it."""
        return self.encoded.result()

    def wait(self) -> None:
        """Wait until all vectors are there."""
        self.encoded.result()
        if self.encoded_told is not None:
            self.encoded_told.result()


@dataclass(frozen=True)
class FieldScores:
    """Scores of the candidates in one field, each of shape (n_candidates,); similarities and words lie in 0..1."""

    similarity: NDArray[np.float64]
    words: NDArray[np.float64]
    rows: NDArray[np.int32]

    def subset(self, positions: NDArray[np.intp]) -> "FieldScores":
        """Only these candidates, in this order."""
        return FieldScores(self.similarity[positions], self.words[positions], self.rows[positions])


class Search:
    """All searches of one message in one collection, under one allow-list.

    A cosine says little by itself (two unrelated sentences reach 0.8 with some encoders), so similarity is measured
    from what a fixed sample of the collection scores for the same message: 0 is unrelated, 1 is identical.
    """

    def __init__(
        self,
        view: CollectionView,
        query: Query,
        allowed: NDArray[np.bool_] | None,
        backgrounds: dict[str, float] | None = None,
    ) -> None:
        self.view = view
        self.query = query
        self.allowed = allowed
        self._backgrounds = {} if backgrounds is None else backgrounds
        self._found_by_words: dict[tuple[str, int], NDArray[np.int32]] = {}

    def without(self, items: Sequence[int]) -> "Search":
        """The same search, with some items no longer allowed."""
        if not items:
            return self
        allowed = self.view.mask() if self.allowed is None else self.allowed.copy()
        allowed[list(items)] = False
        return Search(self.view, self.query, allowed, self._backgrounds)

    def among(self, allowed: NDArray[np.bool_]) -> "Search":
        """The same search with another allow-list."""
        return Search(self.view, self.query, allowed, self._backgrounds)

    def asking(self, tokens: Sequence[str]) -> "Search":
        """The same search with other words and the same vector."""
        return Search(self.view, replace(self.query, tokens=tuple(tokens)), self.allowed, self._backgrounds)

    def hidden(self) -> "Search":
        """The same search among the living items that are not allowed."""
        living = self.view.mask()
        nothing = np.zeros_like(living)
        return Search(
            self.view, self.query, nothing if self.allowed is None else living & ~self.allowed, self._backgrounds
        )

    @cached_property
    def told(self) -> "Search":
        """The same search with the vector of message and context; itself where nothing was said before."""
        query = self.query.told
        return self if query is self.query else Search(self.view, query, self.allowed)

    @property
    def has_any(self) -> bool:
        """Whether anything is allowed at all."""
        return self.allowed is None or bool(self.allowed.any())

    def alike(self, field: str, k: int, least: float) -> NDArray[np.int32]:
        """Of the `k` allowed items that share the weightiest words, those at least this similar in meaning."""
        items = self.find_by_words(field, k)
        cosines, _ = self.view.rescore_vectors(field, self.query.vector, items)
        return items[self.similarity(field, cosines) >= least]

    def find(self, field: str, k: int) -> NDArray[np.int32]:
        """Ordinals of the allowed items that words or vectors of one field propose, ascending."""
        return np.union1d(self.find_by_vector(field, k), self.find_by_words(field, k)).astype(np.int32)

    def find_by_vector(self, field: str, k: int) -> NDArray[np.int32]:
        """The part of `find` that waits for the vector."""
        return self.view.search_vectors(field, self.query.vector, self.allowed, k).items

    def find_by_words(self, field: str, k: int) -> NDArray[np.int32]:
        """The part of `find` that needs no vector; done once, so that it can be done while the message is encoded."""
        if (field, k) not in self._found_by_words:
            hits = self.view.search_words(field, self.query.tokens, self.allowed, k)
            self._found_by_words[field, k] = hits.items
        return self._found_by_words[field, k]

    def find_exact(self, field: str) -> NDArray[np.int32]:
        """Ordinals of the allowed items having a text of this field that equals the message."""
        items = self.view.exact(field, self.query.canonical)
        return items if self.allowed is None else items[self.allowed[items]]

    def score(self, field: str, items: NDArray[np.int32]) -> FieldScores:
        """How well each item's best text of one field matches."""
        if not items.size:
            return FieldScores(np.zeros(0), np.zeros(0), np.zeros(0, np.int32))
        similarity, rows = self.score_vectors(field, items)
        return FieldScores(similarity, self.coverage(field, self.query.tokens, items), rows)

    def score_vectors(self, field: str, items: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """How similar each item's best text of one field is, and which row of the field that is (-1: none)."""
        if not items.size:
            return np.zeros(0), np.zeros(0, np.int32)
        cosines, rows = self.view.rescore_vectors(field, self.query.vector, items)
        similarity = self.similarity(field, cosines)
        similarity[rows < 0] = 0.0
        return similarity, rows

    def similarity(self, field: str, cosines: NDArray[np.float32]) -> NDArray[np.float64]:
        """Cosines of one field as similarities in 0..1."""
        background = self._background(field)
        return np.clip((cosines.astype(np.float64) - background) / max(1e-6, 1.0 - background), 0.0, 1.0)

    def coverage(self, field: str, tokens: Sequence[str], items: NDArray[np.int32]) -> NDArray[np.float64]:
        """How much of the tokens' weight each item's best text has: its BM25 score over that of the tokens."""
        most = self.view.own_words_score(field, tokens)
        if most <= 0.0 or not items.size:
            return np.zeros(len(items))
        scores, _ = self.view.rescore_words(field, tokens, items)
        return np.clip(scores.astype(np.float64) / most, 0.0, 1.0)

    def _background(self, field: str) -> float:
        if field not in self._backgrounds:
            self._backgrounds[field] = self._unrelated_cosine(field)
        return self._backgrounds[field]

    def _unrelated_cosine(self, field: str) -> float:
        """The mean cosine of a fixed sample of items with the message; 0 when there are too few to tell."""
        n_items = self.view.n_items
        if n_items < MIN_BACKGROUND_ITEMS:
            return 0.0
        sample = np.linspace(0, n_items - 1, min(BACKGROUND_ITEMS, n_items)).astype(np.int32)
        cosines, rows = self.view.rescore_vectors(field, self.query.vector, sample)
        known = cosines[rows >= 0]
        return float(known.mean()) if known.size else 0.0
