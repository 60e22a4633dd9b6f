"""What training puts on top of an encoder: one small network for queries and one for passages."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import DamagedModelError

HEADS_FILE = "heads.safetensors"

_TINY = 1e-30

_Array = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """A straight map plus a bent one (two layers, ReLU) of the vector less its mean, brought to length 1.

    With `d` dimensions and `h` hidden ones: mean (d), straight (d, d), inner (h, d), inner_bias (h), outer (d, h),
    bias (d).
    """

    mean: _Array
    straight: _Array
    inner: _Array
    inner_bias: _Array
    outer: _Array
    bias: _Array

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, _Array], side: str) -> "Head":
        """The head of one side among the tensors of a file."""
        return cls(**{field.name: tensors[f"{side}.{field.name}"] for field in fields(cls)})

    def tensors(self, side: str) -> dict[str, _Array]:
        """The weights under the names they have in the file."""
        return {f"{side}.{name}": np.ascontiguousarray(value, np.float32) for name, value in vars(self).items()}

    def apply(self, vector: _Array) -> _Array:
        """The vector (d,) that this side is compared by."""
        centred = vector - self.mean
        hidden = np.maximum(self.inner @ centred + self.inner_bias, 0.0)
        moved: _Array = self.straight @ centred + self.outer @ hidden + self.bias
        moved /= max(float(np.linalg.norm(moved)), _TINY)
        return moved


@dataclass(frozen=True)
class Heads:
    """The two sides' heads."""

    query: Head
    passage: Head

    def save(self, folder: Path) -> None:
        """Write them into a prepared folder."""
        from safetensors.numpy import save_file

        save_file(self.query.tensors("query") | self.passage.tensors("passage"), folder / HEADS_FILE)

    @classmethod
    def from_folder(cls, folder: Path) -> "Heads | None":
        """The heads in a prepared folder, if it has any.

        Raises:
            DamagedModelError: If the file cannot be read.
        """
        path = folder / HEADS_FILE
        if not path.exists():
            return None
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors = load_file(path)
            return cls(Head.from_tensors(tensors, "query"), Head.from_tensors(tensors, "passage"))
        except (OSError, SafetensorError, KeyError) as error:
            raise DamagedModelError(f"cannot read {path}: {error}") from error
