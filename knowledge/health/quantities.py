"""Amounts with their units, out of Chinese and English text and in one normal form.

七天, 7 days, 一周 and 168 小时 are one quantity; so are 95折, 九五折 and 5% off. Working days are not days.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from knowledge.health.numerals import NUMERAL, digits, numeral


class QuantityKind(StrEnum):
    """What is measured: hours, working days, minutes since midnight, units of a currency, or per cent."""

    DURATION = "duration"
    WORKING_DAYS = "working days"
    CLOCK = "clock"
    MONEY = "money"
    MINIMUM = "minimum spend"
    REDUCTION = "reduction"
    DISCOUNT = "discount"
    PERCENT = "percent"


@dataclass(frozen=True, order=True)
class Quantity:
    """An amount from `low` to `high`, which are the same unless the text gives a range."""

    kind: QuantityKind
    low: Decimal
    high: Decimal
    currency: str = ""


@dataclass(frozen=True)
class Reading:
    """A way to write a quantity: a pattern over normalised text, and what it makes of a match, if anything."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Quantity | None]


NUMBER: Final = rf"(?:\d+(?:,\d{{3}})*(?:\.\d+)?|{NUMERAL})"
FROM_TO: Final = rf"(?<![\d.:])(?P<low>{NUMBER})(?:\s*(?:-|~|—|–|至|到|to)\s*(?P<high>{NUMBER}))?"
"""Both ends of a range, the second empty for a single number."""


def exactly(kind: QuantityKind, value: Decimal, currency: str = "") -> Quantity:
    """A single amount."""
    rounded = rounded_value(value)
    return Quantity(kind, rounded, rounded, currency)


def between(match: re.Match[str], kind: QuantityKind, factor: Decimal, currency: str = "") -> Quantity | None:
    """The range of a match of `FROM_TO` in units of `factor`; 两三 is a range too."""
    low, high = match["low"], match["high"]
    vague = digits(low) if high is None else []
    if len(vague) == 2 and vague[0] < vague[1]:
        return Quantity(kind, rounded_value(vague[0] * factor), rounded_value(vague[1] * factor), currency)
    first, last = numeral(low), numeral(high or low)
    if first is None or last is None or first > last:
        return None
    return Quantity(kind, rounded_value(first * factor), rounded_value(last * factor), currency)


def rounded_value(value: Decimal) -> Decimal:
    """Without the traces of thirds, and in one spelling: 1.50 as 1.5."""
    return value.quantize(Decimal("0.0001")).normalize() + 0
