"""What can go wrong in training.

ModelError
└── TrainingError
    ├── TrainingDataError      a file of pairs is wrong; the message names file, line, value and what was expected
    ├── TrainingBaseError      the encoder to start from cannot be trained in this mode
    ├── TrainingResumeError    an interrupted training was started with other data or settings
    └── OutOfRoomError         the disk is full; what was being written is gone, what was there before is untouched
"""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from models.errors import ModelError


class TrainingError(ModelError):
    """Base of the errors about training."""


class TrainingDataError(TrainingError):
    """A file of pairs is wrong in one place, or as a whole when `line` is None."""

    def __init__(self, path: Path, line: int | None, problem: str, expected: str) -> None:
        """Name the place, what stands there and what was expected."""
        where = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}; expected {expected}")
        self.path = path
        self.line = line


class TrainingBaseError(TrainingError):
    """The encoder to start from cannot be trained in this mode."""


class TrainingResumeError(TrainingError):
    """An interrupted training lies in the way and belongs to other data or settings."""


class OutOfRoomError(TrainingError):
    """There is no room left on the disk."""


@contextmanager
def room_needed(path: Path) -> Iterator[None]:
    """Turn a full disk into an error that says which folder needs room.

    Raises:
        OutOfRoomError: If the disk, or the user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {ENOSPC, EDQUOT}:
            raise
        raise OutOfRoomError(
            f"no room left on the disk of {path}; nothing was replaced. Make room and start the same command again"
        ) from error
