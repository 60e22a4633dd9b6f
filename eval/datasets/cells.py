"""Numbers, times and words in the cells of tables, where all may be text; as `copilot load` understands them."""

import math
import re
from datetime import datetime
from decimal import Decimal

from eval.datasets.amounts import MARKS, parted
from eval.datasets.moments import EXPECTED as EXPECTED_TIME
from eval.datasets.record import Record

LARGEST = 1e13
EXPECTED_NUMBER = "a number such as 2 or 1.5"
EXPECTED_AMOUNT = "an amount such as 129, ¥129.00 or 1,299.00"

_NUMBER = re.compile(r"[-+]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)


def to_number(record: Record, name: str) -> float | None:
    """A number, or nothing in an empty cell."""
    value = record.fields[name]
    return _number(record, name, value.strip() if isinstance(value, str) else value, EXPECTED_NUMBER)


def to_amount(record: Record, name: str) -> float | None:
    """An amount of money, or nothing in an empty cell."""
    value = record.fields[name]
    if isinstance(value, str):
        value, _ = parted(value)
    return _number(record, name, value, EXPECTED_AMOUNT)


def to_mark(record: Record, name: str) -> str:
    """The currency that an amount is written with, empty when it has none."""
    value = record.fields[name]
    return parted(value)[1] if isinstance(value, str) else ""


def to_currency(record: Record, name: str) -> str:
    """A currency by its code, empty in an empty cell."""
    text = (record.optional_text(name) or "").strip().upper()
    code = MARKS.get(text, text)
    if code and (len(code) != 3 or not (code.isascii() and code.isalpha())):
        raise record.error(name, "a currency of three letters such as CNY")
    return code


def to_time(record: Record, name: str) -> datetime:
    """A moment in UTC, without its zone, as arrays have it."""
    moment = record.moment(name)
    if moment is None:
        raise record.error(name, EXPECTED_TIME)
    return moment.replace(tzinfo=None)


def to_word(record: Record, name: str) -> str:
    """A word in lower case, empty in an empty cell."""
    return (record.optional_text(name) or "").strip().lower()


def to_label(record: Record, name: str) -> str:
    """Whatever a cell holds as text, empty in an empty cell; lists are written `a|b`."""
    value = record.fields[name]
    if isinstance(value, str):
        return record.text(name).strip()
    if isinstance(value, list):
        return "|".join(str(item) for item in value)
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value).removesuffix(".0")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _number(record: Record, name: str, value: object, expected: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise record.error(name, expected)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise record.error(name, expected)
    number = float(value.replace(",", "") if isinstance(value, str) else value)
    if math.isnan(number):
        return None  # how data frames write "missing"
    if abs(number) >= LARGEST:
        raise record.error(name, f"a number below {LARGEST:,.0f}")
    return number
