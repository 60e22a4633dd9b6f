"""How durations and times of the day are written."""

import re
from decimal import Decimal
from typing import Final

from knowledge.health.numerals import numeral
from knowledge.health.quantities import FROM_TO, Quantity, QuantityKind, Reading, between, exactly

HOURS: Final = {
    "分钟": Decimal(1) / 60, "minute": Decimal(1) / 60, "min": Decimal(1) / 60, "小时": Decimal(1), "钟头": Decimal(1),
    "hour": Decimal(1), "hr": Decimal(1), "天": Decimal(24), "日": Decimal(24), "day": Decimal(24),
    "周": Decimal(168), "星期": Decimal(168), "礼拜": Decimal(168), "week": Decimal(168),
    "月": Decimal(720), "month": Decimal(720), "年": Decimal(8760), "year": Decimal(8760),
}  # fmt: skip
"""A month is thirty days, a year 365."""

_UNIT: Final = (
    r"(?P<unit>(?<=个)(?:小时|钟头|星期|礼拜|月)|分钟|小时|钟头|星期(?![一二三四五六日天])|礼拜|天|日(?![期常历本用]|月)|周(?![年末一二三四五六日])"
    r"|年(?!前|代|货|会)|(?:minute|min|hour|hr|day|week|month|year)(?=s?\b))s?"
)
_NO_FREQUENCY: Final = r"(?!\s*[一二两三四\d]+\s*次)"
_LATE: Final = ("下午", "傍晚", "晚上", "晚", "pm")
_EARLY: Final = ("凌晨", "早上", "上午", "早", "am")
_WORD: Final = "凌晨|早上|上午|中午|下午|傍晚|晚上|早|晚"
_TIME: Final = (
    r"(?P<{0}>(?<![\d:.])\d{{1,2}})(?:(?::(?P<{0}_minute>\d{{2}}))(?![:\d])|\s*点(?!击|评|赞|开|滴)(?P<{0}_half>半)?)"
)


def _working_days(match: re.Match[str]) -> Quantity | None:
    return between(match, QuantityKind.WORKING_DAYS, Decimal(1))


def _half(match: re.Match[str]) -> Quantity | None:
    return exactly(QuantityKind.DURATION, HOURS[match["unit"]] / 2)


def _duration(match: re.Match[str]) -> Quantity | None:
    value = numeral(match["low"])
    if match["unit"] in ("年", "year") and value is not None and value >= 1000:
        return None  # a date
    return between(match, QuantityKind.DURATION, HOURS[match["unit"]])


def _clock(match: re.Match[str]) -> Quantity | None:
    group = match.groupdict()
    first = _minutes(group, "low", match["word"] or "")
    last = _minutes(group, "high", match["until"] or match["word"] or "") if match["high"] else first
    if first is None or last is None:
        return None
    return Quantity(QuantityKind.CLOCK, first, last)


def _english_clock(match: re.Match[str]) -> Quantity | None:
    minutes = _minutes(match.groupdict(), "low", match["word"])
    return None if minutes is None else Quantity(QuantityKind.CLOCK, minutes, minutes)


def _minutes(group: dict[str, str | None], name: str, word: str) -> Decimal | None:
    """Minutes since midnight; None for what is no time of the day."""
    hours, minutes = int(group[name] or 0), int(group.get(f"{name}_minute") or 0)
    if group.get(f"{name}_half"):
        minutes = 30
    if hours > 24 or minutes > 59:
        return None
    if word in _LATE and hours < 12:
        hours += 12
    elif word in _EARLY and hours == 12:
        hours = 0
    return Decimal(hours * 60 + minutes)


READINGS: Final = (
    Reading(re.compile(rf"{FROM_TO}\s*(?:个?工作日|(?:working|business)[ -]days?\b)"), _working_days),
    Reading(
        re.compile(
            rf"(?:(?P<word>{_WORD})\s*)?{_TIME.format('low')}"
            rf"(?:\s*(?:-|~|—|–|至|到|to)\s*(?P<until>{_WORD})?\s*{_TIME.format('high')})?"
        ),
        _clock,
    ),
    Reading(re.compile(r"(?<![\d:.])(?P<low>\d{1,2})(?::(?P<low_minute>\d{2}))?\s*(?P<word>am|pm)\b"), _english_clock),
    Reading(re.compile(rf"半\s*个?{_UNIT}"), _half),
    Reading(re.compile(rf"half an?[ -]{_UNIT}"), _half),
    Reading(re.compile(rf"(?<!第)(?<!第\s)(?<![月星])(?:{FROM_TO})\s*-?\s*个?\s*{_UNIT}{_NO_FREQUENCY}"), _duration),
)
