"""Whether a difference could be chance: the sign-flip test, with whole clusters flipped."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.errors import EvalError, NothingMeasuredError
from eval.statistics.clusters import cluster_sums

Side = Literal["two", "below"]

MOST_EXACT = 14
"""Up to so many clusters that differ, all 2^14 signs are tried."""
N_FLIPS = 9_999
LOOK_CLOSER = 0.005
SIGNS_AT_ONCE = 4_000_000


def sign_flip_test(
    differences: ArrayLike,
    clusters: ArrayLike,
    rng: np.random.Generator,
    *,
    side: Side = "two",
    n_flips_closer: int = N_FLIPS,
) -> float:
    """The chance, were either system as likely to be ahead in each cluster, of a sum at least as far from zero.

    `side` "below" asks for a sum as far *below* zero: against a margin m, test differences + m. NaN differences are
    left out. Under the hypothesis the sum of each cluster is as likely as its negative (Fisher, The Design of
    Experiments, 1935; for evaluation Smucker, Allan and Carterette, A Comparison of Statistical Significance Tests,
    2007); queries of one cluster flip together.

    Exact where at most 14 clusters differ. Else (hits + 1) / (flips + 1) over random flips, which can be too large but
    not too small (Phipson and Smyth, Permutation P-values Should Never Be Zero, 2010): 9,999 flips and, should these
    give at most 0.005, `n_flips_closer` new ones that alone decide, for a correction over many tests needs p values
    smaller than 0.0001.

    Raises:
        NothingMeasuredError: there is no difference that is not NaN.
        EvalError: differences and clusters differ in number, or a difference is infinite.
    """
    if n_flips_closer < 1:
        raise EvalError(f"{n_flips_closer} flips; expected at least 1")
    totals = cluster_sums(np.asarray(differences, np.float64)[:, np.newaxis], clusters)
    if not totals.counts.any():
        raise NothingMeasuredError("no differences to test")
    sums = totals.sums[totals.sums != 0]  # what does not differ is the same either way
    is_extreme = _at_least_as_extreme(sums, side)
    if len(sums) <= MOST_EXACT:
        return float(is_extreme(_all_sums(sums)).mean())
    p = _by_chance(sums, is_extreme, rng, N_FLIPS)
    if p > LOOK_CLOSER or n_flips_closer <= N_FLIPS:
        return p
    return _by_chance(sums, is_extreme, rng, n_flips_closer)


def smallest_p(n_clusters: int) -> float:
    """The smallest one-sided p value that so many clusters can give: all of them on one side."""
    return 0.5**n_clusters


Judge = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def _at_least_as_extreme(sums: NDArray[np.float64], side: Side) -> Judge:
    observed = float(sums.sum())
    # The same sum added up in another order must count as equal.
    slack = 1e-9 * float(np.abs(sums).sum())
    if side == "below":
        return lambda flipped: flipped <= observed + slack
    return lambda flipped: np.abs(flipped) >= abs(observed) - slack


def _all_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum under every choice of signs, shape (2^n,)."""
    flipped = np.zeros(1)
    for one in sums:
        flipped = np.concatenate([flipped + one, flipped - one])
    return flipped


def _by_chance(sums: NDArray[np.float64], is_extreme: Judge, rng: np.random.Generator, n_flips: int) -> float:
    n_at_once = max(1, SIGNS_AT_ONCE // len(sums))
    n_hits = 0
    for start in range(0, n_flips, n_at_once):
        n = min(n_at_once, n_flips - start)
        bits = np.unpackbits(np.frombuffer(rng.bytes(n * math.ceil(len(sums) / 8)), np.uint8).reshape(n, -1), axis=1)
        flipped = 2 * (bits[:, : len(sums)] @ sums) - sums.sum()
        n_hits += int(is_extreme(flipped).sum())
    return (n_hits + 1) / (n_flips + 1)
