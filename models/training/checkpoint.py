"""Training that can be killed at any moment: its state on disk, whole or not there at all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from models.training.errors import TrainingResumeError, room_needed

if TYPE_CHECKING:
    from torch import Tensor

STATE_FILE = "state.pt"

State = Mapping[str, Any]


@dataclass(frozen=True)
class Best:
    """The trainable weights of the pass that measured best, and its score."""

    score: float
    epoch: int
    weights: Mapping[str, "Tensor"]


@dataclass(frozen=True)
class Checkpoint:
    """Where training stands after `step` steps; `identity` is a hash of data, base and settings."""

    identity: str
    step: int
    weights: Mapping[str, "Tensor"]
    optimiser: State
    random_state: "Tensor"
    best: Best | None
    scores: tuple[float, ...]

    def save(self, folder: Path) -> None:
        """Write it beside the last one and put it in its place.

        Raises:
            OutOfRoomError: If the disk is full; the last one is still there.
        """
        import torch

        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{STATE_FILE}.unfinished"
        content = {**vars(self), "best": vars(self.best) if self.best else None}
        try:
            with room_needed(folder), aside.open("wb") as file:
                torch.save(content, file)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(folder / STATE_FILE)
        finally:
            aside.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, identity: str) -> "Checkpoint | None":
        """The checkpoint in a folder, if there is one.

        Raises:
            TrainingResumeError: If it belongs to other data or settings, or cannot be read.
        """
        import torch

        path = folder / STATE_FILE
        if not path.exists():
            return None
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, LookupError, UnpicklingError) as error:
            raise TrainingResumeError(f"{path} cannot be read ({error}); delete {folder} to start anew") from error
        best = content.pop("best")
        found = cls(**content, best=Best(**best) if best else None)
        if found.identity != identity:
            raise TrainingResumeError(
                f"{folder} holds an interrupted training of other pairs or settings ({found.identity}, this one is "
                f"{identity}); finish that one, or delete the folder to start anew"
            )
        return found
