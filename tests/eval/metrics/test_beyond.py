"""Varied, unexpected, fair to the catalogue."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError
from eval.metrics.beyond import Popularity, diversity, exposure


def test_diversity_is_what_pairs_of_texts_do_not_share() -> None:
    # bigrams 明天 天发 发货 against 今天 天发 发货: 2 of 4 in common
    assert diversity(["明天发货", "今天发货"]) == pytest.approx(1 - 2 / 4)
    # pairs: alike (1), nothing in common twice (0)
    assert diversity(["您好", "您好!", "再见"]) == pytest.approx(1 - (1 + 0 + 0) / 3)
    assert diversity(["好", "好"]) == 0
    assert diversity(["好", "行"]) == 1
    assert diversity(["", ""]) == 0


@pytest.mark.parametrize("texts", [[], ["您好"]])
def test_fewer_than_two_texts_have_no_diversity(texts: list[str]) -> None:
    assert math.isnan(diversity(texts))


def test_novelty_is_the_mean_information_of_the_items_in_bits() -> None:
    popularity = Popularity({"a": 3, "b": 0, "c": 2})  # with one more each: 4, 1, 3 of 8
    assert popularity.share("a") == pytest.approx(4 / 8)
    assert popularity.novelty(["a", "b"]) == pytest.approx((1 + 3) / 2)
    assert popularity.mean_share(["a", "b"]) == pytest.approx((4 / 8 + 1 / 8) / 2)
    assert math.isnan(popularity.novelty([]))
    assert math.isnan(popularity.mean_share([]))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.integers(0, 100), min_size=1))
def test_shares_of_a_catalogue_add_up_to_one(counts: dict[str, int]) -> None:
    popularity = Popularity(counts)
    assert sum(popularity.share(item) for item in counts) == pytest.approx(1)


def test_unknown_items_and_impossible_counts_are_refused() -> None:
    with pytest.raises(EvalError, match="'x' is not among the 1 items"):
        Popularity({"a": 1}).novelty(["a", "x"])
    with pytest.raises(EvalError, match="'a' was used -1 times"):
        Popularity({"a": -1})


def test_exposure_tells_what_was_shown_at_all_and_how_evenly() -> None:
    found = exposure([["a", "b"], ["a"], ["a"]], ["a", "b", "c", "d"])
    assert found.coverage == 2 / 4
    # counts 0 0 1 3: mean absolute difference over all pairs, halved, over the mean
    differences = sum(abs(x - y) for x, y in product((0, 0, 1, 3), repeat=2)) / 16
    assert found.gini == pytest.approx(differences / 2 / 1)


def test_an_even_spread_has_no_gini_and_one_winner_nearly_one() -> None:
    assert exposure([["a"], ["b"]], "ab").gini == pytest.approx(0)
    assert exposure([["a"]], [str(i) for i in range(99)] + ["a"]).gini == pytest.approx(1 - 1 / 100)
    assert math.isnan(exposure([[]], "ab").gini)


def test_exposure_refuses_what_is_not_in_the_catalogue() -> None:
    with pytest.raises(EvalError, match="1 items shown are not in the catalogue, the first 'x'"):
        exposure([["x", "a"]], "ab")
    with pytest.raises(EvalError, match="the catalogue is empty"):
        exposure([], [])
