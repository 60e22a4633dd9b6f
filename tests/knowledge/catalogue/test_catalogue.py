"""What meets a wish, what is nearest, and a catalogue that changes."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import Content, Measure, ProductRow, Quantity, Value, contents_of, facts_in
from knowledge.catalogue.fitting import fit

COLOURS = ["红色", "白色", "黑色"]


def row(sku: str, fen: int | None, colour: str = "红色", category: str = "裙子", **attributes: object) -> ProductRow:
    return ProductRow(sku, f"款式{sku}", category, "", fen, "CNY", (), {"颜色": colour, **attributes})


def fitting(catalogue: Catalogue, message: str, offered: Sequence[bool] | None = None) -> list[str]:
    mask = np.ones(catalogue.n_products, np.bool_) if offered is None else np.array(offered)
    return [catalogue.row(int(number)).sku for number in fit(catalogue, catalogue.read(message), mask).numbers]


def test_a_row_states_its_values_and_quantities() -> None:
    battery = facts_in(Content("待机时长", "7-9小时", str))
    assert battery.values == (Value("待机时长", "7-9小时"),)
    assert battery.quantities == (Quantity(Measure("待机时长", "h"), 7.0, 9.0),)
    disks = facts_in(Content("硬盘", "256GB SSD + 1TB HDD", str))
    assert [(one.low, one.high) for one in disks.quantities] == [(256, 256), (1024, 1024)]
    assert facts_in(Content("倒车影像", True, bool)).values == (Value("倒车影像", "true"),)
    assert facts_in(Content("价格(万元)", 10.99, float)).quantities == ()


def test_a_line_of_a_list_says_what_its_amounts_are_of() -> None:
    told = facts_in(Content("features", "8GB memory", str, is_line=True)).quantities
    assert told == (Quantity(Measure("memory", "GB"), 8.0, 8.0),)


def test_the_description_speaks_only_where_there_are_no_attributes() -> None:
    bare = ProductRow("a", "TV", "tv", "", 100, "USD", (), {}, "a 65 inch screen")
    full = ProductRow("a", "TV", "tv", "", 100, "USD", (), {"color": "black"}, "a 65 inch screen")
    assert any(content.said == "a 65 inch screen" for content in contents_of(bare))
    assert not any(content.said == "a 65 inch screen" for content in contents_of(full))


def test_the_cheapest_come_first_and_only_among_what_is_offered() -> None:
    catalogue = Catalogue.of([row(sku, fen) for sku, fen in zip("abcde", (500, 100, 400, 200, 300), strict=True)])
    assert fitting(catalogue, "最便宜的裙子") == ["b", "d", "e"]
    assert fitting(catalogue, "最便宜的裙子", [True, False, True, True, True]) == ["d", "e", "c"]


def test_where_nothing_fits_the_nearest_say_what_they_lack() -> None:
    rows = [row("a", 32_900), row("b", 35_000), row("c", 29_000, "白色"), row("d", 10_000, "黑色", "帽子")]
    catalogue = Catalogue.of(rows)
    found = fit(catalogue, catalogue.read("300以内红色的裙子"), np.ones(4, np.bool_))
    assert not found.is_exact
    assert [catalogue.row(int(number)).sku for number in found.numbers] == ["a", "b", "c"]
    assert [[one.words for one in lacking] for lacking in found.lacking] == [["300以内"], ["300以内"], ["红色"]]


def test_what_is_refused_is_never_near() -> None:
    catalogue = Catalogue.of([row("a", 100), row("b", 100)])
    assert fitting(catalogue, "不要红色，200元以内") == []


def test_a_price_in_another_currency_is_no_answer() -> None:
    euros = ProductRow("a", "x", "裙子", "", 100, "EUR", (), {})
    assert fitting(Catalogue.of([euros]), "under $300") == []
    assert fitting(Catalogue.of([euros]), "300元以内") == ["a"]


def test_an_unknown_price_is_within_no_limit() -> None:
    assert fitting(Catalogue.of([row("a", None), row("b", 100)]), "300元以内") == ["b"]


ROWS = st.builds(row, st.sampled_from("abcdef"), st.integers(1, 900).map(lambda n: n * 100), st.sampled_from(COLOURS))
SOME = st.lists(ROWS, max_size=6, unique_by=lambda one: one.sku)
MESSAGES = st.sampled_from(["300以内", "不要红色", "白色或者黑色", "200到500红色的", "最便宜的", "最贵的白色裙子"])


@given(SOME, SOME, st.sets(st.sampled_from("abcdef"), max_size=2), MESSAGES)
def test_a_changed_catalogue_answers_as_one_that_is_read_anew(
    before: list[ProductRow], changed: list[ProductRow], gone: set[str], message: str
) -> None:
    rows = {one.sku: one for one in before} | {one.sku: one for one in changed}
    now = {sku: one for sku, one in rows.items() if sku not in gone - {one.sku for one in changed}}
    patched = Catalogue.of(before).changed(changed, [*gone, *(one.sku for one in changed)])
    anew = Catalogue.of(now.values())
    if patched.read(message).criteria == anew.read(message).criteria:  # a vanished value may still be understood
        assert sorted(fitting(patched, message)) == sorted(fitting(anew, message))


@given(st.lists(ROWS, min_size=1, max_size=6, unique_by=lambda one: one.sku), st.integers(1, 900))
def test_what_fits_a_limit_is_exactly_what_costs_no_more(rows: list[ProductRow], limit: int) -> None:
    within = {one.sku for one in rows if one.price <= limit}
    found = fitting(Catalogue.of(rows), f"{limit}元以内")
    assert set(found) == within if within else len(found) <= 3


@pytest.mark.parametrize(
    ("number", "texts"),
    [(10**15, ["1000000000000000"]), (1e300, ["1e+300"]), (10**320, []), (-(10**320), [])],
)
def test_a_number_that_is_rather_a_code_is_no_quantity(number: float, texts: list[str]) -> None:
    found = facts_in(Content("编号", number, type(number)))
    assert ([value.text for value in found.values], found.quantities) == (texts, ())


def test_a_code_of_13_digits_is_a_value_in_full() -> None:
    found = facts_in(Content("条码", 6_901_234_567_892, int))
    assert found.values == (Value("条码", "6901234567892"),)


def test_a_product_with_a_huge_number_leaves_the_others_readable() -> None:
    rows = [row("a", 10_000, 条码=10**320, 编号=[10**400]), row("b", 20_000)]
    catalogue = Catalogue.of(rows)
    assert fitting(catalogue, "最便宜的裙子") == ["a", "b"]
