from pathlib import Path

import numpy as np
import pytest

from models.encoders.heads import HEADS_FILE, Head, Heads
from models.errors import DamagedModelError


def _head(seed: int) -> Head:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    return Head(draw(4), draw(4, 4), draw(6, 4), draw(6), draw(4, 6), draw(4))


def test_a_head_is_what_it_is_by_hand() -> None:
    """(3, 1) less its mean is (2, 0); straight keeps it; inner gives max(0, 2 - 3, -2 + 3) = (0, 1), worth (0, 2)."""
    head = Head(
        mean=np.array([1, 1], np.float32),
        straight=np.eye(2, dtype=np.float32),
        inner=np.array([[1, 0], [-1, 0]], np.float32),
        inner_bias=np.array([-3, 3], np.float32),
        outer=np.array([[5, 0], [0, 2]], np.float32),
        bias=np.array([1, 2], np.float32),
    )
    np.testing.assert_allclose(head.apply(np.array([3, 1], np.float32)), [3 / 5, 4 / 5])


def test_heads_come_back_from_the_disk_as_they_were(tmp_path: Path) -> None:
    heads = Heads(_head(0), _head(1))
    heads.save(tmp_path)
    found = Heads.from_folder(tmp_path)
    assert found is not None
    vector = np.ones(4, np.float32)
    np.testing.assert_array_equal(found.query.apply(vector), heads.query.apply(vector))
    np.testing.assert_array_equal(found.passage.apply(vector), heads.passage.apply(vector))


def test_a_folder_without_heads_has_none(tmp_path: Path) -> None:
    assert Heads.from_folder(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"not tensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_damaged_heads_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / HEADS_FILE).write_bytes(content)
    with pytest.raises(DamagedModelError, match=HEADS_FILE):
        Heads.from_folder(tmp_path)


def test_a_vector_that_becomes_nothing_stays_finite() -> None:
    zero = np.zeros((2, 2), np.float32)
    none = np.zeros(2, np.float32)
    assert np.isfinite(Head(none, zero, zero, none, zero, none).apply(none)).all()
