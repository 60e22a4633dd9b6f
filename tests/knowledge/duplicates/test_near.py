import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.duplicates.evidence import FEATURES, Places, evidence
from knowledge.duplicates.near import Pair, near_duplicates, remembering, similarity, unit_vectors
from knowledge.duplicates.similarity import MEASURED, Weights
from knowledge.duplicates.wordings import wordings_of
from knowledge.errors import InvalidValueError

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
MakeEncoder = Callable[[Mapping[str, str]], Encode]
WEIGHTS = Weights(
    intercept=-4.0, cosine=5.0, bigrams=1.0, edits=1.0, numbers=-3.0, negation=-1.0, opposites=-1.0, question=-1.0
)


def test_evidence_worked_by_hand() -> None:
    wordings = wordings_of(["怎么退货7天", "怎么退货15天"])
    vectors = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    row = evidence(wordings, vectors, Places(np.array([0]), np.array([1])))[0]
    found = dict(zip(FEATURES, row, strict=True))
    assert found["cosine"] == pytest.approx(0.6)
    # 怎么 么退 退货 货7 7天 against 怎么 么退 退货 货1 15 5天
    assert found["bigrams"] == pytest.approx(2 * 3 / (5 + 6))
    # five of six and five of seven characters stand in both, in order
    assert found["edits"] == pytest.approx(2 * 5 / (6 + 7))
    assert found["numbers"] == 1
    assert found["negation"] == found["opposites"] == found["question"] == 0


def test_similarity_worked_by_hand(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"退货": "return", "退回": "return"})
    # cosine 1; no common pair of characters but 怎么 of three each; four of 4 + 4 characters: 怎么退
    log_odds = -4 + 5 * 1 + 2 * 2 / 6 + 2 * 3 / 8
    expected = 1 / (1 + math.exp(-log_odds))
    assert similarity("怎么退货", "怎么退回", encode, weights=WEIGHTS) == pytest.approx(expected, abs=1e-6)


def test_texts_that_differ_in_marks_only_are_the_same(by_meaning: MakeEncoder) -> None:
    assert similarity("怎麼退貨？", "怎么退货", by_meaning({})) == 1.0


def test_other_numbers_are_never_the_same(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"退货": "return"})
    assert similarity("7天可以退货", "15天可以退货", encode) < 0.3 < similarity("7天可以退货", "7天能退货", encode)


def test_pairs_are_found_with_their_places(by_meaning: MakeEncoder) -> None:
    encode = by_meaning({"退货": "return", "退回": "return", "发货": "send"})
    texts = ["怎么退货", "何时发货", "怎么退回", "发货了吗", "怎么退货！"]
    found = near_duplicates(texts, encode, 0.6, weights=WEIGHTS)
    assert [(pair.left, pair.right) for pair in found] == [(0, 2), (0, 4), (1, 3)]
    assert found[1].similarity == 1.0


def test_a_hundred_thousand_copies_make_as_many_pairs(by_meaning: MakeEncoder) -> None:
    n_encoded = 0

    def counting(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal n_encoded
        n_encoded += len(texts)
        return by_meaning({})(texts)

    found = near_duplicates(["在吗"] * 100_000 + ["怎么退货"], counting)
    assert len(found) == 99_999
    assert found[-1] == Pair(0, 99_999, 1.0)
    assert n_encoded == 2


@pytest.mark.parametrize("texts", [[], ["怎么退货"], ["", " ", "　"], ["😂", ""]])
def test_nothing_to_compare(texts: list[str], by_meaning: MakeEncoder) -> None:
    assert near_duplicates(texts, by_meaning({})) == []


def test_emoji_are_compared_as_they_are(by_meaning: MakeEncoder) -> None:
    found = near_duplicates(["😂", "👍", "😂"], by_meaning({}))
    assert [(pair.left, pair.right) for pair in found] == [(0, 2)]


@given(
    st.lists(
        st.sampled_from(["退货", "怎么退货", "退货呢", "不退货", "发货", "几时发货", "7天退货", "9天退货"]), max_size=8
    )
)
def test_the_same_pairs_as_comparing_each_with_each(texts: list[str]) -> None:
    def encode(some: Sequence[str]) -> NDArray[np.float32]:
        return np.array(
            [[1.0, 0.1 * len(text)] if "退" in text else [0.1 * len(text), 1.0] for text in some], np.float32
        )

    found = near_duplicates(texts, encode, 0.8, weights=WEIGHTS)
    distinct = sorted(set(texts), key=texts.index)
    expected = {
        frozenset({one, other})
        for place, one in enumerate(distinct)
        for other in distinct[:place]
        if similarity(one, other, encode, weights=WEIGHTS) >= 0.8
    }
    assert {frozenset({texts[pair.left], texts[pair.right]}) for pair in found if pair.similarity < 1.0} == expected
    assert sum(pair.similarity == 1.0 for pair in found) == len(texts) - len(distinct)


@given(one=st.text(max_size=12), other=st.text(max_size=12))
def test_similarity_is_a_probability_and_does_not_depend_on_the_order(one: str, other: str) -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1.0, len(text), text.count("退")] for text in texts], np.float32)

    found = similarity(one, other, encode)
    assert 0 <= found <= 1
    assert found == pytest.approx(similarity(other, one, encode))


@given(
    cosine=st.floats(-1, 1),
    bigrams=st.floats(0, 1),
    edits=st.floats(0, 1),
    against=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_no_pair_below_the_least_cosine_reaches_the_threshold(
    cosine: float, bigrams: float, edits: float, against: list[bool]
) -> None:
    value = MEASURED.similarities(np.array([[cosine, bigrams, edits, *map(float, against)]]))[0]
    assert value < 0.4 or cosine >= MEASURED.least_cosine(0.4) - 1e-9


def test_likeness_speaks_for_a_pair_and_contradiction_against() -> None:
    assert (MEASURED.columns[:3] >= 0).all()
    assert (MEASURED.columns[3:] <= 0).all()


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_a_threshold_is_a_probability(threshold: float, by_meaning: MakeEncoder) -> None:
    with pytest.raises(InvalidValueError, match=r"threshold: got .* expected a number between 0 and 1"):
        near_duplicates(["在吗"], by_meaning({}), threshold)


def test_an_encoder_without_vectors_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="expected vectors with a direction"):
        unit_vectors(["在吗"], lambda texts: np.zeros((len(texts), 3), np.float32))
    with pytest.raises(InvalidValueError, match="one vector for each of 2 texts"):
        unit_vectors(["在吗", "你好"], lambda _: np.ones((1, 3), np.float32))


def test_no_text_is_encoded_twice() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    remembered = remembering(encode)
    remembered(["a", "bb", "a"])
    assert remembered(["bb", "ccc"]).tolist() == [[2.0, 1.0], [3.0, 1.0]]
    assert asked == ["a", "bb", "ccc"]
