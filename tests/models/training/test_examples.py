import numpy as np

from models.training.examples import Examples
from models.training.pairs import Pair

PAIRS = [
    Pair("什么时候发货", (), "今天下午就给您发出"),
    Pair("几点可以发货呢", ("在吗",), "今天下午就给您发出"),
    Pair("可以退款吗", (), "收到以后七天内可以退"),
    Pair("可以退款吗", ("a",), "好的"),
    Pair("颜色还有吗", (), "今天下午就给您发出哈"),
]
ALL = np.arange(len(PAIRS), dtype=np.intp)


def test_near_duplicates_and_single_words_are_no_negatives() -> None:
    """Replies 0, 1 and 4 say the same; reply 3 is one word; a row's own reply is never masked."""
    expected = np.zeros((5, 5), np.bool_)
    expected[np.ix_([0, 1, 4], [0, 1, 4])] = True
    expected[:, 3] = True
    np.fill_diagonal(expected, val=False)
    np.testing.assert_array_equal(Examples.of(PAIRS).also_right(ALL), expected)


def test_the_same_message_without_context_may_have_either_reply() -> None:
    expected = np.zeros((5, 5), np.bool_)
    expected[2, 3] = expected[3, 2] = True
    np.testing.assert_array_equal(Examples.of(PAIRS).same_message(ALL), expected)


def test_messages_with_the_same_telling_reply_are_wordings_of_each_other() -> None:
    examples = Examples.of(PAIRS)
    assert examples.partners == {0: (1,), 1: (0,)}
    places, rows = examples.wordings(np.array([2, 1, 0], np.intp), np.random.default_rng(0))
    assert (places.tolist(), rows.tolist()) == ([1, 2], [0, 1])


def test_what_is_answered_alike_is_no_negative_for_a_wording() -> None:
    """Batch of rows 0, 1, 2, asked at places 0 and 1: each other's partner is masked, the own one is not."""
    masked = Examples.of(PAIRS).same_reply(np.array([0, 1, 2], np.intp), np.array([0, 1], np.intp))
    np.testing.assert_array_equal(masked, [[False, True, True, True, False], [True, False, True, True, False]])


def test_an_epoch_takes_few_rows_of_a_frequent_reply_and_every_other_row_once() -> None:
    frequent = [Pair(f"问题{number}", (), "还有什么可以帮您") for number in range(50)]
    rows = Examples.of([*PAIRS, *frequent]).epoch(np.random.default_rng(0)).tolist()
    assert len(rows) == len(set(rows)) == 5 + 20
    assert {0, 1, 2, 3, 4} <= set(rows)


def test_batches_are_whole_and_the_same_for_the_same_seed() -> None:
    examples = Examples.of([Pair(f"m {number}", (), f"reply number {number}") for number in range(10)])
    batches = examples.batches(np.random.default_rng(1), 4)
    assert [len(rows) for rows in batches] == [4, 4]
    again = examples.batches(np.random.default_rng(1), 4)
    np.testing.assert_array_equal(np.concatenate(batches), np.concatenate(again))
    assert [len(rows) for rows in examples.batches(np.random.default_rng(1), 64)] == [10]
