"""Short ways to write the files that are read."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write_rows(tmp_path: Path) -> Write:
    """Write objects as JSON Lines below the test's folder."""

    def write(name: str, rows: Iterable[object]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        return path

    return write
