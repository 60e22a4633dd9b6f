"""Recall of exact neighbours: worked by hand, then against a slower way to count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.benchmark.rivals.recall import recall_at_k

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]], np.float32)
EAST, NORTH = VECTORS[0], VECTORS[3]


def test_the_share_of_the_nearest_that_was_found() -> None:
    # East: 1, 0.8, 0.6, 0, so the nearest two are rows 0 and 1. North: rows 3 and 2.
    recalls = recall_at_k([(0, 1), (3, 0)], np.stack([EAST, NORTH]), VECTORS, 2)
    assert recalls.tolist() == [2 / 2, 1 / 2]


def test_nothing_found_is_no_recall() -> None:
    assert recall_at_k([()], EAST[np.newaxis], VECTORS, 2).tolist() == [0.0]


def test_equally_near_rows_are_as_good_as_each_other() -> None:
    vectors = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    assert recall_at_k([(2, 1), (0, 3)], np.stack([EAST, EAST]), vectors, 2).tolist() == [1.0, 0.5]


def test_a_row_found_twice_counts_once() -> None:
    assert recall_at_k([(0, 0)], EAST[np.newaxis], VECTORS, 2).tolist() == [0.5]


def test_only_the_first_k_count() -> None:
    assert recall_at_k([(2, 3, 0, 1)], EAST[np.newaxis], VECTORS, 2).tolist() == [0.0]


def test_fewer_rows_than_k_are_refused() -> None:
    with pytest.raises(ValueError, match="4 rows, expected at least k = 5"):
        recall_at_k([(0,)], EAST[np.newaxis], VECTORS, 5)


def test_searches_without_a_query_are_refused() -> None:
    with pytest.raises(ValueError, match="2 searches for 1 queries"):
        recall_at_k([(0,), (1,)], EAST[np.newaxis], VECTORS, 1)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10), st.integers(1, 130))
def test_recall_equals_counting_one_by_one(seed: int, k: int, n_queries: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = (rng.standard_normal((n, 8)).astype(np.float32) for n in (40, n_queries))
    found = [tuple(rng.permutation(40)[:k].tolist()) for _ in range(n_queries)]
    slowly = []
    for query, rows in zip(queries, found, strict=True):
        nearest = sorted(range(40), key=lambda row: -float(vectors[row].astype(np.float64) @ query))[:k]
        slowly.append(len(set(nearest) & set(rows)) / k)
    assert recall_at_k(found, queries, vectors, k).tolist() == slowly


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_exact_search_has_full_recall(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = (rng.standard_normal((n, 8)).astype(np.float32) for n in (40, 3))
    found = [tuple(np.argsort(-(vectors @ query)).tolist()) for query in queries]
    assert recall_at_k(found, queries, vectors, 10).tolist() == [1.0] * 3
