"""The marks of currencies beside amounts of money, as `copilot load` understands them."""

import re
from collections.abc import Mapping

HOUSE_CURRENCY = "CNY"
"""Of amounts that name none."""

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

_WRITTEN = re.compile(r"([-+]?)\s*([^-+\d\s.,]*)\s*([-+]?[\d.,]+(?:[eE][-+]?\d+)?)\s*([^-+\d\s.,]*)")


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


def possible(mark: str) -> frozenset[str]:
    """The currencies that a code or shared mark may mean; none when there is no mark."""
    return SHARED_MARKS.get(mark, frozenset({mark})) if mark else frozenset()
