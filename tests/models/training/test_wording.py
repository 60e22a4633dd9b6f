import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.wording import bigram_marks, is_one_word, near_duplicates, normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hello, World!", "helloworld"), ("亲～ 在的哈。", "亲在的哈"), ("？！", "？！"), ("a_b", "ab")],
)
def test_case_punctuation_and_spaces_do_not_count(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好的", True),
        ("OK!", True),
        ("嗯", True),
        ("。", True),
        ("no problem", False),
        ("可以的", False),
        ("有 货", False),
    ],
)
def test_a_reply_of_one_word_is_recognised(text: str, expected: bool) -> None:
    assert is_one_word(text) is expected


def test_near_duplicates_share_most_pairs_of_characters() -> None:
    """ABCDEF has 5 pairs; with G at its end 6, of which 5 are shared: 5/6; ABCXYZ shares 2 of 8."""
    marks = bigram_marks(["abcdef", "abcdefg", "abcxyz"])
    expected = np.array([[True, True, False], [True, True, False], [False, False, True]])
    np.testing.assert_array_equal(near_duplicates(marks, marks), expected)


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_every_text_says_the_same_as_itself_and_the_relation_is_mutual(texts: list[str]) -> None:
    marks = bigram_marks(texts)
    same = near_duplicates(marks, marks)
    assert same.diagonal().all()
    np.testing.assert_array_equal(same, same.T)
