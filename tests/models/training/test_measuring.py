from math import sqrt

import numpy as np
import pytest

from models.training.measuring import Exam, Interval, Marks
from models.training.pairs import Pair

FIVE = tuple(f"第{number}条回复的内容" for number in range(5))


def _exam() -> Exam:
    """Two queries over five replies: reply 0 against 1 and 2, reply 3 against 4 and 0."""
    return Exam(("a", "b"), FIVE, np.array([0, 3]), np.array([[1, 2], [4, 0]]))


def test_marks_are_what_they_are_by_hand() -> None:
    """Reply 0 beats 1, loses to 2 (rank 2), and to 2 and 4 in the pool (rank 3); reply 3 wins everywhere."""
    scores = np.array([[0.5, 0.1, 0.9, 0.2, 0.7], [0.0, 0.1, 0.2, 0.9, 0.3]], np.float32)
    marks = _exam().mark(scores, np.eye(5, dtype=np.float32))
    np.testing.assert_allclose(marks.first_of_ten, [0, 1])
    np.testing.assert_allclose(marks.reciprocal_rank, [1 / 2, 1])
    np.testing.assert_allclose(marks.reciprocal_rank_in_pool, [1 / 3, 1])
    np.testing.assert_allclose(marks.found_in_pool, [1, 1])
    assert marks.score == pytest.approx((3 / 4 + 2 / 3) / 2)


def test_an_encoder_that_finds_everything_alike_gains_nothing_among_ten() -> None:
    marks = _exam().mark(np.ones((2, 4), np.float32), np.ones((5, 4), np.float32))
    np.testing.assert_allclose(marks.first_of_ten, 0)
    np.testing.assert_allclose(marks.reciprocal_rank, 1 / 3)


def test_a_gain_is_paired_by_query() -> None:
    better, worse = (_marks(values) for values in ([1.0, 1.0, 0.5], [0.5, 1.0, 0.5]))
    gain = better.gain_over(worse)
    assert gain.mean == pytest.approx(0.5 / 3)
    half = 1.959963984540054 * np.std([0.5, 0.0, 0.0], ddof=1) / sqrt(3)
    assert (gain.low, gain.high) == (pytest.approx(gain.mean - half), pytest.approx(gain.mean + half))


def _marks(ranks: list[float]) -> Marks:
    values = np.array(ranks)
    return Marks(values, values, values, values)


def test_an_interval_of_one_value_has_no_width() -> None:
    assert Interval.of(np.array([0.25])) == Interval(0.25, 0.25, 0.25)


def test_an_exam_asks_for_telling_replies_only_and_never_offers_the_right_one_twice() -> None:
    telling = [Pair(f"问题{number}", (), f"关于第{number}个问题的回答") for number in range(40)]
    frequent = [Pair(f"另外{number}", (), "还有什么可以帮到您的吗") for number in range(40)]
    exam = Exam.of([*telling, *frequent], 2, np.random.default_rng(0), most=1000)
    assert len(exam.queries) == 40
    assert exam.others.shape == (40, 9)
    assert not (exam.others == exam.right[:, None]).any()
    assert all(len(set(row)) == 9 for row in exam.others.tolist())
    assert [exam.pool[place] for place in exam.right] == [f"关于第{query[2:]}个问题的回答" for query in exam.queries]


def test_where_hardly_any_reply_tells_something_all_are_asked_for() -> None:
    exam = Exam.of([Pair(f"问题{number}", (), "好的") for number in range(30)], 2, np.random.default_rng(0), most=10)
    assert len(exam.queries) == 10
    assert exam.pool == ("好的",)
    assert exam.others.shape == (10, 0)
