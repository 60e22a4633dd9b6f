from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.cache import VectorCache, text_keys
from knowledge.index.encoding import CachedEncoder

DIM = 4


def vectors(*rows: float) -> NDArray[np.float32]:
    return np.array([[row] * DIM for row in rows], np.float32)


def opened(folder: Path, fingerprint: str = "e5") -> VectorCache:
    return VectorCache.open(folder, fingerprint, DIM)


def file_of(folder: Path, name: str) -> Path:
    (path,) = folder.glob(f"*/{name}")
    return path


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.append(text_keys("query", ["a", "b"]), vectors(1, 2))
    cache.append(text_keys("query", ["c"]), vectors(3))
    for known in (cache, opened(tmp_path)):
        places = known.find(text_keys("query", ["c", "x", "a"]))
        assert places.tolist() == [2, -1, 0]
        assert known.vectors(places[[0, 2]]).tolist() == vectors(3, 1).tolist()


def test_the_sides_and_the_encoders_are_kept_apart(tmp_path: Path) -> None:
    opened(tmp_path).append(text_keys("query", ["a"]), vectors(1))
    assert opened(tmp_path).find(text_keys("passage", ["a"])).tolist() == [-1]
    assert opened(tmp_path, "other").find(text_keys("query", ["a"])).tolist() == [-1]


@pytest.mark.parametrize(
    ("name", "n_bytes"), [("vectors.bin", 7), ("keys.bin", 7), ("vectors.bin", 16), ("keys.bin", 24)]
)
def test_a_torn_tail_is_dropped(tmp_path: Path, name: str, n_bytes: int) -> None:
    opened(tmp_path).append(text_keys("query", ["a", "b"]), vectors(1, 2))
    path = file_of(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-n_bytes])
    cache = opened(tmp_path)
    assert cache.find(text_keys("query", ["a", "b"])).tolist() == [0, -1]
    cache.append(text_keys("query", ["b"]), vectors(2))
    again = opened(tmp_path)
    assert again.vectors(again.find(text_keys("query", ["a", "b"]))).tolist() == vectors(1, 2).tolist()


def test_a_tail_of_zeros_as_a_power_cut_leaves_it_is_dropped(tmp_path: Path) -> None:
    opened(tmp_path).append(text_keys("query", ["a"]), vectors(1))
    for name, width in (("vectors.bin", 4 * DIM), ("keys.bin", 24)):
        with file_of(tmp_path, name).open("ab") as file:
            file.write(bytes(3 * width))
    assert len(opened(tmp_path)) == 1


def test_a_flipped_byte_in_a_vector_is_noticed(tmp_path: Path) -> None:
    opened(tmp_path).append(text_keys("query", ["a", "b"]), vectors(1, 2))
    path = file_of(tmp_path, "vectors.bin")
    content = bytearray(path.read_bytes())
    content[1] ^= 1
    path.write_bytes(content)
    cache = opened(tmp_path)
    with pytest.raises(IndexCorruptError, match="delete that folder"):
        cache.vectors(cache.find(text_keys("query", ["a"])))


def test_two_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.append(text_keys("query", ["a"]), vectors(1))
    second.append(text_keys("query", ["b"]), vectors(2))
    first.append(text_keys("query", ["c"]), vectors(3))
    for cache in (first, second):
        cache.refresh()
        assert cache.vectors(cache.find(text_keys("query", ["a", "b", "c"]))).tolist() == vectors(1, 2, 3).tolist()


def test_a_text_is_encoded_once(tmp_path: Path, encoder: CachedEncoder) -> None:
    def cached() -> CachedEncoder:
        return CachedEncoder(encoder, VectorCache.open(tmp_path, encoder.fingerprint, encoder.dim))

    once = cached()
    once.encode("query", ["在吗", "在吗", "你好"])
    once.encode("query", ["你好"])
    cached().encode("query", ["在吗"])
    assert encoder.encoded == ["在吗", "你好"]
    assert once.n_encoded == 2
