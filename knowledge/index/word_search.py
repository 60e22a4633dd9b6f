"""Scoring the rows of one field for one question, exactly.

Reading every posting of the question costs about 3 ns each, scoring a row from its own tokens about 7 ns a token. So
the postings give every row a sum, rounded up; only rows whose sum reaches the best k are scored from their own
tokens. Pruning by bounds (MaxScore) was tried and gains nothing here: see docs/search-words.md.
"""

from dataclasses import dataclass
from threading import local
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.index.word_postings import BEST_IMPACT, LARGEST_CODE, WordPostings

LANES: Final = 16  # the sums are looked at as so many lanes side by side: one look at their maximum spares fifteen
SLACK: Final = 1 - 1e-5  # float32 sums in another order differ by less


@dataclass(frozen=True, eq=False)
class WordQuery:
    """The known tokens of a search; a weight is the times it is asked x its idf."""

    tokens: NDArray[np.intp]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.tokens)


class WordSearch:
    """Safe to use from several threads: each has its own scratch arrays."""

    def __init__(self, postings: WordPostings, owners: NDArray[np.int32]) -> None:
        self._postings = postings
        self._owners = owners
        self._scratch = _Scratch(-(-postings.n_rows // LANES), len(postings.keys))

    def n_postings(self, query: WordQuery) -> int:
        """How often the query's tokens stand in the field, once for each row."""
        starts = self._postings.token_starts
        return int((starts[query.tokens + 1] - starts[query.tokens]).sum())

    def exact_scores(self, query: WordQuery, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """The BM25 score of each row, 0 where it shares no token."""
        postings, weights = self._postings, self._scratch.weights
        entries, sizes = spans(postings.row_starts[rows], postings.row_starts[rows + 1])
        weights[query.tokens] = query.weights
        values = weights.take(postings.row_tokens.take(entries))
        weights[query.tokens] = 0
        values *= postings.row_impacts.take(entries)
        scores = np.zeros(len(rows), np.float32)
        filled = np.flatnonzero(sizes)
        if len(filled):
            scores[filled] = np.add.reduceat(values, (np.cumsum(sizes) - sizes)[filled])
        return scores

    def promising_rows(
        self, query: WordQuery, allowed: NDArray[np.bool_] | None, n_allowed: int, k: int
    ) -> NDArray[np.intp]:
        """Every eligible row that can be the best of one of the best `k` items, with some that turn out not to be."""
        self._add_up(query)
        n_wanted = (4 * k + 24) * self._postings.n_rows // max(n_allowed, 1)
        highest = self._scratch.sums.max(axis=0)
        while True:
            border = _border(highest, n_wanted)
            rows = self._rows_from(border, highest, allowed)
            threshold = self._score_of_item(query, rows, k)
            if border == 0 or threshold >= border:
                return rows
            if threshold > 0:
                return self._rows_from(threshold, highest, allowed)
            n_wanted *= 16

    def _add_up(self, query: WordQuery) -> None:
        """Fills the sums with each row's score, rounded up."""
        postings = self._postings
        self._scratch.sums.fill(0)
        sums = self._scratch.sums.reshape(-1)
        begins, ends = postings.token_starts[query.tokens].tolist(), postings.token_starts[query.tokens + 1].tolist()
        steps = query.weights * np.float32(BEST_IMPACT / LARGEST_CODE)
        for begin, end, step in zip(begins, ends, steps, strict=True):
            values = np.multiply(postings.token_codes[begin:end], step, dtype=np.float32)
            np.add.at(sums, postings.token_rows[begin:end], values)

    def _rows_from(
        self, border: float, highest: NDArray[np.float32], allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.intp]:
        """The eligible rows whose sum is at least the border (above 0 when that is 0), ascending."""
        least = max(border, np.finfo(np.float32).tiny)
        columns = np.flatnonzero(highest >= least)
        lane, column = np.nonzero(self._scratch.sums[:, columns] >= least)
        rows = lane * len(highest) + columns[column]
        return rows if allowed is None else rows[allowed.take(self._owners.take(rows))]

    def _score_of_item(self, query: WordQuery, rows: NDArray[np.intp], k: int) -> float:
        """A little less than the exact score of the k-th best item among some rows; 0 when they are fewer items."""
        owners = self._owners[rows]
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        if len(firsts) < k:
            return 0.0
        best = np.maximum.reduceat(self.exact_scores(query, rows), firsts)
        return float(np.partition(best, len(best) - k)[len(best) - k]) * SLACK


def spans(first: NDArray[np.integer], last: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The numbers of each range [first, last), one range after another, and the ranges' sizes."""
    sizes = (last - first).astype(np.intp)
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - sizes), sizes), sizes


def _border(highest: NDArray[np.float32], n_wanted: int) -> float:
    """A sum that at least `n_wanted` rows reach; 0 when that is not known of any."""
    n = len(highest)
    return float(np.partition(highest, n - n_wanted)[n - n_wanted]) if 4 * n_wanted < n else 0.0


class _Scratch(local):
    """Arrays that a search fills, one set for each thread; `weights` is all zeros between searches."""

    def __init__(self, n_columns: int, n_tokens: int) -> None:
        self.sums = np.zeros((LANES, n_columns), np.float32)
        self.weights = np.zeros(n_tokens, np.float32)
