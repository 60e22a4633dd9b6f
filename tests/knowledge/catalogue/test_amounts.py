"""Reading amounts out of text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.catalogue.amounts import Bound, read_amounts
from knowledge.catalogue.english_numerals import in_digits
from knowledge.text import normalise

INF = math.inf


def limits(text: str) -> list[tuple[float, float]]:
    """The limits of each amount, in its own unit."""
    return [amount.limits(1.0) for amount in read_amounts(in_digits(normalise(text)))]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("300以内", -INF, 300),
        ("300 元以下", -INF, 300),
        ("３００元以內", -INF, 300),
        ("不超过1万5", -INF, 15_000),
        ("不想花超过二十万", -INF, 200_000),
        ("5000到10000", 5000, 10_000),
        ("6500到1万块", 6500, 10_000),
        ("15-20万", 150_000, 200_000),
        ("5到8千", 5000, 8000),
        ("两三千", 2000, 3000),
        ("10000元-1.5w之间", 10_000, 15_000),
        ("6k到七千五", 6000, 7500),
        ("一万二左右", 9600, 14_400),
        ("预算8000", -INF, 8000),
        ("预算8000以上", 8000, INF),
        ("under $300", -INF, 300),
        ("$1,500 to $2,000", 1500, 2000),
        ("between 200 and 300 dollars", 200, 300),
        ("around 20k yuan", 16_000, 24_000),
        ("not above 450", -INF, 450),
        ("doesn't cost more than $80", -INF, 80),
        ("no smaller than 23 inches", 23, INF),
        ("less than fifteen hundred dollars", -INF, 1500),
        ("a thousand dollars or less", -INF, 1000),
        ("max 250k yuan plus heated seats", -INF, 250_000),
        ("9小时以上", 9, INF),
        ("7-9小时", 7, 9),
        ("小于5小时", -INF, 5),
        ("16G内存", 16, 16),
    ],
)
def test_an_amount_has_the_limits_that_its_words_say(text: str, low: float, high: float) -> None:
    assert limits(text) == [(pytest.approx(low), pytest.approx(high))]


def test_three_thousand_odd_ends_before_four_thousand() -> None:
    [(low, high)] = limits("三千多块")
    assert low == 3000
    assert 3999.9 < high < 4000


@pytest.mark.parametrize("text", ["一款", "三厢车", "i5-8265U", "4053*1740*1449", "最高的三厢车", "DCC-3200P1"])
def test_product_codes_dimensions_and_counted_things_are_no_amounts(text: str) -> None:
    assert limits(text) == []


def test_units_and_currencies_are_told_apart() -> None:
    storage, price, weight = read_amounts(normalise("1T硬盘 300美元 3斤"))
    assert ("GB", 1024.0) in storage.units
    assert (price.is_money, "USD" in price.currencies, "CNY" in price.currencies) == (True, True, False)
    assert weight.units == (("kg", 0.5),)


def test_memory_is_not_inside_of_a_limit() -> None:
    assert [amount.bound for amount in read_amounts("16g内存512g固态")] == [Bound.EXACT, Bound.EXACT]


@given(st.integers(100, 99_999))
def test_every_spelling_of_a_price_is_the_same_price(price: int) -> None:
    spellings = [f"{price}元以内", f"{price:,}元以内", f"under ${price}", f"{price / 10_000:.10g}万以内"]
    assert [limits(spelling)[0][1] for spelling in spellings] == [pytest.approx(price)] * 4


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_amounts_lie_in_it_in_order(text: str) -> None:
    normal = normalise(text)
    amounts = read_amounts(normal)
    ends = [place for amount in amounts for place in (amount.start, amount.end)]
    assert all(0 <= place <= len(normal) for place in ends)
    assert all(amount.start < amount.end and amount.low <= amount.high for amount in amounts)


HUGE = [
    "9" * 400,
    "1" + "0" * 5000,
    "万亿亿亿",
    "一百" + "万" * 3000,
    "二三" + "千" * 400,
    "十几" + "百" * 400,
    "9e400",
]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize(
    "around", ["{}", "{}多块", "{}寸的屏幕", "{}以内", "under ${}", "100到{}元", "{}k以内", "{}万左右"]
)
def test_a_number_beyond_all_amounts_is_none(number: str, around: str) -> None:
    assert all(amount.high < 10**13 for amount in read_amounts(in_digits(normalise(around.format(number)))))


def test_an_amount_is_below_ten_million_million() -> None:
    assert limits("9999999999999元以内") == [(-INF, 9_999_999_999_999)]
    assert limits("10000000000000元以内") == []
    assert limits("1000000000万以内") == []


NUMBERS = st.from_regex(r"[0-9]{1,400}", fullmatch=True) | st.text(
    "零一二两三九十百千万亿几点", min_size=1, max_size=60
)
WORDS = st.sampled_from(
    ["多", "来", "出头", "块", "元", "$", "k", "w", "万", "寸", "以内", "左右", "到", "-", "和", "thousand", " ", "."]
)


@given(st.lists(NUMBERS | WORDS, max_size=6))
def test_any_numbers_with_any_words_around_them_can_be_read(parts: list[str]) -> None:
    assert all(math.isfinite(amount.high) for amount in read_amounts(in_digits(normalise("".join(parts)))))
