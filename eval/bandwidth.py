"""How fast this machine reads its memory: the floor under every search that looks at all of its data."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

FLOAT32_BYTES = 4


def read_bandwidth(n_bytes: int, n_rounds: int = 5, *, clock: Callable[[], float] = perf_counter) -> float:
    """Bytes per second that one thread reads in sequence, the best of several rounds.

    Takes `n_bytes` of memory, which should be several times the processor's cache. The work per byte is one
    multiplication and addition by BLAS, whose thread count the caller must have set to one.
    """
    values = np.ones(max(1, n_bytes // FLOAT32_BYTES), np.float32)
    np.dot(values, values)
    best_s = min(_seconds(values, clock) for _ in range(n_rounds))
    return values.nbytes / best_s


def _seconds(values: np.ndarray[tuple[int], np.dtype[np.float32]], clock: Callable[[], float]) -> float:
    start = clock()
    np.dot(values, values)
    return clock() - start
