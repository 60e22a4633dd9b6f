"""Search by words: BM25 over one field, exact under an allow-list."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import local

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.hits import Hits
from knowledge.index.word_postings import BEST_IMPACT, LONGEST, WordPostings, count_words
from knowledge.index.word_statistics import WordStatistics, places_of, word_keys

_POSTINGS = 24_000  # read before the first threshold is found: fewer leave it low, more cost time
_LEADERS = 192  # postings whose rows are scored exactly to find the threshold
_ENTRY_COST = 2.0  # what scoring one token of a row costs, in postings
_SLACK = np.float32(1 - 1e-5)  # float32 sums in another order differ by less


@dataclass(frozen=True, eq=False)
class _Query:
    """The known tokens of a search, rarest first: their numbers, weights (times in the query x idf) and frequencies."""

    tokens: NDArray[np.intp]
    weights: NDArray[np.float32]
    frequencies: NDArray[np.int64]


class WordField:
    """BM25 over the rows of one field; immutable. Row i belongs to item owners[i]; owners ascend."""

    def __init__(
        self, postings: WordPostings, owners: NDArray[np.int32], n_items: int, statistics: WordStatistics
    ) -> None:
        self._postings = postings
        self._owners = owners
        self._n_items = n_items
        self._statistics = statistics
        self._idfs = statistics.idfs(postings.keys)
        self._item_starts = np.searchsorted(owners, np.arange(n_items + 1)).astype(np.int32)
        self._scratch = local()

    @classmethod
    def build(
        cls,
        documents: Iterable[Sequence[str]],
        owners: NDArray[np.int32],
        n_items: int,
        *,
        statistics: WordStatistics | None = None,
    ) -> "WordField":
        """Counts the tokens of every row; given `statistics` replace the field's own."""
        postings, used = count_words(documents, statistics)
        return cls(postings, np.ascontiguousarray(owners, np.int32), n_items, used)

    @property
    def n_rows(self) -> int:
        return len(self._owners)

    @property
    def n_items(self) -> int:
        return self._n_items

    @property
    def statistics(self) -> WordStatistics:
        return self._statistics

    def search(self, tokens: Sequence[str], allowed: NDArray[np.bool_] | None, k: int) -> Hits:
        """The `k` best eligible items; an item scores as its best row does, and one that shares no token is no hit."""
        query = self._query(tokens)
        if not len(query.tokens) or k < 1:
            return Hits.none()
        if allowed is not None:
            items = np.flatnonzero(allowed)
            if self._is_cheaper_by_row(len(items), query):
                return self._best(*self._scored_items(query, items), k)
        rows = self._candidates(query, allowed, k)
        return self._best(rows, self._scored(query, rows, rows + 1), k)

    def rescore(
        self, tokens: Sequence[str], items: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The best score of each given item and the first row that has it; row -1 for an item without rows."""
        first, last = self._item_starts[items], self._item_starts[items + 1]
        ...
