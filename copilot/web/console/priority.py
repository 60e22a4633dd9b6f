"""How soon a conversation wants an answer, in points of a hundred, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

COMPLAINT_POINTS = 35
WAITING_POINTS = 30
"""What an endless wait is worth; half of it is reached after `HALF_WAIT`."""
HALF_WAIT = timedelta(minutes=10)
RISE_POINTS = 15
"""What a rise of intent by `WHOLE_RISE` points or more is worth; a smaller one in proportion."""
WHOLE_RISE = 30
VALUED_POINTS = 10
UNREAD_POINTS = 10
"""What five unread messages or more are worth; two points for each."""
HIGH = 50


class Ground(StrEnum):
    """Why a conversation comes early in the list."""

    COMPLAINT = "complaint"
    WAITING = "waiting"
    RISING = "rising"
    VALUED = "valued"
    UNREAD = "unread"


@dataclass(frozen=True)
class Grounds:
    """What priority is made of; `waited` is empty when nobody waits."""

    is_complaint: bool = False
    waited: timedelta | None = None
    intent_rise: int = 0
    is_valued: bool = False
    n_unread: int = 0


@dataclass(frozen=True)
class Share:
    """The points that one reason gives."""

    ground: Ground
    points: int


@dataclass(frozen=True)
class Priority:
    """Points from 0 to 100, the sum of its reasons, the weightiest first."""

    shares: tuple[Share, ...] = ()

    @property
    def points(self) -> int:
        return sum(share.points for share in self.shares)

    @property
    def is_high(self) -> bool:
        return self.points >= HIGH

    def with_unread(self, n_unread: int) -> "Priority":
        """The same for somebody who has read less or more."""
        others = [share for share in self.shares if share.ground is not Ground.UNREAD]
        return _made_of([*others, Share(Ground.UNREAD, _unread_points(n_unread))])


def priority_of(grounds: Grounds) -> Priority:
    """The points of a conversation; reasons that give none are left out."""
    waited = max(grounds.waited, timedelta(0)) if grounds.waited is not None else timedelta(0)
    is_due = grounds.waited is not None
    found = {
        Ground.COMPLAINT: COMPLAINT_POINTS if grounds.is_complaint else 0,
        Ground.WAITING: round(WAITING_POINTS * waited / (waited + HALF_WAIT)),
        Ground.RISING: round(RISE_POINTS * min(max(grounds.intent_rise, 0), WHOLE_RISE) / WHOLE_RISE),
        Ground.VALUED: VALUED_POINTS if grounds.is_valued and is_due else 0,
        Ground.UNREAD: _unread_points(grounds.n_unread),
    }
    return _made_of([Share(ground, points) for ground, points in found.items()])


def _unread_points(n_unread: int) -> int:
    return min(UNREAD_POINTS, 2 * n_unread)


def _made_of(shares: Sequence[Share]) -> Priority:
    given = (share for share in shares if share.points)
    return Priority(tuple(sorted(given, key=lambda share: (-share.points, list(Ground).index(share.ground)))))
