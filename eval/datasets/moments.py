"""Times as people write them, as moments in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The zone of times that name none, as `copilot load` takes them; there has been no summer time since 1991."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
EXPECTED = "a time such as 2026-01-05, 2026-01-05 10:00 or 2026-01-05T10:00:00+08:00"
CACHED_TEXTS = 16_384

_WRITTEN = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
)


def to_moment(value: object) -> datetime | None:
    """The moment a cell holds, in UTC; nothing when it cannot be understood.

    Numbers are refused, since nobody can tell whether they count seconds, milliseconds or days.
    """
    if isinstance(value, str):
        return _written(value.strip())
    if isinstance(value, datetime):
        # A plain datetime: data frames have their own, which count nanoseconds.
        parts = value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond
        return _in_utc(datetime(*parts, tzinfo=value.tzinfo))
    if isinstance(value, date):
        return _in_utc(datetime.combine(value, time()))
    return None


@lru_cache(maxsize=CACHED_TEXTS)
def _written(text: str) -> datetime | None:
    moment = _parsed(text)
    return None if moment is None else _in_utc(moment)


def _parsed(text: str) -> datetime | None:
    if text.isdigit() and len(text) != len("20260105"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime(*(int(part) for part in match.groups(default="0")))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def _in_utc(moment: datetime) -> datetime | None:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=CHINA_TIME)).astimezone(UTC)
