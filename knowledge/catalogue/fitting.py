"""Which products fit a wish; where none does, which come nearest and what they lack."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.shelf import Mask
from knowledge.catalogue.wish import Among, Between, Criterion, Wish

N_BEST: Final = 3
"""How many of the cheapest are shown, and how many that come near."""
FARTHEST: Final = 1.0
"""What exceeds a limit by more than the limit itself is not near."""
MISSING: Final = 1.0
"""What a value that is missing counts against limits that are exceeded, which count as their share."""


@dataclass(frozen=True)
class Fit:
    """Numbers of products, the best first, each with how well it fits from 0 to 1 and what it lacks."""

    numbers: NDArray[np.intp]
    closeness: NDArray[np.float64]
    lacking: tuple[tuple[Criterion, ...], ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether these products meet every criterion."""
        return not self.lacking


def fit(catalogue: Catalogue, wish: Wish, offered: Mask) -> Fit:
    """The products among those offered that fit the wish, or else the nearest; empty where nothing is near."""
    meeting = offered & catalogue.alive
    for criterion in wish.criteria:
        meeting = meeting & catalogue.meeting(criterion)
    if not meeting.any():
        return _nearest(catalogue, wish, offered & catalogue.alive)
    if wish.extreme is not None:
        best = catalogue.best(wish.extreme, meeting, N_BEST)
        if len(best):
            return Fit(best, _by_rank(catalogue.extent(wish.extreme.measures, highest=wish.extreme.is_highest)[best]))
    numbers = np.flatnonzero(meeting)
    return Fit(numbers, _near_aims(catalogue, wish, numbers))


def _by_rank(extents: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, 1/2, 1/3 … for the first, second, third of some numbers in order; equal ones stand equally."""
    _, firsts = np.unique(np.abs(extents - extents[0]), return_inverse=True)
    return np.asarray(1.0 / (1.0 + firsts), np.float64)


def _near_aims(catalogue: Catalogue, wish: Wish, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
    """How near products are to numbers that were only said about; 1 where there are none."""
    closeness = np.ones(len(numbers))
    for one in wish.criteria:
        if isinstance(one, Between) and not np.isnan(one.aim) and one.aim > 0:
            away = np.abs(catalogue.extent(one.measures, highest=True)[numbers] - one.aim) / one.aim
            closeness -= np.nan_to_num(away, nan=1.0)
    return np.clip(closeness, 0.0, 1.0)


def _nearest(catalogue: Catalogue, wish: Wish, offered: Mask) -> Fit:
    """What lacks least; another kind of product, or what was refused, is never near."""
    lack = np.zeros(catalogue.n_products)
    missed: list[tuple[Criterion, Mask]] = []
    for one in wish.criteria:
        is_missed = ~catalogue.meeting(one)
        if isinstance(one, Among) and (one.is_refused or one.is_category):
            offered = offered & ~is_missed
            continue
        missed.append((one, is_missed))
        lack += np.where(is_missed, catalogue.distance(one) if isinstance(one, Between) else MISSING, 0.0)
    is_all = np.logical_and.reduce([is_missed for _, is_missed in missed]) if missed else ~offered
    values_only = not any(isinstance(one, Between) for one, _ in missed)
    numbers = np.flatnonzero(offered & (lack <= FARTHEST * max(1, len(missed) - 1)) & ~(is_all & values_only))
    if len(numbers) > N_BEST:
        numbers = numbers[lack[numbers] <= np.partition(lack[numbers], N_BEST - 1)[N_BEST - 1]]
    numbers = numbers[np.argsort(lack[numbers], kind="stable")][:N_BEST]
    lacking = tuple(tuple(one for one, is_missed in missed if is_missed[number]) for number in numbers)
    return Fit(numbers, np.maximum(0.0, 1.0 - lack[numbers]) / 2, lacking)
