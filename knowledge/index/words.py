"""Search by words: BM25 over one field, exact under an allow-list."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.hits import Hits
from knowledge.index.word_postings import K1, B, WordPostings, count_words
from knowledge.index.word_search import WordQuery, WordSearch, spans
from knowledge.index.word_statistics import WordStatistics, places_of, word_keys
from knowledge.text import reading

FORMAT: Final = 1
TOKEN_COST: Final = 4.0  # scoring one token of a row, in postings read
OVERHEAD: Final = 50_000  # what a search by postings costs beside reading them, in postings


class WordField:
    """BM25 over the rows of one field; immutable. Row i belongs to item owners[i]; owners ascend."""

    def __init__(
        self,
        postings: WordPostings,
        statistics: WordStatistics,
        *,
        owners: NDArray[np.int32],
        item_starts: NDArray[np.int32],
    ) -> None:
        self._postings = postings
        self._statistics = statistics
        self._owners = owners
        self._item_starts = item_starts
        self._search = WordSearch(postings, owners)

    @classmethod
    def build(
        cls,
        documents: Iterable[Sequence[str]],
        owners: NDArray[np.int32],
        n_items: int,
        *,
        statistics: WordStatistics | None = None,
    ) -> "WordField":
        """Counts the tokens of every row; given `statistics` replace the field's own, so that scores compare."""
        postings, used = count_words(documents, statistics)
        return cls(
            postings,
            used,
            owners=np.ascontiguousarray(owners, np.int32),
            item_starts=np.searchsorted(owners, np.arange(n_items + 1)).astype(np.int32),
        )

    @property
    def n_rows(self) -> int:
        return len(self._owners)

    @property
    def n_items(self) -> int:
        return len(self._item_starts) - 1

    @property
    def statistics(self) -> WordStatistics:
        return self._statistics

    def search(self, tokens: Sequence[str], allowed: NDArray[np.bool_] | None, k: int) -> Hits:
        """The `k` best eligible items; an item scores as its best row does, and one that shares no token is no hit."""
        query = self._query(tokens)
        if not len(query) or k < 1:
            return Hits.none()
        if allowed is not None and self._is_cheaper_by_row(query, int(np.count_nonzero(allowed))):
            items = np.flatnonzero(allowed)
            rows, _ = spans(self._item_starts[items], self._item_starts[items + 1])
        else:
            rows = self._search.promising_rows(query, allowed, k)
        return self._best(rows, self._search.exact_scores(query, rows), k)

    def rescore(self, tokens: Sequence[str], items: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The best score of each given item and the first row that has it; row -1 for an item without rows."""
        rows, sizes = spans(self._item_starts[items], self._item_starts[items + 1])
        scores = self._search.exact_scores(self._query(tokens), rows)
        best = np.zeros(len(items), np.float32)
        best_rows = np.full(len(items), -1, np.int32)
        filled = np.flatnonzero(sizes)
        if len(filled):
            begins = (np.cumsum(sizes) - sizes)[filled]
            best[filled] = np.maximum.reduceat(scores, begins)
            matches = np.flatnonzero(scores == np.repeat(best, sizes))
            best_rows[filled] = rows[matches[np.searchsorted(matches, begins)]]
        return best, best_rows

    def counts(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """In how many rows each token occurs, by the tokens' keys."""
        places, known = places_of(keys, self._postings.keys)
        starts = self._postings.token_starts
        counts = np.zeros(len(keys), np.int64)
        counts[known] = starts[places[known] + 1] - starts[places[known]]
        return counts

    def own_score(self, tokens: Sequence[str]) -> float:
        """What a row of exactly these tokens would score, whether there is one or not; 0 for no tokens."""
        counts = Counter(tokens)
        times = np.fromiter(counts.values(), np.float32, len(counts))
        norm = K1 * (1 - B + B * len(tokens) / max(self._statistics.average_length, 1e-9))
        weights = self._statistics.weights(self._statistics.seen(word_keys(counts)), times)
        return float(np.sum(weights * times * (K1 + 1) / (times + norm)))

    def save(self, folder: Path) -> None:
        """Writes the field's files into the folder, which is made when missing."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {field.name: getattr(self._postings, field.name) for field in fields(WordPostings)}
        arrays |= {"owners": self._owners, "item_starts": self._item_starts}
        arrays["statistics_frequencies"] = self._statistics.frequencies
        if is_shared := self._statistics.keys is not self._postings.keys:
            arrays["statistics_keys"] = self._statistics.keys
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        facts = {
            "format": FORMAT,
            "reading": reading(),
            "n_documents": self._statistics.n_documents,
            "average_length": self._statistics.average_length,
            "is_shared": is_shared,
        }
        (folder / "words.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "WordField":
        """Opens saved files, memory-mapped.

        Raises:
            IndexCorruptError: a file is missing, cut short or does not fit the others.
        """
        try:
            facts = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            postings = WordPostings(**{field.name: _mapped(folder, field.name) for field in fields(WordPostings)})
            statistics = WordStatistics(
                n_documents=int(facts["n_documents"]),
                average_length=float(facts["average_length"]),
                keys=_mapped(folder, "statistics_keys") if facts["is_shared"] else postings.keys,
                frequencies=_mapped(folder, "statistics_frequencies"),
            )
            owners, item_starts = _mapped(folder, "owners"), _mapped(folder, "item_starts")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexCorruptError(f"{folder}: the word index cannot be read ({error})") from error
        if facts.get("format") != FORMAT:
            raise IndexCorruptError(f"{folder}: format {facts.get('format')}, expected {FORMAT}")
        if facts.get("reading") != reading():
            raise IndexCorruptError(
                f"{folder}: its words were read by other rules ({facts.get('reading')}, now {reading()}); "
                "run: copilot index build"
            )
        if not (postings.is_whole() and len(owners) == int(item_starts[-1]) == postings.n_rows):
            raise IndexCorruptError(f"{folder}: the files of the word index do not fit each other")
        return cls(postings, statistics, owners=owners, item_starts=item_starts)

    def _query(self, tokens: Sequence[str]) -> WordQuery:
        counts = Counter(tokens)
        keys = word_keys(counts)
        places, known = places_of(keys, self._postings.keys)
        places, keys = places[known], keys[known]
        times = np.fromiter(counts.values(), np.float32, len(counts))[known]
        n_rows = self._postings.token_starts[places + 1] - self._postings.token_starts[places]
        is_shared = self._statistics.keys is not self._postings.keys
        weights = self._statistics.weights(self._statistics.seen(keys) if is_shared else n_rows, times)
        order = np.argsort(n_rows)
        return WordQuery(places[order], weights[order])

    def _is_cheaper_by_row(self, query: WordQuery, n_allowed: int) -> bool:
        """Whether scoring every eligible row from its own tokens costs less than reading the query's postings."""
        n_tokens = n_allowed * len(self._postings.row_tokens) / max(self.n_items, 1)
        return TOKEN_COST * n_tokens < OVERHEAD + self._search.n_postings(query)

    def _best(self, rows: NDArray[np.integer], scores: NDArray[np.float32], k: int) -> Hits:
        """The best `k` items among scored rows, each with the first of its best rows."""
        found = np.flatnonzero(scores)
        rows, scores = rows[found], scores[found]
        owners = self._owners[rows]
        order = np.lexsort((rows, -scores, owners))
        best = order[np.flatnonzero(np.diff(owners[order], prepend=-1))]
        return Hits.best(owners[best], scores[best], rows[best].astype(np.int32), k)


def _mapped(folder: Path, name: str) -> NDArray[Any]:
    """A saved array mapped into memory, as a plain view because the mapping's own class is slow to slice."""
    try:
        array: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{name}: {error}") from error
    return array
