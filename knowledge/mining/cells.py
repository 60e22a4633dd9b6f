"""Group customers' messages that look alike, by spherical k-means over their vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MESSAGES_PER_CELL = 60
MAX_CELLS = 800
SAMPLE_PER_CELL = 100
N_ITERATIONS = 15


@dataclass(frozen=True)
class Cells:
    """Which cell each distinct message lies in; shape (n_texts,)."""

    of_text: NDArray[np.int32]
    n: int


def find_cells(vectors: NDArray[np.float32], counts: NDArray[np.int64], *, seed: int) -> Cells:
    """Cells of distinct messages with unit vectors (n_texts, dim), each said `counts` times.

    As many as the messages bear: one for every sixty, at most 800.
    """
    n_cells = max(1, min(MAX_CELLS, len(vectors) // MESSAGES_PER_CELL))
    if n_cells == 1 or not len(vectors):
        return Cells(np.zeros(len(vectors), np.int32), 1)
    import faiss

    rng = np.random.default_rng(seed)
    sample = _sample(counts, n_cells * SAMPLE_PER_CELL, rng)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the order of additions, and so the result, depends on their number
    try:
        means = faiss.Kmeans(
            vectors.shape[1],
            n_cells,
            niter=N_ITERATIONS,
            spherical=True,
            seed=seed,
            min_points_per_centroid=1,
            max_points_per_centroid=SAMPLE_PER_CELL,
        )
        means.train(np.ascontiguousarray(vectors[sample]))
        _, nearest = means.index.search(np.ascontiguousarray(vectors), 1)
    finally:
        faiss.omp_set_num_threads(threads)
    return Cells(nearest[:, 0].astype(np.int32), n_cells)


def _sample(counts: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows to learn from, those said often more likely among them; in the order of the rows."""
    if size >= len(counts):
        return np.arange(len(counts))
    shares = counts / counts.sum()
    return np.sort(rng.choice(len(counts), size, replace=False, p=shares))
