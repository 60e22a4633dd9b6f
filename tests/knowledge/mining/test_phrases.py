"""Lines that tell a need, none of which shows who said it."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.archive.table import ReplyTable
from knowledge.mining.phrases import Phrase, Phrases
from knowledge.mining.skeletons import Names

Make = Callable[..., ReplyTable]
SHIPPING, PRICE = 0, 1


def phrases(table: Make, said: Sequence[tuple[str, str, int]]) -> Phrases:
    """From rows of customer, message and need."""
    found = table([(customer, 0, 0, message, "好的") for customer, message, _ in said])
    need_of = {message: need for _, message, need in said}
    return Phrases(found, np.array([need_of[text] for text in found.message.texts], np.int32))


def everybody(message: str, need: int, n: int = 4) -> list[tuple[str, str, int]]:
    return [(f"c{number}", message, need) for number in range(n)]


def test_the_lines_that_tell_a_need_come_first_with_the_number_of_customers(table: Make) -> None:
    said = [
        *everybody("什么时候发货", SHIPPING, 5),
        *everybody("多少钱", PRICE, 3),
        *everybody("你好\n哪天能到", SHIPPING, 4),
    ]
    said += [*everybody("你好\n贵不贵", PRICE, 4)]
    found = phrases(table, said)
    assert found.typical([SHIPPING], 9) == [Phrase("什么时候发货", 5), Phrase("哪天能到", 4)]
    assert found.typical([PRICE], 1) == [Phrase("贵不贵", 4)]


def test_several_needs_are_told_by_the_lines_of_each(table: Make) -> None:
    said = [*everybody("什么时候发货", 0), *everybody("多少钱", 1), *everybody("怎么退货", 2)]
    texts = {phrase.text for phrase in phrases(table, said).typical([0, 1], 9)}
    assert texts == {"什么时候发货", "多少钱"}


def test_no_two_lines_are_alike(table: Make) -> None:
    said = [
        *everybody("什么时候发货呀", SHIPPING, 6),
        *everybody("什么时候发货", SHIPPING, 5),
        *everybody("多少钱", PRICE),
    ]
    assert [phrase.text for phrase in phrases(table, said).typical([SHIPPING], 9)] == ["什么时候发货呀"]


def test_a_customer_who_repeats_a_line_counts_once(table: Make) -> None:
    said = [("c1", "我是大王小月亮", SHIPPING)] * 10 + everybody("多少钱", PRICE)
    assert phrases(table, said).typical([SHIPPING], 9) == []


@pytest.mark.parametrize(
    "line",
    [
        "我家小月亮什么时候发货",
        "Annika什么时候发货",
        "到8302什么时候发货",
        "什么时候发货 annika",
        "tell Annika when it ships",
    ],
)
def test_a_line_that_only_one_customer_said_with_a_word_of_their_own_is_never_shown(table: Make, line: str) -> None:
    """Every pair of letters or digits of the rare words is written by others, but not the words."""
    said = [*everybody("什么时候发货", SHIPPING), *everybody("tell me when it ships", SHIPPING)]
    said += [*everybody("83 30 02 an nn ni ik ka 我家 小 月 亮 到", SHIPPING), *everybody("多少钱", PRICE)]
    said += [("c9", line, SHIPPING)]
    shown = [phrase.text for phrase in phrases(table, said).typical([SHIPPING], 99)]
    assert shown
    assert line not in shown


def test_a_line_of_one_customer_is_shown_when_three_used_each_of_its_words(table: Make) -> None:
    said = everybody("多少钱", PRICE, 3)
    for text in ("什么", "么时", "时候", "候发", "发货"):
        said += everybody(f"{text}甲乙丙丁戊己庚辛{text}", SHIPPING, 3)
    said += [("c9", "什么时候发货", SHIPPING)]
    said += [("c8", "我家小月亮发货", SHIPPING)]
    shown = phrases(table, said).typical([SHIPPING], 99)
    assert Phrase("什么时候发货", 1) in shown
    assert all("月亮" not in phrase.text for phrase in shown)


def test_lines_with_personal_data_too_long_or_too_short_are_left_out(table: Make) -> None:
    said = [*everybody("我叫{{customer.name}}", SHIPPING), *everybody("长" * 61, SHIPPING), *everybody("嗯", SHIPPING)]
    said += [*everybody("发货吗", SHIPPING), *everybody("多少钱", PRICE)]
    assert [phrase.text for phrase in phrases(table, said).typical([SHIPPING], 9)] == ["发货吗"]


def test_conversations_without_a_customer_count_one_each(table: Make) -> None:
    found = table([(f"c{n}", 0, 0, "发货吗", "好") for n in range(3)])
    nobody = [type(talk)(**{**vars(talk), "customer_id": ""}) for talk in found.talks]
    nameless = ReplyTable(**{**vars(found), "talks": nobody})
    assert Phrases(nameless, np.zeros(1, np.int32)).typical([0], 1) == [Phrase("发货吗", 3)]


def test_an_empty_table_has_no_phrases(table: Make) -> None:
    assert Phrases(table([]), np.zeros(0, np.int32)).typical([0, 1], 5) == []


LINES = st.lists(st.tuples(st.sampled_from("abcde"), st.text("发货吗钱好 ax7", min_size=1, max_size=6)), max_size=12)


@given(LINES)
def test_what_is_shown_was_said_by_three_or_holds_no_word_of_one(table: Make, drawn: list[tuple[str, str]]) -> None:
    found = phrases(table, [(customer, line, 0) for customer, line in drawn])
    for phrase in found.typical([0], 99):
        words = [word for word in phrase.text.split() if word.isascii() and word.isalpha()]
        n_said = {word: len({c for c, line in drawn if word in line}) for word in words}
        assert all(n >= 3 for n in n_said.values())
        assert all(
            len({c for c, line in drawn if character in line}) >= 3 for character in phrase.text.replace(" ", "")
        )


def test_a_line_that_only_names_a_product_is_not_shown(table: Make) -> None:
    said = ["[商品] 初霁面霜", "初霁面霜会过敏吗"]
    found = table([(f"c{number}", 0, 0, message, "好的") for number in range(3) for message in said])
    needs, names = np.zeros(len(found.message.texts), np.int32), Names.of({"product.name": ["初霁面霜"]})
    assert Phrases(found, needs, names).typical([0], 5) == [Phrase("初霁面霜会过敏吗", 3)]
