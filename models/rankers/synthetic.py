"""A world whose truth is known: who wants what, and how far down the list anybody looks.

Somebody wants one of the rows shown or none of them, as a softmax over the true scores and a constant for none says,
looks at a place with the probability of its examination, and takes what is wanted if it is looked at.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.rankers.slates import Floats, Slates


@dataclass(frozen=True, eq=False)
class World:
    """What is true, and the policy that shows; its budget swaps neighbours whose scores are near, as an engine would.

    Attributes:
        truth: What each feature is really worth, shape (n_features,).
        shown_by: The weights that decide the order shown.
        examination: How likely each place is looked at, shape (n_places,).
        swapped: The share of lists with near ties in which one pair changes places.
        none: The score of wanting nothing that is shown.
    """

    truth: Floats
    shown_by: Floats
    examination: Floats
    n_candidates: int = 6
    swapped: float = 0.3
    tie_gap: float = 0.5
    none: float = 0.0


@dataclass(frozen=True, eq=False)
class WorldLog:
    """What a world showed and what was taken, with the probability of each row at each place."""

    slates: Slates
    propensities: Floats
    truly_wanted: Floats = field(repr=False)
    """How likely each row is what is wanted, shape (n_rows,)."""


def draw_log(world: World, n_slates: int, rng: np.random.Generator) -> WorldLog:
    """Lists of the world, independent of each other."""
    n_places, n_features = len(world.examination), len(world.truth)
    pools = rng.random((n_slates, world.n_candidates, n_features))
    scores = pools @ world.shown_by
    best = np.argsort(-scores, axis=1)[:, :n_places]
    rows = np.arange(n_slates)[:, np.newaxis]
    features, scores = pools[rows, best], scores[rows, best]
    order, propensities = _orders(scores, world, rng)
    features = features[rows, order]
    wanted = np.exp(np.column_stack([features @ world.truth, np.full(n_slates, world.none)]))
    wanted /= wanted.sum(axis=1, keepdims=True)
    choice = (rng.random((n_slates, 1)) > np.cumsum(wanted, axis=1)[:, :-1]).sum(axis=1)
    looked = rng.random(n_slates) < np.append(world.examination, 0.0)[choice]
    taken = (choice[:, np.newaxis] == np.arange(n_places)) & looked[:, np.newaxis]
    slates = Slates(features.reshape(-1, n_features), np.repeat(np.arange(n_slates), n_places), taken.ravel())
    return WorldLog(slates, propensities.reshape(-1, n_places), wanted[:, :-1].ravel())


def _orders(scores: Floats, world: World, rng: np.random.Generator) -> tuple[NDArray[np.intp], Floats]:
    """The order shown of each list's rows, best first, and the probability of each row shown at each place."""
    n_slates, n_places = scores.shape
    near = -np.diff(scores, axis=1) <= world.tie_gap
    each = np.where(near, world.swapped / np.maximum(1, near.sum(axis=1, keepdims=True)), 0.0)
    at = np.zeros((n_slates, n_places, n_places))
    at[:, np.arange(n_places), np.arange(n_places)] = 1.0
    for upper in range(n_places - 1):
        for row, place in ((upper, upper + 1), (upper + 1, upper)):
            at[:, row, place] += each[:, upper]
            at[:, row, row] -= each[:, upper]
    order = np.tile(np.arange(n_places), (n_slates, 1))
    chance = rng.random(n_slates)
    low = np.zeros(n_slates)
    for upper in range(n_places - 1):
        high = low + each[:, upper]
        swap = (chance >= low) & (chance < high)
        order[swap, upper], order[swap, upper + 1] = upper + 1, upper
        low = high
    return order, at[np.arange(n_slates)[:, np.newaxis], order]
