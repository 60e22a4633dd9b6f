"""Many tests at once: p values raised so that chance finds among them no more than one test would."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.errors import EvalError

Correction = Callable[[ArrayLike], NDArray[np.float64]]


def holm(p_values: ArrayLike, weights: Sequence[float] | None = None) -> NDArray[np.float64]:
    """Adjusted p values, in the order given: rejecting those up to α wrongly rejects any with a chance of at most α.

    Each test spends its share of α by weight, equal unless given, and what is rejected passes its share on. Holm, A
    Simple Sequentially Rejective Multiple Test Procedure, 1979; no assumption about dependence.

    Raises:
        EvalError: a p value is not within 0 to 1, or weights are not positive or not as many.
    """
    p = _checked(p_values)
    shares = np.ones(len(p)) if weights is None else np.asarray(weights, np.float64)
    if shares.shape != p.shape or (shares <= 0).any():
        raise EvalError(f"weights {list(shares)} for {len(p)} p values; expected one positive number each")
    order = np.argsort(p / shares, kind="stable")
    left = np.cumsum(shares[order][::-1])[::-1]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] / shares[order] * left))
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values, in the order given: of those up to q, a share of at most q is expected to be wrong.

    Benjamini and Hochberg, Controlling the False Discovery Rate, 1995; for tests that are independent or positively
    dependent, as those of overlapping slices are.

    Raises:
        EvalError: a p value is not within 0 to 1.
    """
    p = _checked(p_values)
    order = np.argsort(-p, kind="stable")
    n = len(p)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(p[order] * n / np.arange(n, 0, -1)) if n else p
    return adjusted


CORRECTIONS: Final[dict[str, Correction]] = {"holm": holm, "bh": benjamini_hochberg}
"""By the name that comparisons are asked with."""


def _checked(p_values: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(p_values, np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise EvalError(f"p values {p.tolist()}; expected a list of numbers from 0 to 1")
    return p
