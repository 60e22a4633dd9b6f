"""Passages are short enough to read at a glance and long enough to make sense alone."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.blocks import Block
from knowledge.documents.passages import MAX_CHARS, MIN_CHARS, PassageText, split_passages

SENTENCES = st.lists(st.text(alphabet="产品使用说明，。！？abc ", min_size=1, max_size=400), min_size=1, max_size=20)


def test_short_blocks_of_one_section_make_one_passage() -> None:
    blocks = [Block(("退换货", "运费"), "质量问题我们承担。"), Block(("退换货", "运费"), "其他由您承担。")]
    assert split_passages(blocks) == [PassageText("退换货 > 运费", "质量问题我们承担。\n其他由您承担。")]


def test_sections_are_never_mixed() -> None:
    blocks = [Block(("a",), "一。"), Block(("b",), "二。"), Block(("a",), "三。")]
    assert [(passage.heading, passage.text) for passage in split_passages(blocks)] == [
        ("a", "一。"), ("b", "二。"), ("a", "三。"),
    ]  # fmt: skip


def test_long_sections_are_cut_between_sentences() -> None:
    sentence = "甲" * 119 + "。"
    passages = split_passages([Block((), sentence * 5)])
    assert [passage.text for passage in passages] == [sentence * 2, sentence * 2, sentence]


def test_a_short_end_takes_a_sentence_from_the_passage_before() -> None:
    sentence = "甲" * 99 + "。"
    passages = split_passages([Block((), sentence * 3 + "完。")])
    assert [len(passage.text) for passage in passages] == [200, 102]


def test_a_sentence_without_end_is_cut_at_clauses_or_anywhere() -> None:
    clause = "甲" * 199 + "，"
    assert [passage.text for passage in split_passages([Block((), clause * 2)])] == [clause, clause]
    assert [len(passage.text) for passage in split_passages([Block((), "甲" * 700)])] == [300, 300, 100]


@given(SENTENCES)
def test_nothing_is_lost_and_nothing_too_long(texts: list[str]) -> None:
    passages = split_passages([Block(("h",), text) for text in texts])
    assert all(0 < len(passage.text) <= MAX_CHARS for passage in passages)
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(
        "".join(text.split()) for text in texts
    )


@given(st.lists(st.integers(min_value=2, max_value=79), min_size=1, max_size=40))
def test_passages_are_long_enough_where_the_section_is(lengths: list[int]) -> None:
    text = "".join("字" * (length - 1) + "。" for length in lengths)
    passages = split_passages([Block((), text)])
    assert all(len(passage.text) >= MIN_CHARS for passage in passages) or len(text) <= MAX_CHARS
