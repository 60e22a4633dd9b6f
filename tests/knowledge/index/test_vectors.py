"""Dense search: equal to brute force when exact, filters inside, ties by item, round trips, damage noticed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.vectors import VectorField

DIM = 8


def unit_rows(n_rows: int, seed: int = 0, dim: int = DIM) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n_rows, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def brute_force(
    vectors: NDArray[np.float32],
    owners: NDArray[np.int32],
    query: NDArray[np.float32],
    allowed: NDArray[np.bool_] | None,
    k: int,
) -> list[tuple[int, int, float]]:
    """(item, row, score) by plain loops in float64."""
    best: dict[int, tuple[float, int]] = {}
    for row, owner in enumerate(owners.tolist()):
        score = float(vectors[row].astype(np.float64) @ query.astype(np.float64))
        if (allowed is None or allowed[owner]) and (owner not in best or score > best[owner][0]):
            best[owner] = (score, row)
    ranked = sorted(best.items(), key=lambda pair: (-pair[1][0], pair[0]))[:k]
    return [(item, row, score) for item, (score, row) in ranked]


@pytest.fixture
def axes() -> VectorField:
    """Five items on a plane; item 2 has no rows, item 3 has two, items 0 and 4 are the same text."""
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6], [1, 0]], np.float32)
    return VectorField.build(vectors, np.array([0, 1, 3, 3, 4], np.int32), 5)


def test_items_come_best_first_and_equal_scores_by_item(axes: VectorField) -> None:
    hits = axes.search(np.array([1, 0], np.float32), None, 10)
    assert hits.items.tolist() == [0, 4, 3, 1]
    assert hits.rows.tolist() == [0, 4, 3, 1]
    assert hits.scores.tolist() == pytest.approx([1, 1, 0.8, 0])
    assert (hits.items.dtype, hits.scores.dtype, hits.rows.dtype) == (np.int32, np.float32, np.int32)


def test_a_tie_at_the_border_goes_to_the_lower_item(axes: VectorField) -> None:
    assert axes.search(np.array([1, 0], np.float32), None, 1).items.tolist() == [0]


def test_what_is_not_allowed_is_not_found_and_takes_no_place(axes: VectorField) -> None:
    allowed = np.array([False, True, True, True, False])
    assert axes.search(np.array([1, 0], np.float32), allowed, 2).items.tolist() == [3, 1]


def test_nothing_allowed_finds_nothing(axes: VectorField) -> None:
    assert len(axes.search(np.array([1, 0], np.float32), np.zeros(5, bool), 3)) == 0


def test_only_items_without_rows_allowed_finds_nothing(axes: VectorField) -> None:
    assert len(axes.search(np.array([1, 0], np.float32), np.arange(5) == 2, 3)) == 0


def test_an_empty_field_finds_nothing(tmp_path: Path) -> None:
    field = VectorField.build(np.empty((0, DIM), np.float32), np.empty(0, np.int32), 0)
    field.save(tmp_path)
    loaded = VectorField.load(tmp_path)
    assert (loaded.n_rows, loaded.n_items, loaded.dim) == (0, 0, DIM)
    assert len(loaded.search(unit_rows(1)[0], None, 5)) == 0


def test_rescoring_gives_the_best_row_of_each_item_in_the_order_asked(axes: VectorField) -> None:
    scores, rows = axes.rescore(np.array([0, 1], np.float32), np.array([3, 2, 1], np.int32))
    assert scores.tolist() == pytest.approx([0.8, -np.inf, 1])
    assert rows.tolist() == [2, -1, 1]


def test_rescoring_no_items_gives_nothing(axes: VectorField) -> None:
    scores, rows = axes.rescore(np.array([0, 1], np.float32), np.empty(0, np.int32))
    assert (len(scores), len(rows)) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_search_equals_brute_force_for_any_allow_list(data: st.DataObject) -> None:
    n_items = data.draw(st.integers(1, 30))
    counts = data.draw(st.lists(st.integers(0, 4), min_size=n_items, max_size=n_items))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=n_items, max_size=n_items)))
    k = data.draw(st.integers(1, 40))
    owners = np.repeat(np.arange(n_items, dtype=np.int32), counts)
    vectors, query = unit_rows(len(owners), seed=sum(counts)), unit_rows(1, seed=99)[0]
    field = VectorField.build(vectors, owners, n_items)
    for mask in (allowed, None):
        hits = field.search(query, mask, k)
        expected = brute_force(vectors, owners, query, mask, k)
        assert hits.items.tolist() == [item for item, _, _ in expected]
        assert hits.rows.tolist() == [row for _, row, _ in expected]
        np.testing.assert_allclose(hits.scores, [score for _, _, score in expected], atol=1e-6)


def test_search_and_rescore_agree_to_the_bit() -> None:
    field = VectorField.build(unit_rows(500), np.repeat(np.arange(250, dtype=np.int32), 2), 250)
    query = unit_rows(1, seed=5)[0]
    hits = field.search(query, None, 250)
    scores, rows = field.rescore(query, hits.items)
    assert np.array_equal(scores, hits.scores)
    assert np.array_equal(rows, hits.rows)


def test_a_field_survives_saving_and_loading(tmp_path: Path) -> None:
    field = VectorField.build(unit_rows(100), np.sort(np.arange(100, dtype=np.int32) % 40), 40)
    field.save(tmp_path / "new" / "folder")
    loaded = VectorField.load(tmp_path / "new" / "folder")
    assert (loaded.n_rows, loaded.n_items, loaded.dim) == (100, 40, DIM)
    for query in unit_rows(5, seed=3):
        before, after = field.search(query, None, 10), loaded.search(query, None, 10)
        assert np.array_equal(before.items, after.items)
        assert np.array_equal(before.scores, after.scores)
        assert np.array_equal(before.rows, after.rows)


@pytest.mark.parametrize("name", ["vectors.npy", "starts.npy"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten", "removed"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, damage: str) -> None:
    VectorField.build(unit_rows(100), np.arange(100, dtype=np.int32), 100).save(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes({"cut": content[:-7], "emptied": b"", "overwritten": b"x" * len(content)}[damage])
    with pytest.raises(IndexCorruptError):
        VectorField.load(tmp_path)


def test_files_of_two_fields_do_not_mix(tmp_path: Path) -> None:
    VectorField.build(unit_rows(100), np.arange(100, dtype=np.int32), 100).save(tmp_path / "a")
    VectorField.build(unit_rows(90), np.arange(90, dtype=np.int32), 90).save(tmp_path / "b")
    (tmp_path / "b" / "starts.npy").replace(tmp_path / "a" / "starts.npy")
    with pytest.raises(IndexCorruptError, match="does not fit"):
        VectorField.load(tmp_path / "a")


def test_wrong_shapes_are_named(axes: VectorField) -> None:
    query = np.array([1, 0], np.float32)
    with pytest.raises(ValueError, match=r"query has shape \(3,\) of float32, expected \(2,\)"):
        axes.search(np.zeros(3, np.float32), None, 1)
    with pytest.raises(ValueError, match="float64, expected"):
        axes.search(query.astype(np.float64), None, 1)
    with pytest.raises(ValueError, match=r"allowed has shape \(4,\) of bool, expected \(5,\)"):
        axes.search(query, np.ones(4, bool), 1)
    with pytest.raises(ValueError, match="of int64, expected"):
        axes.search(query, np.ones(5, np.int64), 1)
    with pytest.raises(ValueError, match="k is 0"):
        axes.search(query, None, 0)
    with pytest.raises(ValueError, match="ordinals from 0 to below 5"):
        axes.rescore(query, np.array([5], np.int32))


@pytest.mark.parametrize(
    ("owners", "message"),
    [([0, 1], r"owners have shape \(2,\)"), ([1, 0, 2], "ascend"), ([0, 1, 3], "ascend"), ([-1, 0, 1], "ascend")],
)
def test_wrong_owners_are_refused(owners: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VectorField.build(unit_rows(3), np.array(owners, np.int32), 3)


def test_vectors_must_be_a_float32_matrix() -> None:
    with pytest.raises(ValueError, match="of float64, expected"):
        VectorField.build(unit_rows(3).astype(np.float64), np.arange(3, dtype=np.int32), 3)
