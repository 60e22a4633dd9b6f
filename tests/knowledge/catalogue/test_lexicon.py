"""The table of words: whole, and without contradictions."""

from itertools import combinations

import pytest

from knowledge.catalogue.lexicon import Lexicon
from knowledge.text import normalise

LEXICON = Lexicon.load()


def test_no_word_is_in_two_comparisons_on_the_same_side() -> None:
    for side in ("before", "after"):
        groups = [set(words) for name, words in LEXICON.comparison.items() if name.endswith(f"most_{side}")]
        groups += [set(words) for name, words in LEXICON.comparison.items() if name.endswith(f"least_{side}")]
        assert all(not one & other for one, other in combinations(groups, 2))


def test_every_word_is_in_its_one_spelling() -> None:
    words = [word for group in (*LEXICON.comparison.values(), *LEXICON.talk.values(), *LEXICON.same) for word in group]
    assert all(word and word == normalise(word) for word in words)


def test_units_have_positive_factors_and_one_word_of_factor_one() -> None:
    for unit in LEXICON.units:
        assert all(factor > 0 for factor in unit.words.values())
        assert 1.0 in unit.words.values()


def test_superlatives_name_a_price_or_a_known_attribute() -> None:
    assert {words.measure for words in LEXICON.extremes} <= {"", "price", *LEXICON.attributes}


@pytest.mark.parametrize(("one", "other"), [("油皮", "oily skin"), ("黑色", "black"), ("笔记本", "laptop")])
def test_words_of_one_meaning_find_each_other_in_both_languages(one: str, other: str) -> None:
    assert other in LEXICON.same_words[one]
    assert one in LEXICON.same_words[other]
