from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.encoders.hashing import HashEncoder
from models.training.errors import OutOfRoomError
from models.training.vectors import VectorFile


class _Counting(HashEncoder):
    def __init__(self) -> None:
        super().__init__(dim=16)
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        return super().encode_queries(texts)


def _silent(done: int, total: int, what: str) -> None:
    pass


def test_vectors_come_in_the_order_asked_and_are_encoded_once(tmp_path: Path) -> None:
    encoder = _Counting()
    found = VectorFile.of_queries(encoder, tmp_path).vectors(["b", "a", "b"], _silent)
    np.testing.assert_allclose(found, HashEncoder(16).encode_queries(["b", "a", "b"]), atol=1e-3)
    VectorFile.of_queries(encoder, tmp_path).vectors(["a", "c"], _silent)
    assert encoder.encoded == ["b", "a", "c"]


def test_half_a_record_of_an_interrupted_run_is_dropped(tmp_path: Path) -> None:
    encoder = _Counting()
    file = VectorFile.of_queries(encoder, tmp_path)
    expected = file.vectors(["a", "b"], _silent)
    with file.path.open("ab") as raw:
        raw.write(b"half a record")
    np.testing.assert_array_equal(file.vectors(["b", "c", "a"], _silent)[[2, 0]], expected)
    assert encoder.encoded == ["a", "b", "c"]
    assert len(file.vectors(["a", "b", "c"], _silent)) == 3
    assert encoder.encoded == ["a", "b", "c"]


def test_the_two_sides_do_not_mix(tmp_path: Path) -> None:
    encoder = _Counting()
    paths = {VectorFile.of_queries(encoder, tmp_path).path, VectorFile.of_passages(encoder, tmp_path).path}
    assert len(paths) == 2


def test_no_texts_give_an_empty_matrix(tmp_path: Path) -> None:
    assert VectorFile.of_queries(_Counting(), tmp_path).vectors([], _silent).shape == (0, 16)


def test_a_full_disk_is_said_clearly(tmp_path: Path) -> None:
    file = VectorFile.of_queries(_Counting(), tmp_path)
    file.path.symlink_to("/dev/full")
    with pytest.raises(OutOfRoomError, match="no room left on the disk"):
        file.vectors(["a"], _silent)
