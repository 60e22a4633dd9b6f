import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.web.pages.difference import changes, difference
from copilot.web.pages.highlight import Piece


def marked(pieces: list[Piece]) -> list[str]:
    """What one text says and the other does not."""
    return [piece.text for piece in pieces if not piece.is_match]


@pytest.mark.parametrize(
    ("theirs", "ours", "only_theirs", "only_ours"),
    [
        ("满99元包邮", "满199元包邮哦", ["99"], ["199", "哦"]),
        ("it ships today", "it ships tomorrow", ["today"], ["tomorrow"]),
        ("满{{amount}}包邮", "满99包邮", ["{{amount}}"], ["99"]),
        ("一样", "一样", [], []),
        ("", "新的", [], ["新的"]),
    ],
)
def test_only_the_words_that_differ_are_marked(
    theirs: str, ours: str, only_theirs: list[str], only_ours: list[str]
) -> None:
    left, right = difference(theirs, ours)
    assert (marked(left), marked(right)) == (only_theirs, only_ours)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_make_up_the_texts_and_what_matches_is_the_same_on_both_sides(theirs: str, ours: str) -> None:
    left, right = difference(theirs, ours)
    assert ("".join(piece.text for piece in left), "".join(piece.text for piece in right)) == (theirs, ours)
    shared = ["".join(piece.text for piece in side if piece.is_match) for side in (left, right)]
    assert shared[0] == shared[1]


def test_texts_too_long_to_compare_are_shown_as_they_are() -> None:
    left, right = difference("一" * 2_000, "二" * 2_000)
    assert (len(left), len(right), left[0].is_match) == (1, 1, False)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "满99元包邮",
            "满199元包邮哦",
            [("满", "same"), ("99", "gone"), ("199", "new"), ("元包邮", "same"), ("哦", "new")],
        ),
        ("it ships today", "it ships", [("it ships", "same"), (" today", "gone")]),
        ("一样", "一样", [("一样", "same")]),
        ("", "", []),
    ],
)
def test_how_one_text_became_the_other_is_told_word_by_word(
    before: str, after: str, told: list[tuple[str, str]]
) -> None:
    assert [(one.text, one.fate) for one in changes(before, after)] == told


@given(st.text(alphabet="ab {}一二", max_size=40), st.text(alphabet="ab {}一二", max_size=40))
def test_without_what_came_it_is_the_old_text_and_without_what_went_the_new(before: str, after: str) -> None:
    told = changes(before, after)
    assert "".join(one.text for one in told if one.fate != "new") == before
    assert "".join(one.text for one in told if one.fate != "gone") == after


def test_a_word_changed_in_a_text_of_twenty_thousand_characters_is_found() -> None:
    before, after = "好" * 10_000 + "甲" + "好" * 9_999, "好" * 10_000 + "乙" + "好" * 9_999
    assert [(one.fate, len(one.text)) for one in changes(before, after)] == [
        ("same", 10_000),
        ("gone", 1),
        ("new", 1),
        ("same", 9_999),
    ]
