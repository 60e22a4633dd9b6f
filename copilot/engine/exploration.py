"""Exploration: now and then two near-tied replies change places, and what could have been shown is written down.

Without it a log only says how the policy's own order fared. With it, and with the probability of everything that could
have been shown, the log also answers for other policies (inverse propensity scoring: Horvitz and Thompson, 1952).
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from copilot.engine.answer import Reply, Showable, Slate
from copilot.engine.policy import Exploration

Order = tuple[int, ...]
"""Positions of candidates in the order shown; the last `n_drawn - n_shown` are not shown."""


def near_ties(scores: Sequence[float], exploration: Exploration) -> list[int]:
    """Each position whose score is near-tied with that of the next; `scores` descend."""
    return [
        position for position, (upper, lower) in enumerate(pairwise(scores)) if upper - lower <= exploration.tie_gap
    ]


def slates(scores: Sequence[float], exploration: Exploration) -> list[tuple[Order, float]]:
    """Every order that may come out and its probability, the best order first; the probabilities sum to one.

    The budget is shared evenly by the near-tied pairs; each order differs from the best by one swap.
    """
    best = tuple(range(len(scores)))
    ties = near_ties(scores, exploration)
    each = exploration.rate / len(ties) if ties else 0.0
    if not each:
        return [(best, 1.0)]
    swapped = [((*best[:i], i + 1, i, *best[i + 2 :]), each) for i in ties]
    return [(best, 1.0 - exploration.rate), *swapped]


def propensities(choices: Sequence[tuple[Order, float]], n_shown: int) -> list[tuple[float, ...]]:
    """How likely each candidate is shown at each rank, [candidate][rank]; the column of each rank sums to one."""
    return [
        tuple(_sum(weight for order, weight in choices if order[rank] == candidate) for rank in range(n_shown))
        for candidate in range(len(choices[0][0]))
    ]


def conditional_propensities(choices: Sequence[tuple[Order, float]], shown: Order) -> list[tuple[float, ...]]:
    """As `propensities`, each rank given the candidates shown above it."""
    columns = []
    for rank in range(len(shown)):
        possible = [(order, weight) for order, weight in choices if order[:rank] == shown[:rank]]
        total = math.fsum(weight for _, weight in possible)
        column = propensities([(order, weight / total) for order, weight in possible], rank + 1)
        columns.append([ranks[rank] for ranks in column])
    return list(zip(*columns, strict=True))


def draw(choices: Sequence[tuple[Order, float]], chance: float) -> tuple[Order, float]:
    """The choice on which `chance`, evenly spread over [0, 1), falls."""
    for order, probability in choices:
        chance -= probability
        if chance < 0.0:
            return order, probability
    return choices[0]  # the probabilities summed to a hair less than one


def chance_of(set_id: str, seed: int) -> float:
    """A number in [0, 1) that looks random and is always the same for a set, so that its draw can be repeated."""
    digest = hashlib.blake2b(f"{seed}:{set_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53


def explore(
    replies: Sequence[Reply], n_shown: int, exploration: Exploration, set_id: str
) -> tuple[tuple[Reply, ...], Slate]:
    """The replies to show, with their propensities, and what else could have been shown.

    `replies` all passed every check and come best first; there may be one more than is shown. Without a `set_id` the
    best order is shown, which is also the likeliest.
    """
    n_shown = min(n_shown, len(replies))
    if not n_shown:
        return (), Slate()
    choices = slates([one.score for one in replies], exploration)
    order, probability = draw(choices, chance_of(set_id, exploration.seed)) if set_id else choices[0]
    at_rank = propensities(choices, n_shown)
    given_above = conditional_propensities(choices, order[:n_shown])
    shown = tuple(
        replace(replies[position], rank=rank + 1, propensity=at_rank[position][rank])
        for rank, position in enumerate(order[:n_shown])
    )
    candidates = (
        Showable(one.script_id, one.version, one.score, one.probability, *ranks)
        for one, *ranks in zip(replies, at_rank, given_above, strict=True)
        if any(ranks[0])
    )
    return shown, Slate(probability, tuple(candidates))


def _sum(weights: Iterable[float]) -> float:
    """A probability, not a hair above one."""
    return min(1.0, math.fsum(weights))
