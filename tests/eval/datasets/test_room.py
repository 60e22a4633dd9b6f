"""Data that do not fit into memory."""

from pathlib import Path

import pytest

from eval.datasets.room import available_bytes, require_room
from eval.errors import DataError


def test_files_larger_than_the_memory_that_is_left_are_refused_by_the_largest(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 1_000_000)
    large.write_bytes(b"x" * 3_000_000)
    problem = "large: the data take 4 MB, this file 3 MB of them; expected what fits into the 3 MB"
    with pytest.raises(DataError, match=problem):
        require_room(small, large, available=lambda: 3_000_000)
    require_room(small, large, available=lambda: 4_000_000)


def test_nothing_is_refused_where_the_system_does_not_tell(tmp_path: Path) -> None:
    require_room(tmp_path / "gone", available=lambda: None)


def test_some_memory_is_left_now() -> None:
    left = available_bytes()
    assert left is None or left > 1_000_000
