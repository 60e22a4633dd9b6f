"""What became of suggestions, counted; and the shares these counts stand for."""

import math
from dataclasses import dataclass, fields
from typing import Final

from eval.statistics.estimate import Estimate

Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
FEW: Final = 30
"""Below so many observations a share is shown, but not to be acted upon."""


@dataclass(frozen=True)
class Counts:
    """Exposures of scripts and what followed; outcomes and edits are counted among those that were used.

    An exposure is one reply shown at one rank of one suggestion set. `n_edited` does not count among `n_accepted`.
    Distances are characters between the suggested and the sent text, summed with their squares over edited replies of
    which they are known.
    """

    n_shown: int = 0
    n_accepted: int = 0
    n_edited: int = 0
    n_dismissed: int = 0
    n_reply: int = 0
    n_purchase: int = 0
    n_complaint: int = 0
    n_distances: int = 0
    distance: int = 0
    distance_squares: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def n_used(self) -> int:
        return self.n_accepted + self.n_edited

    @property
    def acceptance(self) -> Estimate | None:
        """Of the times shown, how often it was sent, edited or not."""
        return share(self.n_used, self.n_shown)

    @property
    def edit_rate(self) -> Estimate | None:
        """Of the times sent, how often it was edited first."""
        return share(self.n_edited, self.n_used)

    @property
    def dismissal(self) -> Estimate | None:
        """Of the times shown, how often the agent said it was wrong."""
        return share(self.n_dismissed, self.n_shown)

    @property
    def reply(self) -> Estimate | None:
        """Of the times sent, how often the customer answered."""
        return share(self.n_reply, self.n_used)

    @property
    def purchase(self) -> Estimate | None:
        """Of the times sent, how often the customer bought."""
        return share(self.n_purchase, self.n_used)

    @property
    def complaint(self) -> Estimate | None:
        """Of the times sent, how often the customer complained."""
        return share(self.n_complaint, self.n_used)

    @property
    def edit_distance(self) -> Estimate | None:
        """Characters changed in a reply that was edited."""
        return mean(self.n_distances, self.distance, self.distance_squares)


NO_COUNTS: Final = Counts()


def share(n_yes: int, n: int) -> Estimate | None:
    """A share of `n` with its 95 % interval (Wilson, Probable Inference, 1927); nothing of nothing.

    Exposures count as independent, which those of one conversation are only roughly.
    """
    if n == 0:
        return None
    rate, spread = n_yes / n, Z * Z / n
    middle = (rate + spread / 2) / (1 + spread)
    half = Z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
    # rounding must not part an end of the scale from the rate that lies on it
    return Estimate(rate, max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half)), n)


def mean(n: int, total: float, squares: float) -> Estimate | None:
    """The mean of `n` numbers that are not negative and its 95 % interval by Student's t; nothing of none.

    One number says nothing of others: the interval has no upper end.
    """
    if n == 0:
        return None
    middle = total / n
    if n == 1:
        return Estimate(middle, 0.0, math.inf, 1)
    from scipy.stats import t  # dear to import

    deviation = math.sqrt(max(0.0, squares - n * middle * middle) / (n - 1))
    half = float(t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
    return Estimate(middle, max(0.0, middle - half), middle + half, n)
