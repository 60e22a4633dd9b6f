"""The decided sets by time, cut in three."""

import math
from dataclasses import dataclass

import numpy as np

from copilot.errors import NotReadyError
from copilot.training.log import DecisionLog
from copilot.training.settings import RankerSettings, Shares

FEWEST_JUDGED = 20
"""Takings in the last range, below which no interval means anything."""


@dataclass(frozen=True)
class Ranges:
    """What the weights are fitted on, what probabilities are, and what judges both; each later than the one before."""

    fit: DecisionLog
    calibrate: DecisionLog
    judge: DecisionLog

    @classmethod
    def of(cls, log: DecisionLog, settings: RankerSettings) -> "Ranges":
        """Cut by the order of time; a conversation that began in one range is left out of the later ones.

        Raises:
            NotReadyError: there are too few decisions to learn from.
        """
        require_enough(log, settings)
        number = _numbers(log.n, settings.shares)
        first = np.full(int(log.groups.max()) + 1, len(settings.shares))
        np.minimum.at(first, log.groups, number)
        kept = first[log.groups] == number
        ranges = cls(*(log.only(kept & (number == one)) for one in range(3)))
        if min(ranges.calibrate.n_taken, ranges.judge.n_taken) < FEWEST_JUDGED:
            raise NotReadyError(
                f"the later decisions hold {ranges.calibrate.n_taken} and {ranges.judge.n_taken} replies that were "
                f"sent, to calibrate and to judge; at least {FEWEST_JUDGED} each are needed. Nothing was changed"
            )
        return ranges


def require_enough(log: DecisionLog, settings: RankerSettings) -> None:
    """Check that there are decisions enough.

    Raises:
        NotReadyError: there are not; the message says about how many more are needed.
    """
    missing = settings.fewest_sets - log.n
    rate = max(log.n_taken, 1) / max(log.n, 3)
    missing = max(missing, math.ceil((settings.fewest_taken - log.n_taken) / rate))
    if missing <= 0:
        return
    unread = f" ({sum(log.left_out.values()):,} more could not be read)" if log.left_out else ""
    raise NotReadyError(
        f"{log.n:,} decided sets, {log.n_taken:,} of them with a reply that was sent{unread}: learning a ranker needs "
        f"about {missing:,} more decisions. Nothing was changed; the policy in use goes on"
    )


def _numbers(n: int, shares: Shares) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The range of each set, 0 to 2."""
    ends = np.round(np.cumsum(shares) / sum(shares) * n).astype(np.intp)
    return np.asarray(np.searchsorted(ends, np.arange(n), side="right"), np.intp)
