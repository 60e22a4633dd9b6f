from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.health.numerals import digits, numeral
from knowledge.health.quantities import Quantity, QuantityKind
from knowledge.health.stating import statements, without_quantities

DURATION, CLOCK, MONEY = QuantityKind.DURATION, QuantityKind.CLOCK, QuantityKind.MONEY
MINIMUM, REDUCTION, DISCOUNT = QuantityKind.MINIMUM, QuantityKind.REDUCTION, QuantityKind.DISCOUNT
PERCENT, WORKING_DAYS = QuantityKind.PERCENT, QuantityKind.WORKING_DAYS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("七", 7), ("十", 10), ("十五", 15), ("二十", 20), ("两百三十", 230), ("一百二", 120), ("一百零二", 102),
        ("一千六百八", 1680), ("一万二", 12000), ("两万零五十", 20050), ("三点五", Decimal("3.5")),
        ("1,680", 1680), ("12.50", Decimal("12.5")),
    ],
)  # fmt: skip
def test_numerals(text: str, value: int | Decimal) -> None:
    assert numeral(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "天", "两三", "九五", "七x", "1.2.3", "点五", "1" + "0" * 13, "9" * 400, "万万万万", "一" + "万" * 3000],
)
def test_what_is_no_number(text: str) -> None:
    assert numeral(text) is None


@pytest.mark.parametrize("number", ["9" * 400, "一百" + "万" * 300])
@pytest.mark.parametrize("around", ["{}元", "满{}减50", "{}天内", "{}%", "{}折", "{}个工作日"])
def test_what_is_too_large_for_an_amount_states_nothing(number: str, around: str) -> None:
    assert [one for one in _of(around.format(number)) if one[2] > 1000] == []


def test_digits_that_are_spelled_out() -> None:
    assert digits("九五") == [9, 5]
    assert digits("九十五") == []


@given(st.integers(1, 99_999))
def test_a_number_written_out_in_full_is_read_back(value: int) -> None:
    assert numeral(_in_chinese(value)) == value


def _in_chinese(value: int) -> str:
    """With every power and every 零, as a cheque would have it."""
    parts, was_zero = [], False
    for power, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // power % 10
        if digit:
            parts += ["零" if was_zero and parts else "", "零一二三四五六七八九"[digit], name]
        was_zero = not digit
    return "".join(parts)


def _of(text: str) -> list[tuple[QuantityKind, int | float, int | float]]:
    return [(one.quantity.kind, float(one.quantity.low), float(one.quantity.high)) for one in statements(text)]


@pytest.mark.parametrize(
    "text", ["7天无理由", "七天内", "within 7 days", "一周", "168小时", "七日內", "７天", "7-day", "1个星期"]
)
def test_a_week_is_a_week(text: str) -> None:
    assert _of(text) == [(DURATION, 168, 168)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1-2天到", [(DURATION, 24, 48)]),
        ("24到48小时", [(DURATION, 24, 48)]),
        ("两三天", [(DURATION, 48, 72)]),
        ("半个月", [(DURATION, 360, 360)]),
        ("half a year", [(DURATION, 4380, 4380)]),
        ("30分钟", [(DURATION, 0.5, 0.5)]),
        ("两个月", [(DURATION, 1440, 1440)]),
        ("3个工作日", [(WORKING_DAYS, 3, 3)]),
        ("3 business days", [(WORKING_DAYS, 3, 3)]),
    ],
)
def test_durations(text: str, expected: list[tuple[QuantityKind, float, float]]) -> None:
    assert _of(text) == expected


@pytest.mark.parametrize(
    "text", ["2019 年开始", "11月2日", "第2天", "第 二 天", "一天两次", "周一到周五", "3:1:1", "S172", "24", "😂", ""]
)
def test_dates_ordinals_and_bare_numbers_are_no_quantities(text: str) -> None:
    assert statements(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9:00-22:00", [(CLOCK, 540, 1320)]),
        ("早上9点到晚上10点", [(CLOCK, 540, 1320)]),
        ("晚上8点半", [(CLOCK, 1230, 1230)]),
        ("9 am", [(CLOCK, 540, 540)]),
        ("10pm", [(CLOCK, 1320, 1320)]),
    ],
)
def test_times_of_the_day(text: str, expected: list[tuple[QuantityKind, float, float]]) -> None:
    assert _of(text) == expected


@pytest.mark.parametrize("text", ["¥89", "89元", "八十九块钱", "89块包邮", "CNY 89", "89 yuan", "￥89.00"])
def test_a_price_is_a_price(text: str) -> None:
    assert [one.quantity for one in statements(text)] == [Quantity(MONEY, Decimal(89), Decimal(89), "CNY")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,680 元", [(MONEY, 1680, 1680)]),
        ("1.2万元", [(MONEY, 12000, 12000)]),
        ("满 129 减 20", [(MINIMUM, 129, 129), (REDUCTION, 20, 20)]),
        ("满129元立减20元", [(MINIMUM, 129, 129), (REDUCTION, 20, 20)]),
        ("满 99 元包邮", [(MINIMUM, 99, 99)]),
        ("¥20 off orders over ¥129", [(REDUCTION, 20, 20), (MINIMUM, 129, 129)]),
        ("一块洁面皂", []),
    ],
)
def test_amounts_of_money(text: str, expected: list[tuple[QuantityKind, float, float]]) -> None:
    assert _of(text) == expected


def test_a_dollar_is_no_yuan() -> None:
    assert statements("$89")[0].quantity != statements("¥89")[0].quantity


@pytest.mark.parametrize("text", ["95折", "九五折", "9.5折", "5% off", "优惠5%"])
def test_a_discount_of_five_per_cent(text: str) -> None:
    assert _of(text) == [(DISCOUNT, 5, 5)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("九折", [(DISCOUNT, 10, 10)]),
        ("半价", [(DISCOUNT, 50, 50)]),
        ("含5%烟酰胺", [(PERCENT, 5, 5)]),
        ("百分之五", [(PERCENT, 5, 5)]),
        ("打折吗", []),
    ],
)
def test_shares(text: str, expected: list[tuple[QuantityKind, float, float]]) -> None:
    assert _of(text) == expected


def test_what_is_said_of_the_quantities() -> None:
    assert without_quantities("签收 7 天内可退，满 99 元包邮") == "签收 #内可退,#包邮"


def test_a_quantity_knows_the_words_of_its_clause() -> None:
    first, second = statements("签收7天内可退，48小时退款")
    assert first.written == "7天"
    assert {"签收", "可退"} <= first.about
    assert "退款" in second.about
    assert not first.about & second.about


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    found = statements(text)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
