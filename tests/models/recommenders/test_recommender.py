import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.recommenders.recommender import best_items, without

SOME = st.one_of(st.just(-np.inf), st.integers(-3, 3).map(float))


def test_the_best_come_first_and_ties_by_number() -> None:
    scores = np.array([[1.0, 3.0, 1.0, 2.0]], np.float32)
    assert best_items(scores, 3)[0].tolist() == [1, 3, 0]


def test_what_is_never_recommended_is_not_there_even_when_few_are_left() -> None:
    assert best_items(np.array([[-np.inf, 0.0, -np.inf]], np.float32), 3)[0].tolist() == [1]


def test_owned_items_are_taken_out_of_a_copy() -> None:
    scores = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    left = without(scores, [np.array([1]), np.array([], np.int64)])
    assert left.tolist() == [[1.0, -np.inf], [3.0, 4.0]]
    assert scores.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@given(arrays(np.float32, (3, 7), elements=SOME), st.integers(1, 9))
def test_the_best_items_are_those_of_a_whole_sort(scores, k: int) -> None:
    for row, best in zip(scores, best_items(scores, k), strict=True):
        whole = sorted((item for item in range(7) if np.isfinite(row[item])), key=lambda item: (-row[item], item))
        assert best.tolist() == whole[:k]
