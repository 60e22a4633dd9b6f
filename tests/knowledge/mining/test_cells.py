"""Messages that look alike lie in one cell."""

import numpy as np
import pytest

from knowledge.mining.cells import find_cells


def around(centres: np.ndarray, n_each: int, noise: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(3)
    rows = np.repeat(centres, n_each, axis=0)
    rows = rows + rng.normal(0, noise, rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_messages_far_apart_lie_in_different_cells() -> None:
    """240 messages make four cells; the three groups share none."""
    vectors = around(np.eye(8)[:3], 80)
    found = find_cells(vectors, np.ones(240, np.int64), seed=0)
    groups = [set(found.of_text[start : start + 80].tolist()) for start in (0, 80, 160)]
    assert found.n == 4
    assert not groups[0] & groups[1]
    assert not groups[1] & groups[2]
    assert not groups[0] & groups[2]


@pytest.mark.parametrize("n", [0, 1, 119])
def test_few_messages_are_one_cell(n: int) -> None:
    found = find_cells(around(np.eye(4)[:1], n), np.ones(n, np.int64), seed=0)
    assert (found.n, found.of_text.tolist()) == (1, [0] * n)


def test_the_same_seed_gives_the_same_cells() -> None:
    vectors = around(np.eye(16), 60, noise=0.2)
    counts = np.arange(1, len(vectors) + 1)
    one, other = (find_cells(vectors, counts, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.of_text, other.of_text)


def test_messages_without_a_vector_have_a_cell_too() -> None:
    vectors = np.zeros((240, 4), np.float32)
    found = find_cells(vectors, np.ones(240, np.int64), seed=0)
    assert ((found.of_text >= 0) & (found.of_text < found.n)).all()
