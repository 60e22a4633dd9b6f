"""Exact inner products on one thread, straight from memory-mapped rows."""

import numpy as np
from numpy.typing import NDArray


def inner_products(
    query: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Of `query` with each of the `rows` of contiguous `vectors`, without copying them.

    A row's value does not depend on which rows stand beside it (in a BLAS product it may), so equal texts score equal.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    products = np.empty(len(rows), np.float32)
    faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]  # missing in FAISS's own stubs
        faiss.swig_ptr(products),
        faiss.swig_ptr(query),
        faiss.swig_ptr(vectors),
        faiss.swig_ptr(rows),
        vectors.shape[1],
        1,
        len(rows),
    )
    return products
