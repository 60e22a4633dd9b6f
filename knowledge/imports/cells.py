"""From a cell to a value; what cannot be understood is refused with what was expected instead."""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from knowledge.audience import Audience
from knowledge.errors import InvalidValueError
from knowledge.imports.money import parted

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The zone of times that name none; a fixed offset, since there has been no summer time since 1991."""

MAX_ID_CHARS = 200
MAX_DIGITS_IN_EXCEL = 10**15
LARGEST_AMOUNT = Decimal(10) ** 13
FIRST_YEAR, LAST_YEAR = 1900, 2200
CACHED_TEXTS = 16_384
CLOCK_SKEW = timedelta(days=1)
"""How far the clock of a shop may be ahead of ours, or its zone be another than we think."""

EXPECTED_AMOUNT = "an amount such as 129, ¥129.00 or 1,299.00"
TRUE_WORDS = frozenset({"true", "yes", "1", "是", "y", "t"})
FALSE_WORDS = frozenset({"false", "no", "0", "否", "n", "f"})

_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
)
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")


@dataclass(frozen=True)
class ReadingRules:
    """What values depend on beside the cell: the zone of times without one, and the present."""

    zone: tzinfo
    now: datetime


def refused(expected: str) -> PydanticCustomError:
    """The error of a cell that does not hold what was expected."""
    return PydanticCustomError("cell", "{expected}", {"expected": expected})


def to_text(value: object) -> str:
    """The cell as text without outer blanks; whole numbers lose the `.0` that spreadsheets give them."""
    if isinstance(value, str):
        return _plain_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    if isinstance(value, date | time | timedelta):
        raise refused("text; the spreadsheet has made this a date, so format the column as text")
    raise refused("text")


def to_required_text(value: object) -> str:
    """Text that is not empty."""
    text = to_text(value)
    if not text:
        raise refused("a value, this column is required")
    return text


def to_id(value: object) -> str:
    """A short identifier without line breaks or other control characters."""
    if (
        type(value) is str
        and value.isascii()
        and value.isprintable()
        and 0 < len(text := value.strip()) <= MAX_ID_CHARS
    ):
        return text  # nearly every id there is, several times as fast
    text = to_required_text(value)
    if len(text) > MAX_ID_CHARS or not text.isprintable():
        raise refused(f"an id of at most {MAX_ID_CHARS} printable characters")
    return text


def to_optional_id(value: object) -> str | None:
    """An identifier, or nothing."""
    return to_id(value) if value is not None and value != "" else None


def to_items(value: object) -> list[str]:
    """A list written `a|b|c`, or a JSON list; blanks and repetitions are left out."""
    parts = value if isinstance(value, list | tuple) else _items_written(to_text(value))
    return list(dict.fromkeys(item for part in parts if (item := to_text(part))))


def _items_written(text: str) -> list[object]:
    """The parts of a list; one whose items hold `|` themselves is written as JSON."""
    if text.startswith('["') and text.endswith('"]'):
        try:
            parts = json.loads(text)
        except (ValueError, RecursionError):
            return [*text.split("|")]
        if isinstance(parts, list):
            return parts
    return [*text.split("|")]


def to_object(value: object) -> dict[str, object]:
    """A JSON object, as such or as text; empty when the cell is."""
    if isinstance(value, dict):
        return _storable(value)
    text = to_text(value)
    if not text:
        return {}
    parsed = from_json(text)
    if not isinstance(parsed, dict):
        raise refused('a JSON object such as {"size": "50 ml"}')
    return _storable(parsed)


def from_json(text: str) -> object:
    """The value a JSON text holds."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused(f"JSON ({error})") from error
    return value


def to_audience(value: object) -> dict[str, object]:
    """An audience rule, checked and reduced to the fields that say something."""
    try:
        return Audience.parse(to_object(value)).to_rule()
    except InvalidValueError as error:
        raise refused(f"{error.expected} in {error.field}") from error


def to_flag(value: object) -> bool | None:
    """Yes or no; nothing when empty."""
    text = to_text(value).lower()
    if not text:
        return None
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise refused("true or false")


def to_number(value: object) -> float | None:
    """A finite number; nothing when empty."""
    if isinstance(value, str):
        return _float_written(value)
    number = _decimal(value, "a number such as 2 or 1.5")
    return None if number is None else float(number)


def to_count(value: object) -> int | None:
    """A whole number from 0; nothing when empty."""
    number = _decimal(value, "a whole number such as 12")
    if number is None:
        return None
    if number != number.to_integral_value() or number < 0:
        raise refused("a whole number from 0, such as 12")
    return int(number)


def to_fen(value: object) -> int | None:
    """An amount of money in hundredths, rounded half up; negative for a refund, nothing when empty."""
    if isinstance(value, str):
        return _fen_written(value)
    amount = _decimal(value, EXPECTED_AMOUNT)
    return None if amount is None else _hundredths(amount)


def to_price_fen(value: object) -> int | None:
    """An amount of money in hundredths that is not negative."""
    amount = to_fen(value)
    if amount is not None and amount < 0:
        raise refused("a price from 0")
    return amount


