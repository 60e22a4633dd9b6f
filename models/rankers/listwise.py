"""The listwise loss: minus the log of what a softmax over the shown list gives to what was taken."""

import numpy as np

from models.rankers.slates import Floats, Slates


def softmax_log_odds(slates: Slates, scores: Floats) -> Floats:
    """The log probability of each row under a softmax over its list, shape (n_rows,)."""
    highest = np.maximum.reduceat(scores, slates.starts)
    shifted = scores - highest[slates.slate]
    totals = np.add.reduceat(np.exp(shifted), slates.starts)
    return np.asarray(shifted - np.log(totals)[slates.slate], np.float64)


def losses(slates: Slates, weights: Floats, counts: Floats) -> Floats:
    """The loss of each list, shape (n,): what was taken counts as often as `counts` (n_rows,) says."""
    each = -counts * slates.taken * softmax_log_odds(slates, slates.features @ weights)
    return np.asarray(np.bincount(slates.slate, weights=each, minlength=slates.n), np.float64)


def loss_and_slope(slates: Slates, weights: Floats, counts: Floats) -> tuple[float, Floats]:
    """The loss summed over all lists and its derivative by the weights, shape (n_features,)."""
    log_odds = softmax_log_odds(slates, slates.features @ weights)
    taken = counts * slates.taken
    of_slate = np.bincount(slates.slate, weights=taken, minlength=slates.n)
    slope = slates.features.T @ (np.exp(log_odds) * of_slate[slates.slate] - taken)
    return float(-(taken @ log_odds)), np.asarray(slope, np.float64)
