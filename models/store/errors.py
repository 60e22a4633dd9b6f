"""What can go wrong in the store.

ModelError
└── StoreError
    ├── UnknownArtefactError    no artefact has this version
    ├── RefusedArtefactError    what was given cannot serve; the message says why
    ├── WorseArtefactError      its own training report says that it does not beat what it was compared with
    ├── ArtefactInUseError      it serves, or would after a rollback, or is the shadow
    ├── NothingBeforeError      there is nothing to roll back to
    ├── DamagedArtefactError    a file is missing or is not what was added
    ├── DamagedStoreError       `serving.json` cannot be read
    └── StoreRoomError          the disk is full; nothing was added and nothing changed
"""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from models.errors import ModelError


class StoreError(ModelError):
    """Base of the errors about the store."""


class UnknownArtefactError(StoreError):
    """No artefact has this version, or several begin with it."""


class RefusedArtefactError(StoreError):
    """What was given is not something that can serve."""


class WorseArtefactError(StoreError):
    """By its own report it does not beat the baseline."""


class ArtefactInUseError(StoreError):
    """It cannot be removed now."""


class NothingBeforeError(StoreError):
    """What is built in serves already."""


class DamagedArtefactError(StoreError):
    """A file is missing or differs from what was added."""


class DamagedStoreError(StoreError):
    """What says which artefacts serve cannot be read."""


class StoreRoomError(StoreError):
    """There is no room left on the disk."""


@contextmanager
def room_needed(folder: Path) -> Iterator[None]:
    """Turn a full disk into an error that says which folder needs room.

    Raises:
        StoreRoomError: the disk, or the user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {ENOSPC, EDQUOT}:
            raise
        raise StoreRoomError(
            f"no room left on the disk of {folder}; nothing was added or changed. Make room and run the command again"
        ) from error
