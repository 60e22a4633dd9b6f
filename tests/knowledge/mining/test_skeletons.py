"""What varies from case to case is taken out; what is said stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.mining.skeletons import NO_NAMES, Names, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("这款89元", "这款1,299.00元"),
        ("亲{{customer.name}}您好", "亲{{agent.name}}您好"),
        ("电话[电话x]", "电话[姓名x]"),
        ("订单[ORDERID_10002026]", "订单[ORDERID_7]"),
        ("今天發貨", "今天发货"),
        ("OK  的", "ok 的"),
    ],
)
def test_the_same_script_with_other_facts_has_the_same_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("今天发货", "明天发货"), ("89元", "元"), ("在吗？", "在吗")])
def test_other_words_have_another_skeleton(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_names_become_their_slots_the_longest_first() -> None:
    names = Names.of({"product.name": ["修护精华", "修护精华乳"], "shop.name": ["霁禾馆"]})
    assert names.with_slots(["霁禾馆的修护精华乳和修护精华"]) == ["{{shop.name}}的{{product.name}}和{{product.name}}"]
    assert names.found_in("霁禾馆的修护精华乳") == {"霁禾馆", "修护精华乳"}


def test_names_of_fewer_than_three_characters_could_be_anything() -> None:
    names = Names.of({"product.name": ["面膜", " 泥膜 ", "清洁面膜"]})
    assert names.with_slots(["清洁面膜不是面膜"]) == ["{{product.name}}不是面膜"]


def test_names_with_marks_of_regular_expressions_are_taken_literally() -> None:
    names = Names.of({"product.name": ["A+B(1)", "C.*D"]})
    assert names.with_slots(["A+B(1)，C.*D，CxxD"]) == ["{{product.name}}，{{product.name}}，CxxD"]


def test_without_names_texts_stay_as_they_are() -> None:
    assert NO_NAMES.with_slots(["霁禾"]) == ["霁禾"]
    assert NO_NAMES.found_in("霁禾") == set()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("甲乙丙", min_size=3, max_size=5), min_size=1), st.text("甲乙丙丁", max_size=30))
def test_no_name_is_left_over(known: list[str], text: str) -> None:
    names = Names.of({"product.name": known})
    left = names.with_slots([text])[0].split("{{product.name}}")
    assert not any(name in part for name in known for part in left)
    assert names.found_in(text) <= set(known)
