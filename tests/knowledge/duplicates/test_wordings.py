import pytest

from knowledge.duplicates.wordings import Wording, are_opposed, bigrams


def test_pairs_of_neighbouring_characters() -> None:
    assert bigrams("怎么退货") == {"怎么", "么退", "退货"}
    assert bigrams("退") == {"退"}
    assert bigrams("") == frozenset()


def test_spelling_and_marks_make_no_difference() -> None:
    assert Wording.of("請問，怎麼退貨？").plain == Wording.of("请问怎么退货").plain
    assert Wording.of("請問，怎麼退貨？").bigrams == Wording.of("请问怎么退货").bigrams


@pytest.mark.parametrize("text", ["不能退货", "我没收到", "别发货", "I cannot return it", "it doesn't work"])
def test_a_denial_is_negative(text: str) -> None:
    assert Wording.of(text).is_negative


@pytest.mark.parametrize("text", ["能不能退货", "有没有优惠", "发货了吗", "不错", "不能不退", "can I return it", ""])
def test_a_question_or_a_double_denial_is_not(text: str) -> None:
    assert not Wording.of(text).is_negative


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("怎么退货", {"how"}),
        ("为什么退货", {"why"}),
        ("怎么还不发货", {"why"}),
        ("什么时候发货", {"when"}),
        ("多久到", {"how long"}),
        ("how much is it", {"how much"}),
        ("退货", set()),
    ],
)
def test_what_is_asked(text: str, kinds: set[str]) -> None:
    assert Wording.of(text).questions == kinds


def test_numbers_keep_their_marks() -> None:
    assert Wording.of("满129减20，3.5折").numbers == {"129", "20", "3.5"}


@pytest.mark.parametrize(
    ("one", "other", "opposed"),
    [
        ("怎么开通会员", "怎么关闭会员", True),
        ("怎么关闭会员", "怎么开通会员", True),
        ("开通后怎么关闭", "怎么关闭会员", False),
        ("怎么退货", "怎么退款", False),
    ],
)
def test_opposites(one: str, other: str, opposed: bool) -> None:
    assert are_opposed(one, other) is opposed
