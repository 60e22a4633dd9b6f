"""What archives of real conversations brought up: masks, loose wordings, needs that take in everything."""

from collections.abc import Callable, Sequence

import numpy as np

from knowledge.archive.table import ReplyTable
from knowledge.mining.phrases import Phrase, Phrases
from knowledge.mining.skeletons import NO_NAMES
from knowledge.mining.templates import Templates, Wording

Make = Callable[..., ReplyTable]


def induced(*wordings: tuple[str, int]) -> str:
    return Templates(NO_NAMES).induce([Wording(text, n) for text, n in wordings])


def test_a_mask_is_a_slot_although_all_masks_look_alike() -> None:
    assert induced(("预计[数字x]天送到您手中", 5)) == "预计{{blank_1}}天送到您手中"


def test_a_mask_is_never_split() -> None:
    said = [("订单[ORDERID_10]已经取消了", 3), ("订单[ORDERID_22]已经取消了", 2), ("订单[订单x]已经取消了", 2)]
    assert induced(*said) == "订单{{blank_1}}已经取消了"


def test_the_wording_most_like_the_others_is_the_centre_and_not_the_first_of_equals() -> None:
    said = [
        ("您太客气了，请问还有其他可以帮到您的吗", 1),
        ("好的，请问还有其他可以帮到您的吗", 1),
        ("请问还有其他可以帮到您的吗", 1),
    ]
    assert induced(*said) == "请问还有其他可以帮到您的吗"


def test_a_clause_that_most_word_differently_becomes_one_slot() -> None:
    """Of the first clause only 很 is shared; spelled out, the slots around it would splice pieces of sentences."""
    said = [
        ("我很喜欢红色，请您提供一下订单号方便查询处理", 1),
        ("他很讨厌蓝布，请您提供一下订单号方便查询处理", 1),
        ("谁很想要长裙，请您提供一下订单号方便查询处理", 1),
    ]
    assert induced(*said) == "{{blank_1}}，请您提供一下订单号方便查询处理"


def test_marks_that_vary_are_no_slot() -> None:
    said = [("还有什么可以帮您的吗?", 1), ("还有什么可以帮您的吗~", 1), ("还有什么可以帮您的吗。", 1)]
    assert induced(*said) == "还有什么可以帮您的吗?"


def test_words_left_out_leave_no_double_space_in_english() -> None:
    said = [("We are very sorry for that delay", 1), ("We are sorry for that delay", 4)]
    assert induced(*said) == "We are sorry for that delay"


def phrases(table: Make, said: Sequence[tuple[str, str, int]]) -> Phrases:
    """From rows of customer, message and need."""
    found = table([(customer, 0, 0, message, "好的") for customer, message, _ in said])
    need_of = {message: need for _, message, need in said}
    return Phrases(found, np.array([need_of[text] for text in found.message.texts], np.int32))


def everybody(message: str, need: int, n: int = 4) -> list[tuple[str, str, int]]:
    return [(f"c{number}", message, need) for number in range(n)]


def test_a_line_of_numbers_or_masks_alone_triggers_nothing(table: Make) -> None:
    said = [row for text in ("[订单x]", "2.6.2", "4G", "手机号[电话x]", "发货吗", "ok") for row in everybody(text, 0)]
    said += everybody("多少钱", 1)
    assert [phrase.text for phrase in phrases(table, said).typical([0], 9)] == ["发货吗"]


def test_a_need_that_takes_in_nearly_everything_tells_nothing_of_a_reply(table: Make) -> None:
    """Need 0 holds 32 of 36 lines. Three customers asked for the invoice, two of them right before this reply."""
    said = [*everybody("怎么开发票", 0, 3), *everybody("你好", 0, 29), *everybody("多少钱", 1, 4)]
    found = phrases(table, said)
    assert found.before(["怎么开发票", "怎么开发票", "你好"], [0], 9) == [Phrase("怎么开发票", 3)]
    assert found.before(["怎么开发票", "你好"], [0], 9) == []


def test_a_narrow_need_lends_its_lines_to_a_reply_that_nobody_gave_to_them(table: Make) -> None:
    said = [*everybody("怎么开发票", 0, 4), *everybody("多少钱", 1, 40)]
    assert phrases(table, said).before(["开票"], [0], 9) == [Phrase("怎么开发票", 4)]
