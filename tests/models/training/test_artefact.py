from errno import ENOSPC
from pathlib import Path

import pytest

from models.training.artefact import beside, put_in_place, require_free
from models.training.errors import OutOfRoomError, TrainingError


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "models" / "mine"
    for word in ("first", "second"):
        with beside(out) as aside:
            (aside / "weights").write_text(word)
            put_in_place(aside, out)
    assert _contents(out) == {"weights": "second"}
    assert [path.name for path in out.parent.iterdir()] == ["mine"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "weights").write_text("old")
    with pytest.raises(OutOfRoomError, match="nothing was replaced"):
        _fail_to_write(out)
    assert _contents(out) == {"weights": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def _fail_to_write(out: Path) -> None:
    with beside(out) as aside:
        (aside / "weights").write_text("new")
        raise OSError(ENOSPC, "No space left on device")


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".mine.unfinished").mkdir()
    (tmp_path / ".mine.unfinished" / "rest").write_text("rest")
    with beside(tmp_path / "mine") as aside:
        put_in_place(aside, tmp_path / "mine")
    assert _contents(tmp_path / "mine") == {}


def test_a_folder_with_other_things_in_it_is_not_written_over(tmp_path: Path) -> None:
    require_free(tmp_path / "new")
    require_free(tmp_path)
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(TrainingError, match="did not write"):
        require_free(tmp_path)
    with pytest.raises(TrainingError, match="did not write"):
        require_free(tmp_path / "letters.txt")
