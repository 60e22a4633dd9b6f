"""When people shop and talk: the week, the shopping festivals, the hours of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

BEIJING = timezone(timedelta(hours=8))

MONDAY_TO_SUNDAY = (0.90, 0.86, 0.88, 0.94, 1.10, 1.28, 1.22)

SPRING_FESTIVAL = {
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
}


@dataclass(frozen=True)
class Festival:
    """A shopping festival of one year: its days, how much busier they are, and the discount given then."""

    name: str
    first: date
    last: date
    lift: float
    discount: float


def festivals_of(year: int) -> list[Festival]:
    """The shopping festivals of a year, in the order of the calendar.

    The new-year season ends four days before the Spring Festival; years outside 2023-2030 take 5 February for it.
    """
    new_year = SPRING_FESTIVAL.get(year, date(year, 2, 5))
    return [
        Festival("年货节", new_year - timedelta(days=21), new_year - timedelta(days=4), 1.7, 0.92),
        Festival("38节", date(year, 3, 4), date(year, 3, 8), 1.6, 0.90),
        Festival("618", date(year, 6, 10), date(year, 6, 18), 2.6, 0.85),
        Festival("双11", date(year, 10, 28), date(year, 11, 11), 3.0, 0.82),
        Festival("双12", date(year, 12, 9), date(year, 12, 12), 1.5, 0.90),
    ]


def festivals_between(first: date, last: date) -> list[Festival]:
    """The festivals that begin within the given days."""
    years = range(first.year, last.year + 1)
    return [festival for year in years for festival in festivals_of(year) if first <= festival.first <= last]


def festival_on(day: date) -> Festival | None:
    """The festival a day falls in, if any."""
    return next((festival for festival in festivals_of(day.year) if festival.first <= day <= festival.last), None)


def busyness(first: date, last: date) -> NDArray[np.float64]:
    """How busy each day from `first` to `last` is, shape (n_days,), around 1 on an ordinary day."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return np.array([_busyness_of(day) for day in days], dtype=np.float64)


def _busyness_of(day: date) -> float:
    festival = festival_on(day)
    holiday = SPRING_FESTIVAL.get(day.year)
    if holiday is not None and -2 <= (day - holiday).days <= 6:
        return 0.45
    return MONDAY_TO_SUNDAY[day.weekday()] * (festival.lift if festival else 1.0)


def hour_odds(peaks: Sequence[int]) -> NDArray[np.float64]:
    """Probability of each hour of the day, shape (24,): open from 9 to 23, busiest around the given hours."""
    hours = np.arange(24, dtype=np.float64)
    weight = np.full(24, 0.35)
    for peak in peaks:
        weight += np.exp(-0.5 * ((hours - peak) / 1.3) ** 2)
    weight[:9] *= 0.04
    weight /= weight.sum()
    return weight


def moment(day: date, hour: int, second: int) -> datetime:
    """A moment in Beijing time; `second` counts from the beginning of the hour."""
    return datetime.combine(day, time(hour, 0), tzinfo=BEIJING) + timedelta(seconds=second)
