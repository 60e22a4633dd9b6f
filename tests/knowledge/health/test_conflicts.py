from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.health.conflicts import Conflict, conflicts, contradictions
from knowledge.health.quantities import QuantityKind
from knowledge.health.repeats import SameQuestion, same_answers, same_question_other_answer
from knowledge.health.rows import LibraryScript
from knowledge.health.stating import statements

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
MakeEncoder = Callable[[Mapping[str, str]], Encode]

SEVEN = LibraryScript("s7", "签收7天内可退货，48小时退款", triggers=("怎么退货",))
FIFTEEN = LibraryScript("s15", "收到15天内都可退货，48小时退款哦", triggers=("如何退货", "想退"))


def test_other_days_for_one_question(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"怎么退货": "return", "如何退货": "return"})
    assert conflicts([SEVEN, FIFTEEN], encode) == [
        Conflict("s15", "s7", QuantityKind.DURATION, "15天", "7天", question="如何退货")
    ]


def test_the_same_days_written_otherwise_are_no_conflict(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"怎么退货": "return", "如何退货": "return"})
    week = LibraryScript("sw", "一周之内可退，两天退款", triggers=("如何退货",))
    assert conflicts([SEVEN, week], encode) == []


def test_other_questions_may_have_other_answers(by_meaning: MakeEncoder) -> None:
    assert conflicts([SEVEN, FIFTEEN], by_meaning({})) == []


def test_the_same_sentence_with_another_price(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({})
    one, other = LibraryScript("a", "会员卡年费 99 元，随时可办"), LibraryScript("b", "会员卡年费 199 元，随时可办")
    assert [(found.left, found.right) for found in conflicts([one, other], encode)] == [("99 元", "199 元")]


def test_a_shared_title_makes_scripts_comparable(by_meaning: MakeEncoder) -> None:
    one = LibraryScript("a", "九折", title="会员折扣")
    other = LibraryScript("b", "可以打 85 折", title="会员折扣！")
    (found,) = conflicts([one, other], by_meaning({}))
    assert (found.kind, found.left, found.right) == (QuantityKind.DISCOUNT, "九折", "85 折")


def test_scripts_for_different_products_may_differ(by_meaning: MakeEncoder) -> None:
    one = LibraryScript("a", "89元", triggers=("多少钱",), skus=("A",))
    other = LibraryScript("b", "99元", triggers=("多少钱",), skus=("B",))
    assert conflicts([one, other], by_meaning({})) == []
    same = LibraryScript("b", "99元", triggers=("多少钱",), skus=("A", "B"))
    assert len(conflicts([one, same], by_meaning({}))) == 1


def test_quantities_of_another_size_are_no_two_answers() -> None:
    assert contradictions(statements("敷十分钟"), statements("用30天")) == []
    assert len(contradictions(statements("敷十分钟"), statements("用一个小时"))) == 1


def test_of_several_quantities_those_with_the_same_words_are_compared() -> None:
    found = contradictions(statements("洁面乳89元，面霜129元"), statements("洁面乳79元，面霜139元"))
    assert [(one.written, other.written) for one, other in found] == [("89元", "79元"), ("129元", "139元")]


@pytest.mark.parametrize(
    "scripts", [[], [SEVEN], [LibraryScript("a", "😂"), LibraryScript("b", "😂", triggers=("😂",))]]
)
def test_nothing_to_contradict(scripts: list[LibraryScript], by_meaning: MakeEncoder) -> None:
    assert conflicts(scripts, by_meaning({})) == []


words = st.sampled_from(["7天", "15天", "一周", "89元", "99元", "退货", "面霜", "，", "九折", "48小时"])


@given(left=st.lists(words, max_size=6).map("".join), right=st.lists(words, max_size=6).map("".join))
def test_a_contradiction_holds_both_ways(left: str, right: str) -> None:
    there = {(one.quantity, other.quantity) for one, other in contradictions(statements(left), statements(right))}
    back = {(other.quantity, one.quantity) for one, other in contradictions(statements(right), statements(left))}
    assert there == back
    assert all(one != other and one.kind is other.kind for one, other in there)


def test_the_order_of_scripts_changes_nothing(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"退货": "return"})
    scripts = [SEVEN, FIFTEEN, LibraryScript("s3", "3天内可退货", triggers=("退货",))]
    assert conflicts(scripts, encode) == conflicts(scripts[::-1], encode)
    assert len(conflicts(scripts, encode)) == 3


def test_scripts_that_say_the_same_are_grouped_around_one(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"包邮": "shipping"})
    scripts = [
        LibraryScript("a", "全场包邮"),
        LibraryScript("b", "全场都包邮"),
        LibraryScript("c", "全场包邮！"),
        LibraryScript("d", "不发货"),
    ]
    (found,) = same_answers(scripts, encode)
    assert set(found.script_ids) == {"a", "b", "c"}
    assert len(found.similarities) == 2
    assert max(found.similarities) == 1.0


def test_one_question_with_different_answers(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"包邮": "shipping"})
    scripts = [
        LibraryScript("b", "包邮", triggers=("运费多少",)),
        LibraryScript("a", "首重8元", triggers=("运费多少？", "")),
        LibraryScript("c", "都包邮", triggers=("运费多少",)),
        LibraryScript("d", "没有触发语"),
    ]
    assert same_question_other_answer(scripts, encode) == [
        SameQuestion("a", "b", "运费多少？"),
        SameQuestion("a", "c", "运费多少？"),
    ]


def test_an_empty_library_repeats_nothing(by_meaning: MakeEncoder) -> None:
    assert same_answers([], by_meaning({})) == []
    assert same_question_other_answer([], by_meaning({})) == []
