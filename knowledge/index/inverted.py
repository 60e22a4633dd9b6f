"""An inverted file of compact codes: which items are worth scoring exactly, in well under a millisecond.

Rows are spread over lists around trained centres; a search looks into the lists whose centres are nearest. A code holds
the rest (row minus centre) in two bits a dimension, so 300,000 rows of 384 dimensions take 31 MB. Measured beside it at
300,000 rows and equal recall (.99): 8-bit scalar codes 4.6 ms, RaBitQ 2.7 ms, these product-quantised codes 0.9 ms, since
for inner products their lookup table is computed once for all lists. A flat scan of 4-bit codes took 2.5 ms and found
less. A filter goes into the scan itself (FAISS tests a row only once it beats the worst kept), so it costs nothing there.

The fewer rows a filter lets through, the further apart the nearest of them lie and the more lists must be looked into.
How many is measured when the file is built, for shares of 1, 1/2, 1/4 … of the items, on sample queries.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError

if TYPE_CHECKING:
    import faiss

CODES_FILE = "codes.faiss"
PROBES_FILE = "probes.json"

TARGET_RECALL = 0.995
CALIBRATION_DEPTH = 10
N_CALIBRATION_QUERIES = 256
LEAST_SHORTLIST = 300
ROWS_PER_CENTRE = 40
N_QUANTISER_ROWS = 16_384
BUILD_THREADS = 2


@dataclass(frozen=True)
class Probes:
    """How many lists to look into when at least this share of the items is allowed."""

    share: float
    n_lists: int


class InvertedFile:
    """Compact codes of all rows of one field, each labelled with its item."""

    def __init__(self, index: "faiss.IndexIVFPQFastScan", probes: tuple[Probes, ...]) -> None:
        self._index = index
        self._probes = probes

    @classmethod
    def build(
        cls, vectors: NDArray[np.float32], owners: NDArray[np.int32], n_items: int, *, least_share: float, seed: int
    ) -> "InvertedFile":
        """Train, fill and calibrate for filters that let through `least_share` of the items or more."""
        random = np.random.default_rng(seed)
        index = _train(vectors, random)
        index.add_with_ids(vectors, owners.astype(np.int64))
        probes = _calibrate(index, vectors, owners, n_items, least_share, random)
        return cls(index, probes)

    def save(self, folder: Path) -> None:
        """Write the codes and the calibration into `folder`."""
        import faiss

        faiss.write_index(self._index, str(folder / CODES_FILE))
        content = {
            "n_bytes": (folder / CODES_FILE).stat().st_size,
            "probes": [[probes.share, probes.n_lists] for probes in self._probes],
        }
        (folder / PROBES_FILE).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "InvertedFile":
        """The file saved in `folder`; the codes are read, 100 bytes a row.

        Raises:
            IndexCorruptError: a file is missing, cut short or unreadable.
        """
        import faiss

        try:
            content = json.loads((folder / PROBES_FILE).read_text(encoding="utf-8"))
            probes = tuple(Probes(float(share), int(n_lists)) for share, n_lists in content["probes"])
            n_bytes = (folder / CODES_FILE).stat().st_size
            if n_bytes != content["n_bytes"]:
                raise IndexCorruptError(f"{CODES_FILE} in {folder} has {n_bytes} bytes, expected {content['n_bytes']}")
            index = faiss.read_index(str(folder / CODES_FILE))
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise IndexCorruptError(f"cannot read the codes in {folder}: {error}") from error
        if not isinstance(index, faiss.IndexIVFPQFastScan) or not probes:
            raise IndexCorruptError(f"{folder} holds no inverted file")
        return cls(index, probes)

    @property
    def n_rows(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def least_share(self) -> float:
        """Filters that let through less than this share of the items have not been measured."""
        return self._probes[-1].share

    def nearest_items(
        self, query: NDArray[np.float32], allowed: NDArray[np.bool_] | None, *, share: float, n_wanted: int, n_rows: int
    ) -> NDArray[np.int32]:
        """Allowed items, ascending, that own the about `n_rows` nearest rows.

        At least `n_wanted` of them; fewer only when every list was looked into.
        """
        n_lists = next(probes.n_lists for probes in self._probes if probes.share <= share)
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        while True:
            labels = _search(self._index, query, bits, n_lists, n_rows)
            found = np.unique(labels[labels >= 0]).astype(np.int32)
            exhausted = n_lists >= self._index.nlist and n_rows >= self.n_rows
            if len(found) >= n_wanted or exhausted:
                return found
            n_lists, n_rows = min(4 * n_lists, int(self._index.nlist)), min(4 * n_rows, self.n_rows)


def _search(
    index: "faiss.IndexIVFPQFastScan",
    query: NDArray[np.float32],
    bits: NDArray[np.uint8] | None,
    n_lists: int,
    n_rows: int,
) -> NDArray[np.int64]:
    """Labels of the nearest rows by code, -1 where there are no more."""
    import faiss

    faiss.omp_set_num_threads(1)
    selector = None if bits is None else faiss.IDSelectorBitmap(bits)
    parameters = faiss.SearchParametersIVF(nprobe=n_lists, sel=selector)
    labels: NDArray[np.int64] = index.search(query[np.newaxis], n_rows, params=parameters)[1][0]
    return labels


def _train(vectors: NDArray[np.float32], random: np.random.Generator) -> "faiss.IndexIVFPQFastScan":
    import faiss

    faiss.omp_set_num_threads(BUILD_THREADS)
    n_rows, dim = vectors.shape
    n_lists = 2 ** round(np.log2(2 * np.sqrt(n_rows)))
    seed = int(random.integers(2**31))
    centres = faiss.Kmeans(
        dim,
        n_lists,
        niter=6,
        spherical=True,
        seed=seed,
        max_points_per_centroid=ROWS_PER_CENTRE,
        min_points_per_centroid=1,
    )
    centres.train(_sample(vectors, ROWS_PER_CENTRE * n_lists, random))
    quantiser = faiss.IndexFlatIP(dim)
    quantiser.add(centres.centroids)
    index = faiss.IndexIVFPQFastScan(quantiser, dim, n_lists, _n_parts(dim), 4, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = True
    index.pq.cp.niter, index.pq.cp.seed = 8, seed
    index.train(_sample(vectors, N_QUANTISER_ROWS, random))
    return index


def _n_parts(dim: int) -> int:
    """One 4-bit code for every two dimensions, or for every one when they cannot be paired."""
    return dim // 2 if dim % 2 == 0 else dim


def _sample(vectors: NDArray[np.float32], n_rows: int, random: np.random.Generator) -> NDArray[np.float32]:
    if len(vectors) <= n_rows:
        return np.ascontiguousarray(vectors)
    return vectors[np.sort(random.choice(len(vectors), n_rows, replace=False))]


def _calibrate(
    index: "faiss.IndexIVFPQFastScan",
    vectors: NDArray[np.float32],
    owners: NDArray[np.int32],
    n_items: int,
    least_share: float,
    random: np.random.Generator,
) -> tuple[Probes, ...]:
    """The least lists that reach the target recall, for each share, fullest first."""
    queries = _sample_queries(vectors, random)
    ranks = random.permutation(n_items)
    shares = list(_shares(least_share))
    truths = _truths(queries, vectors, owners, ranks, [int(share * n_items) for share in shares])
    probes: list[Probes] = []
    n_lists = max(1, int(index.nlist) // 128)
    for share, truth in zip(shares, truths, strict=True):
        bits = np.packbits(ranks < int(share * n_items), bitorder="little")
        while n_lists < index.nlist and _recall(index, queries, bits, n_lists, truth) < TARGET_RECALL:
            n_lists = min(int(index.nlist), max(n_lists + 1, n_lists * 5 // 4))
        probes.append(Probes(share, n_lists))
    return tuple(probes)


def _shares(least_share: float) -> Iterator[float]:
    """1, 1/2, 1/4 … down to the last that is not below `least_share`, and that itself."""
    share = 1.0
    while share > least_share:
        yield share
        share /= 2
    yield min(1.0, least_share)


def _sample_queries(vectors: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Rows pushed away from themselves, as a message differs from the trigger it means."""
    chosen = vectors[random.integers(len(vectors), size=(3, N_CALIBRATION_QUERIES))]
    queries = chosen[0] + 0.35 * (chosen[1] - chosen[2])
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-12)
    return queries


def _truths(
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    owners: NDArray[np.int32],
    ranks: NDArray[np.int64],
    limits: list[int],
) -> list[list[NDArray[np.int64]]]:
    """For each limit and query, the truly nearest items among those ranked below the limit."""
    filled, firsts = np.unique(owners, return_index=True)
    truths: list[list[NDArray[np.int64]]] = [[] for _ in limits]
    for start in range(0, len(queries), 16):
        scores = np.maximum.reduceat(queries[start : start + 16] @ vectors.T, firsts, axis=1)
        for truth, limit in zip(truths, limits, strict=True):
            scores[:, ranks[filled] >= limit] = -np.inf
            depth = min(CALIBRATION_DEPTH, len(filled))
            truth.extend(filled[np.argpartition(-scores, depth - 1, axis=1)[:, :depth]])
    return truths


def _recall(
    index: "faiss.IndexIVFPQFastScan",
    queries: NDArray[np.float32],
    bits: NDArray[np.uint8],
    n_lists: int,
    truth: list[NDArray[np.int64]],
) -> float:
    found = (_search(index, query, bits, n_lists, LEAST_SHORTLIST) for query in queries)
    return float(np.mean([np.isin(best, labels).mean() for best, labels in zip(truth, found, strict=True)]))
