"""An inverted file of compact codes: which items are worth scoring exactly, without reading every row.

Rows are spread over lists around trained centres. A code holds what is left (row minus centre) in two bits a
dimension, so 300,000 rows of 384 dimensions take 34 MB. Measured side by side at 300,000 clustered rows, 128 of 1,024
lists, recall .99, one core: 8-bit scalar codes 4.6 ms, RaBitQ 2.7 ms, these product-quantised codes 0.8 ms, because for
inner products one lookup table serves all lists; a flat scan of 4-bit codes took 2.5 ms and found less. A filter goes
into the scan itself and costs little there: FAISS asks it only about rows that beat the worst kept.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.products import inner_products
from knowledge.index.reach import DEPTH, N_FIRST_LISTS, Placement, Reach, measure_reach

if TYPE_CHECKING:
    import faiss

CODES_FILE = "codes.faiss"
REACH_FILE = "reach.json"

ROWS_PER_CENTRE = 40
N_QUANTISER_ROWS = 16_384


class InvertedFile:
    """Compact codes of all rows of one field, each labelled with its item."""

    def __init__(self, index: "faiss.IndexIVFPQFastScan", reaches: tuple[Reach, ...]) -> None:
        self._index = index
        self._centres = _quantiser_of(index).reconstruct_n(0, index.nlist)
        self._reaches = reaches

    @classmethod
    def build(
        cls, vectors: NDArray[np.float32], owners: NDArray[np.int32], *, least_share: float, seed: int
    ) -> "InvertedFile":
        """Train, fill and calibrate for filters that let through `least_share` of the items or more."""
        random = np.random.default_rng(seed)
        index = _train(vectors, random)
        index.add_with_ids(vectors, owners.astype(np.int64))
        quantiser = _quantiser_of(index)
        placement = Placement(quantiser.search(vectors, 1)[1][:, 0], quantiser.reconstruct_n(0, index.nlist))
        return cls(index, measure_reach(placement, vectors, owners, least_share, random))

    def save(self, folder: Path) -> None:
        """Write the codes and the calibration into `folder`."""
        import faiss

        faiss.write_index(self._index, str(folder / CODES_FILE))
        content = {
            "n_bytes": (folder / CODES_FILE).stat().st_size,
            "reaches": [[reach.share, reach.width] for reach in self._reaches],
        }
        (folder / REACH_FILE).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "InvertedFile":
        """The file saved in `folder`; the codes are read, about 110 bytes a row.

        Raises:
            IndexCorruptError: a file is missing, cut short or unreadable.
        """
        import faiss

        try:
            content = json.loads((folder / REACH_FILE).read_text(encoding="utf-8"))
            reaches = tuple(Reach(*map(float, numbers)) for numbers in content["reaches"])
            n_bytes = (folder / CODES_FILE).stat().st_size
            if n_bytes != content["n_bytes"]:
                raise IndexCorruptError(f"{CODES_FILE} in {folder} has {n_bytes} bytes, expected {content['n_bytes']}")
            index = faiss.read_index(str(folder / CODES_FILE))
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise IndexCorruptError(f"cannot read the codes in {folder}: {error}") from error
        if not isinstance(index, faiss.IndexIVFPQFastScan) or not reaches:
            raise IndexCorruptError(f"{folder} holds no inverted file")
        return cls(index, reaches)

    @property
    def n_rows(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    @property
    def least_share(self) -> float:
        """Filters that let through less than this share of the items have not been measured."""
        return self._reaches[-1].share

    def nearest_items(
        self, query: NDArray[np.float32], allowed: NDArray[np.bool_] | None, *, share: float, n_rows: int
    ) -> NDArray[np.int32]:
        """Allowed items, ascending, that own about the `n_rows` nearest rows; `share` of all items is allowed."""
        reach = next(reach for reach in self._reaches if reach.share <= share)
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        centre_scores = inner_products(query, self._centres, np.arange(len(self._centres)))
        order = np.argsort(-centre_scores)
        scores, labels = self._scan(query, centre_scores, order[:N_FIRST_LISTS], bits, n_rows)
        border = reach.border(float(centre_scores[order[0]]), float(scores[DEPTH - 1]))
        n_lists = int(np.count_nonzero(centre_scores >= border))
        further = self._scan(query, centre_scores, order[N_FIRST_LISTS:n_lists], bits, n_rows)
        scores, labels = np.concatenate([scores, further[0]]), np.concatenate([labels, further[1]])
        if len(scores) > n_rows:
            labels = labels[np.argpartition(-scores, n_rows - 1)[:n_rows]]
        return np.unique(labels[labels >= 0]).astype(np.int32)

    def _scan(
        self,
        query: NDArray[np.float32],
        centre_scores: NDArray[np.float32],
        lists: NDArray[np.intp],
        bits: NDArray[np.uint8] | None,
        n_rows: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores by code, best first, and labels (-1 where there are no more) of the nearest rows in these lists."""
        import faiss

        if not len(lists):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        list_scores = centre_scores[lists]
        scores, labels = np.empty(n_rows, np.float32), np.empty(n_rows, np.int64)
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = len(lists)
        if bits is not None:
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters.sel = selector
        self._index.search_preassigned_c(  # type: ignore[attr-defined]  # the wrapper without _c takes no parameters
            1,
            faiss.swig_ptr(query),
            n_rows,
            faiss.swig_ptr(lists),
            faiss.swig_ptr(list_scores),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(labels),
            False,
            parameters,
        )
        return scores, labels


def _quantiser_of(index: "faiss.IndexIVFPQFastScan") -> "faiss.Index":
    import faiss

    return faiss.downcast_index(index.quantizer)


def _train(vectors: NDArray[np.float32], random: np.random.Generator) -> "faiss.IndexIVFPQFastScan":
    import faiss

    faiss.omp_set_num_threads(os.cpu_count() or 1)  # of this thread only; searches set theirs to one
    n_rows, dim = vectors.shape
    n_lists = 2 ** round(np.log2(2 * np.sqrt(n_rows)))
    seed = int(random.integers(2**31))
    quantiser = faiss.IndexFlatIP(dim)
    quantiser.add(_train_centres(_sample(vectors, ROWS_PER_CENTRE * n_lists, random), n_lists, seed))
    index = faiss.IndexIVFPQFastScan(quantiser, dim, n_lists, _n_parts(dim), 4, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = True
    index.pq.cp.niter, index.pq.cp.seed = 8, seed
    index.train(_sample(vectors, N_QUANTISER_ROWS, random))
    return index


def _train_centres(sample: NDArray[np.float32], n_lists: int, seed: int) -> NDArray[np.float32]:
    import faiss

    clustering = faiss.Kmeans(
        sample.shape[1],
        n_lists,
        niter=6,
        spherical=True,
        seed=seed,
        max_points_per_centroid=ROWS_PER_CENTRE,
        min_points_per_centroid=1,
    )
    clustering.train(sample)
    return np.asarray(clustering.centroids, np.float32)


def _n_parts(dim: int) -> int:
    """How many 4-bit codes a row has: one for two dimensions, or one for each where there are few or an odd number."""
    return dim // 2 if dim % 2 == 0 and dim >= 256 else dim


def _sample(vectors: NDArray[np.float32], n_rows: int, random: np.random.Generator) -> NDArray[np.float32]:
    if len(vectors) <= n_rows:
        return vectors
    return vectors[np.sort(random.choice(len(vectors), n_rows, replace=False))]
