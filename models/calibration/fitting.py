"""Learns each family of maps from scores and labels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_expit

from models.calibration.errors import CalibrationError
from models.calibration.maps import Beta, Floats, Knots, Logistic

LEAST_SLOPE = 1e-3
MAX_BLOCKS = 64


def fit_logistic(scores: ArrayLike, labels: ArrayLike) -> Logistic:
    """The likeliest logistic map that rises.

    Labels are drawn in a little, as if one more of each had been seen, so that what can be told apart perfectly does
    not get an infinite slope (Platt, Probabilistic Outputs for Support Vector Machines, 1999).

    Raises:
        CalibrationError: lengths differ, a score is not finite, a label is neither 0 nor 1, or there are none.
    """
    values, right = checked(scores, labels)
    centre, width = float(values.mean()), float(values.std()) or 1.0
    standard = (values - centre) / width
    targets = _drawn_in(right)

    def surprise(parameters: Floats) -> tuple[float, Floats]:
        log_odds = parameters[0] * standard + parameters[1]
        loss = -float(targets @ log_expit(log_odds) + (1 - targets) @ log_expit(-log_odds))
        gap = 1 / (1 + np.exp(-log_odds)) - targets
        return loss, np.array([gap @ standard, gap.sum()])

    found = minimize(surprise, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(LEAST_SLOPE, 50), (-50, 50)])
    slope, intercept = found.x
    return Logistic(float(slope / width), float(centre - intercept * width / slope))


def fit_beta(scores: ArrayLike, labels: ArrayLike) -> Beta:
    """The likeliest beta map over the likeliest logistic one.

    Raises:
        CalibrationError: as for `fit_logistic`.
    """
    values, right = checked(scores, labels)
    base = fit_logistic(values, right)
    log_odds = base.slope * (values - base.midpoint)
    columns = np.column_stack([log_expit(log_odds), -log_expit(-log_odds), np.ones(len(values))])
    targets = _drawn_in(right)

    def surprise(parameters: Floats) -> tuple[float, Floats]:
        found = columns @ parameters
        loss = -float(targets @ log_expit(found) + (1 - targets) @ log_expit(-found))
        return loss, np.asarray(columns.T @ (1 / (1 + np.exp(-found)) - targets), np.float64)

    limits = [(LEAST_SLOPE, 50), (LEAST_SLOPE, 50), (-50, 50)]
    a, b, c = minimize(surprise, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=limits).x
    return Beta(base, float(a), float(b), float(c))


def fit_isotonic(scores: ArrayLike, labels: ArrayLike) -> Knots:
    """The likeliest map of all that never fall, by pooling adjacent violators (Ayer et al. 1955).

    A pool is level from its lowest to its highest score, straight lines lie between. No probability is nearer to 0 or 1
    than one more observation against it would leave it: a pool without an exception is no proof. Where there would be
    more than 64 pools, equally large groups of neighbouring scores are pooled first.

    Raises:
        CalibrationError: as for `fit_logistic`.
    """
    values, right = checked(scores, labels)
    order = np.argsort(values, kind="stable")
    rising, hits = values[order], right[order].astype(np.float64)
    pools = _pooled(hits, _ends_of_ties(rising))
    if len(pools) > MAX_BLOCKS:
        pools = _pooled(hits, _ends_of_groups(rising, MAX_BLOCKS))
    ends = np.array([end for end, _ in pools])
    starts = np.concatenate([[0], ends[:-1]])
    margin = 1 / (len(values) + 2)
    shares = np.clip([share for _, share in pools], margin, 1 - margin)
    knots = np.column_stack([rising[starts], rising[ends - 1]]).ravel()
    levels = np.repeat(shares, 2)
    kept = np.append(np.diff(knots) > 0, True)  # a pool of one score is one knot
    return Knots(knots[kept], levels[kept])


def checked(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores and labels as arrays of one length.

    Raises:
        CalibrationError: lengths differ, a score is not finite, a label is neither 0 nor 1, or there are none.
    """
    values, given = np.asarray(scores, np.float64), np.asarray(labels)
    if values.shape != given.shape or values.ndim != 1 or not len(values):
        raise CalibrationError(
            f"scores of shape {values.shape}, labels of shape {given.shape}; expected one label each"
        )
    if not np.isfinite(values).all():
        raise CalibrationError(f"score {int(np.argmin(np.isfinite(values)))} is not finite; expected a number")
    if not np.isin(given, (0, 1)).all():
        raise CalibrationError(f"label {given[~np.isin(given, (0, 1))][0]}; expected 0 or 1")
    return values, given.astype(np.bool_)


def _drawn_in(right: NDArray[np.bool_]) -> Floats:
    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    return np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))


def _ends_of_ties(rising: Floats) -> NDArray[np.intp]:
    """Where each run of equal scores ends, exclusive."""
    return np.flatnonzero(np.append(np.diff(rising) > 0, True)) + 1


def _ends_of_groups(rising: Floats, n_groups: int) -> NDArray[np.intp]:
    """Where about equally large groups end, exclusive; equal scores stay together."""
    ties = _ends_of_ties(rising)
    wanted = np.linspace(0, len(rising), n_groups + 1)[1:]
    return np.unique(ties[np.minimum(np.searchsorted(ties, wanted), len(ties) - 1)])


def _pooled(hits: Floats, ends: NDArray[np.intp]) -> list[tuple[int, float]]:
    """The end, exclusive, and the share of hits of each pool, shares rising."""
    totals = np.concatenate([[0.0], np.cumsum(hits)])
    pools: list[tuple[int, int, float]] = []
    start = 0
    for end in ends.tolist():
        pool = (start, end, (totals[end] - totals[start]) / (end - start))
        while pools and pools[-1][2] >= pool[2]:
            before = pools.pop()[0]
            pool = (before, end, (totals[end] - totals[before]) / (end - before))
        pools.append(pool)
        start = end
    return [(end, float(share)) for _, end, share in pools]
