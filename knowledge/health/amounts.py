"""How prices, reductions and shares are written."""

import re
from decimal import Decimal
from typing import Final

from knowledge.health.numerals import digits, numeral
from knowledge.health.quantities import FROM_TO, NUMBER, Quantity, QuantityKind, Reading, between, exactly

CURRENCIES: Final = {
    "¥": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "元": "CNY", "圆": "CNY", "块": "CNY", "块钱": "CNY",
    "$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP",
}  # fmt: skip
TIMES: Final = {"万": Decimal(10_000), "千": Decimal(1000), "": Decimal(1)}

_BEFORE: Final = r"(?P<mark>¥|\$|€|£|rmb|cny|usd|eur|gbp)"
_AFTER: Final = r"(?P<mark>元|圆|块钱|块(?=$|[\s\W]|[包起减左能可就哦的])|yuan\b|rmb\b|cny\b|usd\b|dollars?\b|eur\b)"
_YUAN: Final = r"(?:元|块钱?)?"


def _minimum(match: re.Match[str]) -> Quantity | None:
    return _exactly(match, QuantityKind.MINIMUM)


def _reduction(match: re.Match[str]) -> Quantity | None:
    return _exactly(match, QuantityKind.REDUCTION)


def _exactly(match: re.Match[str], kind: QuantityKind) -> Quantity | None:
    value = numeral(match["low"])
    return None if value is None else exactly(kind, value, "CNY")


def _folded(match: re.Match[str]) -> Quantity | None:
    """What is left of a price in tenths or hundredths: 9折, 9.5折, 95折, 九五折."""
    spelled = digits(match["low"])
    value = Decimal("".join(map(str, spelled))) if spelled else numeral(match["low"])
    if value is None or not 0 < value < 100:
        return None
    return exactly(QuantityKind.DISCOUNT, 100 - (value * 10 if value < 10 else value))


def _half_price(_: re.Match[str]) -> Quantity | None:
    return exactly(QuantityKind.DISCOUNT, Decimal(50))


def _discount(match: re.Match[str]) -> Quantity | None:
    return between(match, QuantityKind.DISCOUNT, Decimal(1))


def _percent(match: re.Match[str]) -> Quantity | None:
    return between(match, QuantityKind.PERCENT, Decimal(1))


def _money(match: re.Match[str]) -> Quantity | None:
    times = TIMES[match.groupdict().get("times") or ""]
    return between(match, QuantityKind.MONEY, times, CURRENCIES[match["mark"]])


READINGS: Final = (
    Reading(re.compile(rf"满\s*(?P<low>{NUMBER})\s*{_YUAN}(?=\s*(?:立?减|返|包邮|免|可|才|送|赠|$|\W))"), _minimum),
    Reading(re.compile(rf"(?<=\0)\s*(?:立减|减|返)\s*(?P<low>{NUMBER})\s*{_YUAN}"), _reduction),
    Reading(
        re.compile(
            rf"(?:orders?|spend(?:ing)?|purchases?) (?:of )?(?:over|above|from) (?:¥|rmb|cny)?\s*(?P<low>{NUMBER})"
        ),
        _minimum,
    ),
    Reading(re.compile(rf"(?:¥|rmb|cny)\s*(?P<low>{NUMBER}) off\b"), _reduction),
    Reading(re.compile(rf"(?<![\d.])(?P<low>{NUMBER})\s*折(?![叠中腾痕扣])"), _folded),
    Reading(re.compile(r"半价|对折(?!叠)|half[ -]price"), _half_price),
    Reading(re.compile(rf"{FROM_TO}\s*%\s*(?:off|discount)"), _discount),
    Reading(re.compile(rf"(?:优惠|立减|减免|便宜)了?\s*{FROM_TO}\s*%"), _discount),
    Reading(re.compile(rf"{FROM_TO}\s*%"), _percent),
    Reading(re.compile(rf"百分之{FROM_TO}"), _percent),
    Reading(re.compile(rf"{_BEFORE}\s*{FROM_TO}"), _money),
    Reading(re.compile(rf"{FROM_TO}\s*(?P<times>万|千)?\s*{_AFTER}"), _money),
)
