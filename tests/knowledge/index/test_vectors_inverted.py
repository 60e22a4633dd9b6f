"""The inverted file inside dense search: recall at every selectivity, filters, round trips, damage, determinism."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index import vectors as vectors_module
from knowledge.index.hits import Hits
from knowledge.index.vectors import VectorField

N_QUERIES = 120
ROWS_PER_ITEM = 2


def sentence_like(n_rows: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors as sentence encoders give them: a narrow cone (cosines near .8), clusters, a falling spectrum."""
    random = np.random.default_rng(seed)
    spectrum = np.arange(1, dim + 1) ** -0.5
    spectrum /= np.linalg.norm(spectrum)
    centres = random.standard_normal((n_rows // 50, dim)) * spectrum
    rows = 0.75 * centres[random.integers(len(centres), size=n_rows)]
    rows += 0.66 * random.standard_normal((n_rows, dim)) * spectrum
    rows *= 0.47
    rows[:, 0] += 0.88
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def messages_like(rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    chosen = rows[random.integers(len(rows), size=(3, N_QUERIES))]
    queries = chosen[0] + np.float32(0.3) * (chosen[1] - chosen[2])
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    return np.asarray(queries, np.float32)


def true_best(
    rows: NDArray[np.float32], query: NDArray[np.float32], allowed: NDArray[np.bool_], k: int
) -> NDArray[np.intp]:
    scores = (rows @ query).reshape(-1, ROWS_PER_ITEM).max(axis=1)
    scores[~allowed] = -np.inf
    return np.argsort(-scores, kind="stable")[: min(k, int(allowed.sum()))]


def same(one: Hits, other: Hits) -> bool:
    pairs = ((one.items, other.items), (one.scores, other.scores), (one.rows, other.rows))
    return all(np.array_equal(a, b) for a, b in pairs)


def owners_of(rows: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.repeat(np.arange(len(rows) // ROWS_PER_ITEM, dtype=np.int32), ROWS_PER_ITEM)


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float32]:
    return sentence_like(12_000, 32, seed=1)


@pytest.fixture(scope="module")
def field(rows: NDArray[np.float32]) -> VectorField:
    return VectorField.build(rows, owners_of(rows), len(rows) // ROWS_PER_ITEM, seed=7)


@pytest.fixture
def saved(field: VectorField, tmp_path: Path) -> Path:
    field.save(tmp_path)
    return tmp_path


def test_the_inverted_file_proposes_a_small_part_of_the_items(field: VectorField, rows: NDArray[np.float32]) -> None:
    assert field._inverted is not None
    proposed = field._inverted.nearest_items(rows[0], None, share=1.0, n_rows=300)
    assert 150 <= len(proposed) <= 600 < field.n_items
    assert 0 in proposed


def test_every_hit_is_allowed_and_scored_exactly(field: VectorField, rows: NDArray[np.float32]) -> None:
    allowed = np.random.default_rng(2).random(field.n_items) < 0.6
    for query in messages_like(rows, seed=3):
        hits = field.search(query, allowed, 50)
        assert len(hits) == 50
        assert allowed[hits.items].all()
        assert len(set(hits.items.tolist())) == 50
        assert np.array_equal(hits.rows // ROWS_PER_ITEM, hits.items)
        np.testing.assert_allclose(hits.scores, rows[hits.rows] @ query, atol=1e-6)
        assert (np.diff(hits.scores) <= 0).all()


def test_asking_for_more_than_a_first_look_gives_is_answered_exactly(
    field: VectorField, rows: NDArray[np.float32]
) -> None:
    query = messages_like(rows, seed=4)[0]
    hits = field.search(query, None, field.n_items + 5)
    assert sorted(hits.items.tolist()) == list(range(field.n_items))
    expected = np.sort((rows @ query).reshape(-1, ROWS_PER_ITEM).max(axis=1))[::-1]
    np.testing.assert_allclose(hits.scores, expected, atol=1e-6)


def test_many_copies_of_one_text_still_give_k_items() -> None:
    rows = sentence_like(12_000, 32, seed=5)
    rows[:6_000] = rows[0]
    owners = np.concatenate([np.zeros(6_000, np.int32), np.arange(1, 6_001, dtype=np.int32)])
    field = VectorField.build(rows, owners, 6_001)
    hits = field.search(rows[0], None, 50)
    assert len(hits) == 50
    assert (hits.items[0], hits.rows[0]) == (0, 0)


def test_the_same_rows_and_seed_give_the_same_field(field: VectorField, rows: NDArray[np.float32]) -> None:
    again = VectorField.build(rows, owners_of(rows), field.n_items, seed=7)
    for query in messages_like(rows, seed=6):
        assert same(field.search(query, None, 50), again.search(query, None, 50))


def test_saving_and_loading_changes_no_answer(field: VectorField, rows: NDArray[np.float32], saved: Path) -> None:
    loaded = VectorField.load(saved)
    allowed = np.random.default_rng(8).random(field.n_items) < 0.5
    for query in messages_like(rows, seed=9):
        for mask in (None, allowed):
            assert same(field.search(query, mask, 50), loaded.search(query, mask, 50))


@pytest.mark.parametrize("name", ["codes.faiss", "reach.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten", "removed"])
def test_damaged_codes_are_refused(saved: Path, name: str, damage: str) -> None:
    path = saved / name
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes({"cut": content[:-7], "emptied": b"", "overwritten": b"x" * len(content)}[damage])
    with pytest.raises(IndexCorruptError):
        VectorField.load(saved)


def test_codes_of_another_field_are_refused(saved: Path, tmp_path: Path) -> None:
    other = sentence_like(9_000, 32, seed=10)
    VectorField.build(other, owners_of(other), len(other) // ROWS_PER_ITEM).save(tmp_path / "other")
    for name in ("codes.faiss", "reach.json"):
        (tmp_path / "other" / name).replace(saved / name)
    with pytest.raises(IndexCorruptError, match="does not fit"):
        VectorField.load(saved)


@pytest.fixture(scope="module")
def large() -> tuple[NDArray[np.float32], VectorField]:
    rows = sentence_like(50_000, 64, seed=11)
    return rows, VectorField.build(rows, owners_of(rows), len(rows) // ROWS_PER_ITEM)


@pytest.mark.slow
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.02, 0.001, 0.0001])
@pytest.mark.parametrize("kind", ["any", "far from the query"])
def test_at_least_99_of_100_true_best_items_are_found(
    large: tuple[NDArray[np.float32], VectorField], share: float, kind: str
) -> None:
    rows, field = large
    random = np.random.default_rng(12)
    n_allowed = max(1, round(share * field.n_items))
    found, n_true = 0, 0
    for query in messages_like(rows, seed=13):
        nearness = (rows @ query)[::ROWS_PER_ITEM] + random.normal(0, 0.05, field.n_items)
        order = random.permutation(field.n_items) if kind == "any" else np.argsort(nearness)
        allowed = np.isin(np.arange(field.n_items), order[:n_allowed])
        truth = true_best(rows, query, allowed, 10)
        found += int(np.isin(truth, field.search(query, allowed, 50).items[:10]).sum())
        n_true += len(truth)
    assert found >= 0.99 * n_true


@pytest.mark.slow
def test_the_inverted_file_alone_keeps_recall_when_few_are_allowed(
    large: tuple[NDArray[np.float32], VectorField], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _ = large
    monkeypatch.setattr(vectors_module, "EXACT_ROWS", 1_000)
    field = VectorField.build(rows, owners_of(rows), len(rows) // ROWS_PER_ITEM)
    allowed = np.random.default_rng(14).random(field.n_items) < 0.05
    queries = messages_like(rows, seed=15)
    found = [np.isin(true_best(rows, q, allowed, 10), field.search(q, allowed, 50).items[:10]).mean() for q in queries]
    assert np.mean(found) >= 0.99
