"""Values summed within clusters."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.errors import EvalError
from eval.statistics.clusters import cluster_sums


def test_values_are_summed_and_counted_by_cluster_without_nan() -> None:
    found = cluster_sums([[1.0, math.nan], [2.0, 5.0], [4.0, math.nan]], ["b", "a", "b"])
    assert found.sums.tolist() == [[2, 5], [5, 0]]
    assert found.counts.tolist() == [[1, 1], [2, 0]]
    assert found.n_clusters.tolist() == [2, 1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-5, 5)), min_size=1))
def test_sums_equal_those_of_a_dictionary(rows: list[tuple[int, int]]) -> None:
    totals: dict[int, list[int]] = {}
    for cluster, value in rows:
        totals.setdefault(cluster, []).append(value)
    found = cluster_sums([[value] for _, value in rows], [cluster for cluster, _ in rows])
    assert found.sums[:, 0].tolist() == [sum(totals[cluster]) for cluster in sorted(totals)]
    assert found.counts[:, 0].tolist() == [len(totals[cluster]) for cluster in sorted(totals)]


def test_another_number_of_clusters_than_rows_is_refused() -> None:
    with pytest.raises(EvalError, match=r"shape \(2, 1\) in clusters of shape \(1,\)"):
        cluster_sums([[1.0], [2.0]], ["a"])


def test_infinity_is_refused_by_row_and_column() -> None:
    with pytest.raises(EvalError, match="value 1 of column 0 is inf"):
        cluster_sums(np.array([[1.0], [math.inf]]), ["a", "b"])
