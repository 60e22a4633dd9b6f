"""Folders that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.encoders.preparation import is_prepared
from models.training.errors import TrainingError, room_needed

RECORD_FILE = "training.json"


def require_free(out: Path) -> None:
    """Make sure that `out` may be written: not there, empty, or an encoder trained earlier.

    Raises:
        TrainingError: If something else lies there.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not is_trained(out):
        raise TrainingError(f"{out} holds something that `copilot train encoder` did not write; choose another folder")


def is_trained(folder: Path) -> bool:
    """Whether a folder holds an encoder that training wrote."""
    return is_prepared(folder) and (folder / RECORD_FILE).exists()


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A new folder beside `out` to fill, gone at the end of the block unless it was put in place.

    Raises:
        OutOfRoomError: If the disk is full.
    """
    aside = out.with_name(f".{out.name}.unfinished")
    try:
        with room_needed(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def put_in_place(aside: Path, out: Path) -> None:
    """Let a finished folder become `out`, in one step where nothing is there and in two renames where something is."""
    for path in [*aside.rglob("*"), aside]:
        _sync(path)
    before = out.with_name(f".{out.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if out.exists():
        out.rename(before)
    aside.rename(out)
    _sync(out.parent)
    shutil.rmtree(before, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
