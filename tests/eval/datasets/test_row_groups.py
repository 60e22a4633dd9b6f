"""Rows that are alike in some columns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eval.datasets.row_groups import crowded, first_rows, groups_of, occurrences

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([0, 1, 2**31 - 2])), max_size=30)


@given(ROWS, st.integers(1, 5))
def test_rows_have_the_same_number_where_all_their_codes_are_the_same(rows: list[tuple[int, ...]], n: int) -> None:
    # The widest codes several times over are more than a number holds, so that it is made dense on the way.
    columns = [np.array([row[place] for row in rows], np.int32) for place in (0, 1, *[2] * n)]
    groups = groups_of(columns, len(rows)).tolist()
    assert [groups.index(group) for group in groups] == [rows.index(row) for row in rows]


@given(st.lists(st.integers(0, 5), max_size=30))
def test_first_rows_crowds_and_occurrences_are_those_of_plain_lists(codes: list[int]) -> None:
    array = np.array(codes, np.int64)
    assert first_rows(array, 6).tolist() == [codes.index(code) if code in codes else len(codes) for code in range(6)]
    assert crowded(array).tolist() == [place for place, code in enumerate(codes) if codes.count(code) > 1]
    assert occurrences(array).tolist() == [codes[:place].count(code) for place, code in enumerate(codes)]
