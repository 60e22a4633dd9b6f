"""Dense search over one field: the items whose texts are nearest in meaning.

Float32 vectors stay on disk, memory-mapped, and every score handed out is their exact inner product (the cosine of unit
vectors). While few rows are eligible all of them are scored; when many are, an inverted file of compact codes proposes
the items to score. A scored row costs 0.2 µs scattered and 0.08 µs in sequence, which is where the limits come from.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.hits import Hits
from knowledge.index.inverted import CODES_FILE, InvertedFile
from knowledge.index.products import inner_products

VECTORS_FILE = "vectors.npy"
STARTS_FILE = "starts.npy"

LEAST_SHORTLIST = 300
"""So many rows at least are scored exactly, since codes rank the nearest only roughly."""
EXACT_ROWS = 4_096
"""With fewer eligible rows than this, all are scored."""
LEAST_INVERTED_ROWS = 8_192
"""A field with fewer rows than this is always searched exactly and needs no training."""


class VectorField:
    """All vectors of one field; immutable. An item's rows are contiguous; an item may have none."""

    def __init__(
        self, vectors: NDArray[np.float32], starts: NDArray[np.int32], inverted: InvertedFile | None = None
    ) -> None:
        self._vectors = vectors
        self._starts = starts
        self._inverted = inverted

    @classmethod
    def build(
        cls, vectors: NDArray[np.float32], owners: NDArray[np.int32], n_items: int, *, seed: int = 0
    ) -> "VectorField":
        """A field whose row i belongs to item `owners[i]`; `vectors` are unit-length, shape (n_rows, dim).

        Raises:
            ValueError: shapes or types disagree, or owners are not ascending ordinals below `n_items`.
        """
        _check_rows(vectors, owners, n_items)
        vectors = np.ascontiguousarray(vectors)
        starts = np.searchsorted(owners, np.arange(n_items + 1)).astype(np.int32)
        if len(vectors) < LEAST_INVERTED_ROWS:
            return cls(vectors, starts)
        least_share = EXACT_ROWS / len(vectors)
        inverted = InvertedFile.build(vectors, owners, least_share=least_share, seed=seed)
        return cls(vectors, starts, inverted)

    def save(self, folder: Path) -> None:
        """Write the field into `folder`, made if missing; it should hold no other field."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / VECTORS_FILE, self._vectors)
        np.save(folder / STARTS_FILE, self._starts)
        if self._inverted is not None:
            self._inverted.save(folder)

    @classmethod
    def load(cls, folder: Path) -> "VectorField":
        """A saved field; vectors are mapped, compact codes are read.

        Raises:
            IndexCorruptError: a file is missing, cut short or disagrees with another.
        """
        vectors = _map_array(folder / VECTORS_FILE, n_dims=2, dtype=np.float32)
        starts = _map_array(folder / STARTS_FILE, n_dims=1, dtype=np.int32)
        if not len(starts) or starts[-1] != len(vectors):
            raise IndexCorruptError(f"{folder}: {STARTS_FILE} does not fit {VECTORS_FILE} of shape {vectors.shape}")
        if len(vectors) < LEAST_INVERTED_ROWS and not (folder / CODES_FILE).exists():
            return cls(vectors, starts)
        inverted = InvertedFile.load(folder)
        if (inverted.n_rows, inverted.dim) != vectors.shape:
            raise IndexCorruptError(f"{folder}: {CODES_FILE} does not fit {VECTORS_FILE} of shape {vectors.shape}")
        return cls(vectors, starts, inverted)

    @property
    def n_rows(self) -> int:
        return len(self._vectors)

    @property
    def n_items(self) -> int:
        return len(self._starts) - 1

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    def search(self, query: NDArray[np.float32], allowed: NDArray[np.bool_] | None, k: int) -> Hits:
        """The `k` allowed items nearest to `query`, fewer when fewer have rows; `allowed` has shape (n_items,).

        Raises:
            ValueError: `query` or `allowed` has another shape or type, or `k` is below 1.
        """
        self._check_query(query)
        self._check_search(allowed, k)
        items = self._candidates(query, allowed, k)
        if not len(items):
            return Hits.none()
        scores, rows = self._score(query, items)
        return Hits.best(items, scores, rows, k)

    def rescore(
        self, query: NDArray[np.float32], items: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The exact best cosine of each given item and the row that has it; -inf and -1 for an item without rows.

        Raises:
            ValueError: `query` has another shape or type, or an item does not exist.
        """
        self._check_query(query)
        if len(items) and not 0 <= items.min() <= items.max() < self.n_items:
            raise ValueError(f"items are ordinals from 0 to below {self.n_items}, saw {items.min()} to {items.max()}")
        scores = np.full(len(items), -np.inf, np.float32)
        rows = np.full(len(items), -1, np.int32)
        filled = np.flatnonzero(self._starts[items + 1] > self._starts[items])
        if len(filled):
            scores[filled], rows[filled] = self._score(query, items[filled])
        return scores, rows

    def _candidates(self, query: NDArray[np.float32], allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.int32]:
        """The allowed items worth scoring, all of which have rows."""
        inverted = self._inverted
        n_allowed = self.n_items if allowed is None else int(np.count_nonzero(allowed))
        share = n_allowed / max(self.n_items, 1)
        if inverted is None or share < inverted.least_share:
            return self._filled_items(allowed)
        n_rows = max(LEAST_SHORTLIST, k * (2 + self.n_rows // self.n_items))
        for n_proposed in (n_rows, 8 * n_rows):
            if n_proposed <= self.n_rows // 8:
                items = inverted.nearest_items(query, allowed, share=share, n_rows=n_proposed)
                if len(items) >= min(k, n_allowed):
                    return items
        return self._filled_items(allowed)

    def _filled_items(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        filled = self._starts[1:] > self._starts[:-1]
        return np.flatnonzero(filled if allowed is None else filled & allowed).astype(np.int32)

    def _score(
        self, query: NDArray[np.float32], items: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Best cosine and its row (the first of equals), of items that all have rows."""
        firsts = self._starts[items]
        lengths = self._starts[items + 1] - firsts
        offsets = np.cumsum(lengths) - lengths
        rows = np.repeat(firsts - offsets, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)
        scores = inner_products(query, self._vectors, rows)
        best = np.maximum.reduceat(scores, offsets)
        is_best = np.flatnonzero(scores == np.repeat(best, lengths))
        first_best = is_best[np.searchsorted(is_best, offsets)]
        return best, rows[first_best].astype(np.int32)

    def _check_query(self, query: NDArray[np.float32]) -> None:
        if query.shape != (self.dim,) or query.dtype != np.float32:
            raise ValueError(f"query has shape {query.shape} of {query.dtype}, expected ({self.dim},) of float32")

    def _check_search(self, allowed: NDArray[np.bool_] | None, k: int) -> None:
        if allowed is not None and (allowed.shape != (self.n_items,) or allowed.dtype != np.bool_):
            shape, dtype = allowed.shape, allowed.dtype
            raise ValueError(f"allowed has shape {shape} of {dtype}, expected ({self.n_items},) of bool")
        if k < 1:
            raise ValueError(f"k is {k}, expected at least 1")


def _map_array(path: Path, *, n_dims: int, dtype: type[np.generic]) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise IndexCorruptError(f"cannot read {path}: {error}") from error
    if array.ndim != n_dims or array.dtype != dtype or not array.flags.c_contiguous:
        raise IndexCorruptError(
            f"{path} holds shape {array.shape} of {array.dtype}, expected {n_dims} dimensions of {dtype}"
        )
    return np.asarray(array)


def _check_rows(vectors: NDArray[np.float32], owners: NDArray[np.int32], n_items: int) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ValueError(f"vectors have shape {vectors.shape} of {vectors.dtype}, expected (n_rows, dim) of float32")
    if owners.shape != vectors.shape[:1] or owners.dtype.kind != "i":
        raise ValueError(f"owners have shape {owners.shape} of {owners.dtype}, expected ({len(vectors)},) of int32")
    if len(owners) and (owners[0] < 0 or owners[-1] >= n_items or bool(np.any(owners[1:] < owners[:-1]))):
        raise ValueError(f"owners must ascend from 0 to below {n_items}, saw {owners.min()} to {owners.max()}")
