"""What an amount of money is written with: its number, and the mark of its currency."""

import re
from collections.abc import Mapping
from functools import lru_cache

CACHED_TEXTS = 16_384
HOUSE_CURRENCY = "CNY"
"""Of products whose file names none."""

CODES = frozenset(
    {"AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "KRW", "MOP", "MYR", "NZD", "SGD", "THB", "TWD", "USD"}
)
SHARED_MARKS: Mapping[str, frozenset[str]] = {
    "¥": frozenset({"CNY", "JPY"}),
    "$": frozenset({"AUD", "CAD", "HKD", "MOP", "NZD", "SGD", "TWD", "USD"}),
}
"""Marks that several currencies use; every other one stands for a single currency."""

MARKS: Mapping[str, str] = {
    **{code: code for code in CODES},
    **{mark: mark for mark in SHARED_MARKS},
    "￥": "¥", "RMB": "CNY", "元": "CNY", "人民币": "CNY", "US$": "USD", "美元": "USD", "€": "EUR", "欧元": "EUR",
    "£": "GBP", "英镑": "GBP", "HK$": "HKD", "港元": "HKD", "港币": "HKD", "NT$": "TWD", "新台币": "TWD", "日元": "JPY",
    "円": "JPY", "₩": "KRW", "韩元": "KRW",
}  # fmt: skip
"""How currencies are written beside a number, and the code or shared mark that this is."""

_WRITTEN = re.compile(r"([-+]?)\s*([^-+\d\s.,]*)\s*([-+]?[\d.,]+)\s*([^-+\d\s.,]*)")


@lru_cache(maxsize=CACHED_TEXTS)
def parted(text: str) -> tuple[str, str]:
    """The number in an amount, and the code or shared mark of its currency, empty when it has none.

    Text that is not an amount comes back whole, for whoever reads the number to refuse.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return text, ""
    sign, before, number, after = found.groups()
    marks = {MARKS.get(mark.upper(), "") for mark in (before, after) if mark}
    if "" in marks or len(marks) > 1:
        return text, ""
    return sign + number, marks.pop() if marks else ""


def to_mark(value: object) -> str:
    """The code or shared mark in the cell of an amount; empty when it has none."""
    return parted(value)[1] if isinstance(value, str) else ""


def may_be(mark: str, currency: str) -> bool:
    """Whether an amount with this mark can be one in a currency; one without a mark can be in any."""
    return not mark or currency in SHARED_MARKS.get(mark, (mark,))
