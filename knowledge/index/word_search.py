"""Finding the rows worth scoring: MaxScore (Turtle and Flood 1995) in array operations.

Tokens are read heaviest first. After some of them the best rows found so far, scored exactly, give a threshold; as
soon as a row without any token read so far cannot reach it, the common tokens that remain need not be read, and only
rows whose bound reaches the threshold are scored. The result is the exact top k.
"""

from dataclasses import dataclass
from threading import local
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.index.word_postings import BEST_IMPACT, LONGEST, WordPostings

FIRST_READ: Final = 16_000  # postings read before the first threshold: fewer leave it low, more cost time
LEADERS: Final = 16  # postings per wanted item whose rows give the threshold
SLACK: Final = np.float32(1 - 1e-5)  # float32 sums in another order differ by less


@dataclass(frozen=True, eq=False)
class WordQuery:
    """The known tokens of a search, heaviest first; a weight is the times it is asked x its idf."""

    tokens: NDArray[np.intp]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.tokens)


class WordSearch:
    """Scores rows of one field; safe to use from several threads, each has its own scratch arrays."""

    def __init__(self, postings: WordPostings, owners: NDArray[np.int32]) -> None:
        self._postings = postings
        self._owners = owners
        self._lengths = np.flatnonzero(postings.peaks)
        self._scratch = _Scratch(postings.n_rows, len(postings.keys))

    def n_postings(self, query: WordQuery) -> int:
        """How many rows hold a token of the query, each counted as often as it holds one."""
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
            begins = np.cumsum(sizes) - sizes
            scores[filled] = np.add.reduceat(values, begins[filled])
        return scores

    def promising_rows(self, query: WordQuery, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.int32]:
        """Every eligible row that can be among the best of `k` items, ascending, with some that turn out not to be."""
        sums = self._scratch.sums
        bounds = self._bounds(query)
        highest = bounds.max(axis=1)
        touched = np.empty(0, np.int32)
        n_read, n_wanted = 0, self._first_tokens(query)
        try:
            while True:
                touched = np.concatenate([touched, self._read(query, n_read, n_wanted)])
                n_read = n_wanted
                values = sums.take(touched)
                if allowed is not None:
                    values *= allowed.take(self._owners.take(touched))
                threshold = self._threshold(query, touched, values, k) * SLACK
                n_wanted = int(np.argmax(highest < threshold)) if threshold > 0 else len(query)
                if n_wanted <= n_read:
                    break
        finally:
            sums[touched] = 0
        reach = np.zeros(LONGEST + 1, np.float32)
        reach[self._lengths] = bounds[n_read]
        values += reach.take(self._postings.lengths.take(touched)) * (values > 0)
        return np.unique(touched[np.flatnonzero((values >= threshold) & (values > 0))])

    def _bounds(self, query: WordQuery) -> NDArray[np.float32]:
        """After each number of tokens read (0 … all), the most the others can add to a row of each length."""
        total = np.concatenate([[0], np.cumsum(query.weights)]).astype(np.float32)
        n_read = np.arange(len(total))[:, None]
        best_of_rest = total[np.minimum(n_read + self._lengths, len(query))] - total[n_read]
        best_of_rest *= self._postings.peaks[self._lengths]
        return best_of_rest

    def _first_tokens(self, query: WordQuery) -> int:
        starts = self._postings.token_starts
        read = np.cumsum(starts[query.tokens + 1] - starts[query.tokens])
        return max(1, int(np.searchsorted(read, FIRST_READ, side="right")))

    def _read(self, query: WordQuery, first: int, last: int) -> NDArray[np.int32]:
        """Adds what some tokens contribute to the sums, rounded up; gives the rows they stand in."""
        postings, sums = self._postings, self._scratch.sums
        touched = []
        for token, weight in zip(query.tokens[first:last].tolist(), query.weights[first:last].tolist(), strict=True):
            span = slice(int(postings.token_starts[token]), int(postings.token_starts[token + 1]))
            rows = postings.token_rows[span]
            step = np.float32(weight * BEST_IMPACT / LONGEST)
            np.add.at(sums, rows, np.multiply(postings.token_codes[span], step, dtype=np.float32))
            touched.append(rows)
        return np.concatenate(touched)

    def _threshold(
        self, query: WordQuery, touched: NDArray[np.int32], values: NDArray[np.float32], k: int
    ) -> np.float32:
        """The exact score of the k-th best item among the rows that look best; 0 when they are fewer items."""
        n_leaders = min(LEADERS * k + 32, len(values))
        leaders = np.argpartition(values, len(values) - n_leaders)[len(values) - n_leaders :]
        rows = np.unique(touched[leaders[values[leaders] > 0]])
        owners = self._owners[rows]
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        if len(firsts) < k:
            return np.float32(0)
        best = np.maximum.reduceat(self.exact_scores(query, rows), firsts)
        return np.float32(np.partition(best, len(best) - k)[len(best) - k])


def spans(
    first: NDArray[np.integer], last: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The numbers of each range [first, last), one range after another, and the ranges' sizes."""
    sizes = (last - first).astype(np.intp)
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - sizes), sizes), sizes


class _Scratch(local):
    """Arrays of zeros that a search fills and clears again, one set for each thread."""

    def __init__(self, n_rows: int, n_tokens: int) -> None:
        self.sums = np.zeros(n_rows, np.float32)
        self.weights = np.zeros(n_tokens, np.float32)
