"""Replies that say the same in near the same words are one move."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.archive.table import Words
from knowledge.mining import moves as moves_module
from knowledge.mining.moves import find_moves
from knowledge.mining.skeletons import Names

Make = Callable[[Sequence[str]], Words]
SHIPPING = "亲，您的订单{n}今天下午就会发出，一般{m}天左右到达哦"
RETURNS = "支持七天无理由退换，商品不影响二次销售就可以，运费由我们承担{n}"


def partition(replies: Words, texts: Sequence[str]) -> set[frozenset[str]]:
    found = find_moves(replies, texts)
    return {
        frozenset(text for text, move in zip(replies.texts, found.of_text.tolist(), strict=True) if move == number)
        for number in range(len(found))
    }


def test_a_script_with_other_numbers_names_and_small_edits_is_one_move_and_two_scripts_are_two(words: Make) -> None:
    names = Names.of({"product.name": ["舒缓面霜", "净透洁面乳"]})
    said = [SHIPPING.format(n=1000 + n, m=n) for n in range(5)]
    said += [
        "亲，您的订单77今天下午就会发出，一般3天左右到达",
        "您的订单{{order.id}}今天下午就发出哦，一般2天左右到达哦",
    ]
    said += [RETURNS.format(n=""), RETURNS.format(n="呢"), RETURNS.format(n="！")]
    said += ["这款舒缓面霜敏感肌可以放心用的", "这款净透洁面乳敏感肌可以放心用的"]
    replies = words(said)
    found = find_moves(replies, names.with_slots(replies.texts))
    assert found.of_row.tolist() == [0] * 7 + [1] * 3 + [2] * 2
    assert found.n_uses.tolist() == [7, 3, 2]


def test_moves_are_numbered_by_falling_use_and_told_by_their_most_used_text(words: Make) -> None:
    replies = words(["好的"] * 2 + [RETURNS.format(n="")] * 5 + [RETURNS.format(n="呢")] * 3)
    found = find_moves(replies, replies.texts)
    assert found.n_uses.tolist() == [8, 2]
    assert [replies.texts[text] for text in found.centres] == [RETURNS.format(n=""), "好的"]
    assert (len(found), found.n_used(3), found.n_used(2), found.n_used(9)) == (2, 1, 2, 0)


def test_of_equally_used_texts_the_shortest_and_then_the_first_by_character_is_the_centre(words: Make) -> None:
    for said in (
        ["订单2今天发货啦", "订单1今天发货", "订单3今天发货"],
        ["订单3今天发货", "订单1今天发货", "订单2今天发货啦"],
    ):
        replies = words(said)
        assert [replies.texts[text] for text in find_moves(replies, replies.texts).centres] == ["订单1今天发货"]


def test_a_star_does_not_drift_from_one_wording_to_another(words: Make) -> None:
    """Each word apart from its neighbour: single links would join all."""
    alphabet = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
    chain = [alphabet[start : start + 10] for start in range(0, 11, 2)]
    replies = words(chain)
    found = find_moves(replies, replies.texts)
    assert found.of_text[0] != found.of_text[-1]
    assert 1 < len(found) < len(chain)


def test_a_hundred_thousand_identical_messages_are_one_move() -> None:
    replies = Words(["在的"], np.zeros(100_000, np.int32))
    found = find_moves(replies, replies.texts)
    assert (len(found), found.n_uses.tolist(), int(found.of_row.max())) == (1, [100_000], 0)


def test_no_replies_are_no_moves(words: Make) -> None:
    found = find_moves(words([]), [])
    assert (len(found), found.n_used(1), found.of_row.tolist()) == (0, 0, [])


def test_replies_of_any_characters_are_grouped(words: Make) -> None:
    said = ["👍🏽", "👍🏽", "\u200b", "الشحن اليوم", "…", "亲this is 两种语言", "亲this is 两种语言哦", "字" * 20_000]
    found = find_moves(words(said), words(said).texts)
    assert found.of_row[0] == found.of_row[1]
    assert found.of_row[5] == found.of_row[6]
    assert len(found) == 6


def test_wordings_beyond_the_most_used_join_stars_but_found_none(words: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves_module, "MAX_CENTRES", 1)
    replies = words([RETURNS.format(n="")] * 3 + [RETURNS.format(n="呢"), "完全不同的一句话"])
    found = find_moves(replies, replies.texts)
    assert found.of_row.tolist() == [0, 0, 0, 0, -1]
    assert found.n_uses.tolist() == [4]


def test_blocks_of_any_size_give_the_same_moves(words: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [text.format(n=n, m="一" * (n % 3)) for n in range(12) for text in (SHIPPING, RETURNS, "第{n}种说法{m}啊")]
    replies = words(said)
    whole = partition(replies, replies.texts)
    monkeypatch.setattr(moves_module, "BLOCK", 2)
    monkeypatch.setattr(moves_module, "BLOCK_OF_MANY", 1)
    assert partition(replies, replies.texts) == whole


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_the_order_of_rows_does_not_matter(words: Make, data: st.DataObject) -> None:
    said = [text.format(n=n, m=n % 4) for n in range(4) for text in (SHIPPING, RETURNS, "好的", "亲{n}")] + ["好的呢"]
    mixed = data.draw(st.permutations(said))
    assert partition(words(mixed), words(mixed).texts) == partition(words(said), words(said).texts)
