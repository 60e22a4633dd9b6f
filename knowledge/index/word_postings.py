"""The numbers behind a field of words: which row holds which token, and what that is worth.

Everything is kept twice: by token, to find rows that may be good, and by row, to score a row exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.index.word_statistics import WordStatistics, word_keys

K1: Final = 1.2
B: Final = 0.75
BEST_IMPACT: Final = K1 + 1
LARGEST_CODE: Final = 255


@dataclass(frozen=True, eq=False)
class WordPostings:
    """Tokens are numbered by the order of their keys; an impact is tf (k1 + 1) / (tf + k1 (1 - b + b length / mean)).

    By token: `token_rows[token_starts[t]:token_starts[t + 1]]` are the rows that hold token t, ascending, and
    `token_codes` their impacts in 255ths of the best possible one, rounded up, so that sums are upper bounds;
    `token_peaks[t]` is the highest of them, as an impact.
    By row: `row_tokens[row_starts[r]:row_starts[r + 1]]` and `row_impacts`.
    """

    keys: NDArray[np.uint64]
    token_starts: NDArray[np.int64]
    token_rows: NDArray[np.int32]
    token_codes: NDArray[np.uint8]
    token_peaks: NDArray[np.float32]
    row_starts: NDArray[np.int64]
    row_tokens: NDArray[np.int32]
    row_impacts: NDArray[np.float32]

    @property
    def n_rows(self) -> int:
        return len(self.row_starts) - 1

    def is_whole(self) -> bool:
        """Whether the arrays fit each other."""
        by_token = {len(self.token_rows), len(self.token_codes), int(self.token_starts[-1])}
        by_row = {len(self.row_tokens), len(self.row_impacts), int(self.row_starts[-1])}
        n_tokens = {len(self.keys), len(self.token_peaks), len(self.token_starts) - 1}
        return len(by_token | by_row) == 1 and len(n_tokens) == 1


def count_words(
    documents: Iterable[Sequence[str]], shared: WordStatistics | None
) -> tuple[WordPostings, WordStatistics]:
    """Counts every document's tokens; with `shared` statistics their average length is used instead of the own."""
    vocabulary: dict[str, int] = {}
    lengths: list[int] = []
    occurrences: list[int] = []
    for tokens in documents:
        lengths.append(len(tokens))
        occurrences += [vocabulary.setdefault(token, len(vocabulary)) for token in tokens]
    keys = word_keys(vocabulary)
    order = np.argsort(keys)
    number = np.empty(len(keys), np.int64)
    number[order] = np.arange(len(keys))
    length = np.array(lengths, np.int64)
    rows, numbers, counts = _counted(length, number[np.array(occurrences, np.int64)], len(keys))
    frequencies = np.bincount(numbers, minlength=len(keys)).astype(np.int32)
    average = float(length.mean()) if len(length) else 0.0
    statistics = shared or WordStatistics(len(length), average, keys[order], frequencies)
    impacts = _impacts(counts, length[rows], statistics.average_length)
    return _postings(keys[order], rows, numbers, impacts, len(length)), statistics


def _counted(
    length: NDArray[np.int64], occurrences: NDArray[np.int64], n_tokens: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, token and count of every token in a row, by row."""
    pairs = np.repeat(np.arange(len(length)), length) * max(n_tokens, 1) + occurrences
    pairs.sort()
    new = np.flatnonzero(np.diff(pairs, prepend=-1))
    rows, tokens = np.divmod(pairs[new], max(n_tokens, 1))
    return rows, tokens, np.diff(new, append=len(pairs))


def _impacts(counts: NDArray[np.int64], length: NDArray[np.int64], average: float) -> NDArray[np.float32]:
    norm = K1 * (1 - B + B * length / max(average, 1e-9))
    impacts: NDArray[np.float32] = (counts * BEST_IMPACT / (counts + norm)).astype(np.float32)
    return impacts


def _postings(
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    tokens: NDArray[np.int64],
    impacts: NDArray[np.float32],
    n_rows: int,
) -> WordPostings:
    by_token = np.argsort(tokens, kind="stable")
    codes = np.minimum(np.ceil(impacts[by_token] * np.float32(LARGEST_CODE / BEST_IMPACT)), LARGEST_CODE)
    starts = _starts(tokens, len(keys))
    peaks = np.maximum.reduceat(codes, starts[:-1]) if len(keys) else np.empty(0)
    return WordPostings(
        keys=keys,
        token_starts=starts,
        token_rows=rows[by_token].astype(np.int32),
        token_codes=codes.astype(np.uint8),
        token_peaks=(peaks * (BEST_IMPACT / LARGEST_CODE)).astype(np.float32),
        row_starts=_starts(rows, n_rows),
        row_tokens=tokens.astype(np.int32),
        row_impacts=impacts,
    )


def _starts(numbers: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Where each number begins in a sorted list of them, and the end of the last."""
    return np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=size))]).astype(np.int64)