def to_moment(value: object, info: ValidationInfo) -> datetime | None:
    """A moment in UTC; times without a zone are in the zone of the import, nothing when empty."""
    zone = _rules(info).zone
    if isinstance(value, str):
        return _moment_written(value, zone)
    found = _date_or_datetime(value)
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    return _in_utc(found, zone)


def to_past_moment(value: object, info: ValidationInfo) -> datetime:
    """A moment that has already been."""
    return _moment_until(value, info, timedelta(), "a time that is not in the future")


def to_nearly_past_moment(value: object, info: ValidationInfo) -> datetime:
    """A moment that has already been, if perhaps only by a clock that is ahead of ours."""
    return _moment_until(value, info, CLOCK_SKEW, "a time that is not in the future by more than a day")


def _moment_until(value: object, info: ValidationInfo, ahead: timedelta, expected: str) -> datetime:
    moment = to_moment(value, info)
    if moment is None:
        raise refused("a value, this column is required")
    now = _rules(info).now
    if moment > now + ahead:
        raise refused(f"{expected} (it is now {now:%Y-%m-%d %H:%M %Z})")
    return moment


def to_last_moment(value: object, info: ValidationInfo) -> datetime | None:
    """A moment until which something holds; a date without a time counts to the end of that day."""
    found = _date_or_datetime(value)
    is_day = found is not None and (not isinstance(found, datetime) or _names_no_time(value))
    moment = to_moment(value, info)
    return moment + timedelta(days=1, seconds=-1) if moment is not None and is_day else moment


def to_birthday(value: object, info: ValidationInfo) -> date | None:
    """A date that has already been; nothing when empty."""
    found = _date_or_datetime(value)
    day = found.date() if isinstance(found, datetime) else found
    if day is not None and day > _rules(info).now.date():
        raise refused("a birthday that is not in the future")
    return day


def _rules(info: ValidationInfo) -> ReadingRules:
    rules = info.context
    if not isinstance(rules, ReadingRules):
        raise TypeError(f"rows are validated with ReadingRules as context, got {rules!r}")
    return rules


def _plain_text(value: str) -> str:
    text = value.strip()
    if "\x00" in text:
        raise refused("text without NUL characters")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise refused("text without halves of surrogate pairs") from error
    return text


def _number_text(value: float | Decimal) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""  # how Parquet written from a data frame says "missing"
        if value.is_integer():
            if abs(value) >= MAX_DIGITS_IN_EXCEL:
                raise refused("at most 15 digits in a number; spreadsheets round longer ones, so format it as text")
            return str(int(value))
        return repr(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _storable(value: dict[str, object]) -> dict[str, object]:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise refused(f"a JSON object ({error})") from error
    if "\\u0000" in text:
        raise refused("text without NUL characters")
    return value


def _decimal(value: object, expected: str) -> Decimal | None:
    if isinstance(value, bool):
        raise refused(expected)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float | Decimal):
        return _in_range(Decimal(str(value)))
    return _decimal_written(to_text(value), expected)


@lru_cache(maxsize=CACHED_TEXTS)
def _decimal_written(text: str, expected: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise refused(expected)
    return _in_range(Decimal(text.replace(",", "")))


@lru_cache(maxsize=CACHED_TEXTS)
def _float_written(text: str) -> float | None:
    number = _decimal(text, "a number such as 2 or 1.5")
    return None if number is None else float(number)


@lru_cache(maxsize=CACHED_TEXTS)
def _fen_written(text: str) -> int | None:
    number, _ = parted(text)
    amount = _decimal(number, EXPECTED_AMOUNT)
    return None if amount is None else _hundredths(amount)


def _hundredths(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _in_range(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number) >= LARGEST_AMOUNT:
        raise refused(f"a number below {LARGEST_AMOUNT:,f}")
    return number


def _date_or_datetime(value: object) -> date | datetime | None:
    if isinstance(value, str):
        text = to_text(value)
        return _within_years(_parsed_date(text)) if text else None
    if isinstance(value, date):  # a datetime is one too
        return _within_years(value)
    if value is None:
        return None
    raise refused("a date such as 2026-01-05 or 2026-01-05 10:00; a number such as an epoch is ambiguous")


@lru_cache(maxsize=CACHED_TEXTS)
def _moment_written(text: str, zone: tzinfo) -> datetime | None:
    plain = _plain_text(text)
    if not plain:
        return None
    moment = _parsed_date(plain)
    _within_years(moment)
    return _in_utc(moment, zone)


def _parsed_date(text: str) -> datetime:
    expected = "a date such as 2026-01-05, 2026/1/5 or 2026-01-05 10:00"
    if text.isdigit() and len(text) != len("20260105"):
        raise refused(f"{expected}; a number such as an epoch is ambiguous")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    match = _DATE.fullmatch(text)
    if match is None:
        raise refused(expected)
    try:
        return datetime(*(int(part) for part in match.groups(default="0")))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError as error:
        raise refused(f"{expected} ({error})") from error


def _within_years(moment: date) -> date:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise refused(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _names_no_time(value: object) -> bool:
    return isinstance(value, str) and ":" not in value and "T" not in value


def _in_utc(moment: datetime, zone: tzinfo) -> datetime:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
