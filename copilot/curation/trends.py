"""A period cut into weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from knowledge.errors import InvalidValueError

WEEK: Final = timedelta(days=7)
LONGEST_DAYS: Final = 366
"""Longer periods say little of how a script does now, and every exposure of them is counted."""


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included, as `zone` has them."""

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < LONGEST_DAYS:
            expected = f"a day from {self.first}, the first, to {LONGEST_DAYS} days in all"
            raise InvalidValueError("to", self.last.isoformat(), expected)

    @classmethod
    def ending(cls, now: datetime, n_days: int, zone: tzinfo) -> "Period":
        """The last so many days, today included."""
        return cls.ending_on(now.astimezone(zone).date(), n_days, zone)

    @classmethod
    def ending_on(cls, last: date, n_days: int, zone: tzinfo) -> "Period":
        """So many days, the last of which is given."""
        return cls(last - timedelta(days=n_days - 1), last, zone)

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def until(self) -> datetime:
        """The moment after its last day."""
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    @property
    def n_days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Week:
    """Seven days of a period, fewer at its beginning."""

    first: date
    last: date

    @property
    def n_days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_whole(self) -> bool:
        return self.n_days == WEEK.days


def weeks_of(period: Period) -> list[Week]:
    """The weeks of a period, oldest first, counted back from its last day, so that the newest is a whole one."""
    weeks = []
    last = period.last
    while last >= period.first:
        weeks.append(Week(max(period.first, last - timedelta(days=6)), last))
        last -= WEEK
    return weeks[::-1]


def starts_of(weeks: Sequence[Week], zone: tzinfo) -> list[datetime]:
    """The moment at which each week begins."""
    return [datetime.combine(week.first, time.min, zone) for week in weeks]
