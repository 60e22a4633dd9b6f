"""The numbers behind a field of words: which row holds which token, and what that is worth.

Everything is kept twice: by token, to find rows that may be good, and by row, to score a row exactly.
"""

from array import array
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
    """Counts every document's tokens; `shared` statistics take the place of the documents' own."""
    lengths, occurrences, vocabulary = _numbered(documents)
    keys = word_keys(vocabulary)
    order = np.argsort(keys)
    place = np.empty(len(keys), np.int64)
    place[order] = np.arange(len(keys))
    keys = keys[order]
    rows, tokens, counts = _counted(lengths, place[occurrences], len(keys))
    statistics = shared or _statistics(lengths, keys, tokens)
    impacts = _impacts(counts, lengths[rows], statistics.average_length)
    return _postings(keys, rows, tokens, impacts, len(lengths)), statistics


def _numbered(documents: Iterable[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int32], dict[str, int]]:
    """Each document's length, all tokens as numbers in the order they come, and the number of each token."""
    vocabulary: dict[str, int] = {}
    lengths, occurrences = array("q"), array("i")
    for tokens in documents:
        lengths.append(len(tokens))
        occurrences.extend([vocabulary.setdefault(token, len(vocabulary)) for token in tokens])
    return np.array(lengths, np.int64), np.array(occurrences, np.int32), vocabulary


def _statistics(lengths: NDArray[np.int64], keys: NDArray[np.uint64], tokens: NDArray[np.int64]) -> WordStatistics:
    return WordStatistics(
        n_documents=len(lengths),
        average_length=float(lengths.mean()) if len(lengths) else 0.0,
        keys=keys,
        frequencies=np.bincount(tokens, minlength=len(keys)).astype(np.int32),
    )


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
