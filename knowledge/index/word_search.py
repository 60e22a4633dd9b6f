"""Scoring the rows of one field for one question, exactly.

Reading a posting costs about 3 ns, scoring a row from its own tokens about 7 ns a token. So the rarer tokens of the
question are read first and give every row a sum. The rows with the best sums, scored exactly, give a threshold; a row
can only reach it if its sum does with the most that the unread tokens can add. When few rows can, they are scored
exactly and the common tokens, which have most of the postings, need not be read (MaxScore: Turtle and Flood 1995).
"""

from dataclasses import dataclass
from threading import local
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.index.word_postings import BEST_IMPACT, LARGEST_CODE, WordPostings

LANES: Final = 16  # the sums are looked at as so many lanes side by side: one look at their maximum spares fifteen
FIRST_READ: Final = 50_000  # postings read before the first threshold, and again while too many rows can reach it
MANY: Final = 400  # lanes' columns with a row to score: below, reading more tokens costs more than it saves
SLACK: Final = 1 - 1e-5  # float32 sums in another order differ by less
_ABOVE_ZERO: Final = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class WordQuery:
    """The known tokens of a search, rarest first; a weight is the times it is asked x its idf."""

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

    def promising_rows(self, query: WordQuery, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
        """Every eligible row that can be the best of one of the best `k` items, with some that turn out not to be."""
        self._scratch.sums.fill(0)
        n_read, highest = self._read_on(query, 0)
        threshold = self._threshold(query, highest, allowed, k)
        unread = self._most_from(query)
        while n_read < len(query):
            border = threshold - unread[n_read]
            if border > 0 and np.count_nonzero(highest >= border) <= MANY:
                break
            n_read, highest = self._read_on(query, n_read)
        return self._eligible(self._rows_from(threshold - unread[n_read], highest), allowed)

    def _read_on(self, query: WordQuery, n_read: int) -> tuple[int, NDArray[np.float32]]:
        """Adds the next tokens to the sums, rounded up; gives how many are read now, and the best sum per column."""
        postings, sums = self._postings, self._scratch.sums.reshape(-1)
        n_postings = 0
        while n_read < len(query) and n_postings < FIRST_READ:
            token = query.tokens[n_read]
            begin, end = int(postings.token_starts[token]), int(postings.token_starts[token + 1])
            step = query.weights[n_read] * np.float32(BEST_IMPACT / LARGEST_CODE)
            values = np.multiply(postings.token_codes[begin:end], step, dtype=np.float32)
            np.add.at(sums, postings.token_rows[begin:end], values)
            n_postings += end - begin
            n_read += 1
        return n_read, self._scratch.sums.max(axis=0)

    def _most_from(self, query: WordQuery) -> list[float]:
        """The most that the tokens after the first 0, 1, … all of them can add to a row."""
        most = query.weights * self._postings.token_peaks[query.tokens]
        return [*np.cumsum(most[::-1])[::-1].tolist(), 0.0]

    def _threshold(
        self, query: WordQuery, highest: NDArray[np.float32], allowed: NDArray[np.bool_] | None, k: int
    ) -> float:
        """A score that `k` eligible items reach, from those with the best sums; 0 when too few were met."""
        share = 1.0 if allowed is None else max(float(np.count_nonzero(allowed)) / len(allowed), 1e-3)
        for n_wanted in (int((4 * k + 24) / share), int((64 * k + 384) / share)):
            rows = self._eligible(self._rows_from(_border(highest, n_wanted), highest), allowed)
            threshold = self._score_of_item(query, rows, k)
            if threshold > 0:
                return threshold
        return 0.0

    def _rows_from(self, border: float, highest: NDArray[np.float32]) -> NDArray[np.intp]:
        """The rows whose sum is at least the border (above 0 when that is 0), ascending."""
        columns = _at_least(highest, border)
        lane, column = np.nonzero(self._scratch.sums[:, columns] >= max(border, _ABOVE_ZERO))
        return lane * len(highest) + columns[column]

    def _eligible(self, rows: NDArray[np.intp], allowed: NDArray[np.bool_] | None) -> NDArray[np.intp]:
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


def _border(sums: NDArray[np.float32], n_wanted: int) -> float:
    """A sum that at least `n_wanted` rows reach; 0 when there are not so many."""
    n = len(sums)
    return float(np.partition(sums, n - n_wanted)[n - n_wanted]) if n_wanted < n else 0.0


def _at_least(sums: NDArray[np.float32], border: float) -> NDArray[np.intp]:
    return np.flatnonzero(sums >= max(border, _ABOVE_ZERO))


class _Scratch(local):
    """Arrays that a search fills, one set for each thread; `weights` is all zeros between searches."""

    def __init__(self, n_columns: int, n_tokens: int) -> None:
        self.sums = np.zeros((LANES, n_columns), np.float32)
        self.weights = np.zeros(n_tokens, np.float32)
