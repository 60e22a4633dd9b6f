"""What a mode is given to work with, and what it hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.encoders.onnx import OnnxEncoder
from models.training.materials import Materials
from models.training.measuring import Marks

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Work:
    """Where to write, what to learn from, the base, where vectors are kept, and whom to tell how far it is."""

    out: Path
    materials: Materials
    prepared: Path
    base: OnnxEncoder
    models: Path
    threads: int
    progress: Progress


@dataclass(frozen=True)
class Outcome:
    """What encoders on the way achieve, by name; the first is the untrained one, the last the one written."""

    marks: Mapping[str, Marks]
    passes: Mapping[str, tuple[float, ...]]
    resumed: bool = False
    device: str = "cpu"

    @property
    def untrained(self) -> Marks:
        """Of the encoder that training started from."""
        return next(iter(self.marks.values()))

    @property
    def trained(self) -> Marks:
        """Of the encoder that was written."""
        return list(self.marks.values())[-1]
