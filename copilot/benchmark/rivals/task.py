"""What every library is asked to do, and what it is given for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

K = 10
"""So many documents are found for a message."""


class Job(StrEnum):
    """What is asked for: the best documents by words and meaning together, or by meaning alone."""

    HYBRID = "hybrid"
    DENSE = "dense"


class Encoding(StrEnum):
    """Who turns a message into a vector.

    OWN: each library its own way, from the same weights; SHARED: all of them our encoder; GIVEN: nobody, the vector
    comes with the message, so that only searching is measured.
    """

    OWN = "own"
    SHARED = "shared"
    GIVEN = "given"


@dataclass(frozen=True)
class Task:
    """Where the material lies, and how messages become vectors.

    `encoder` is the specification of ours, `weights` the sentence-transformers model that the others load.
    """

    folder: Path
    models_folder: Path
    encoder: str
    weights: str
    encoding: Encoding


class Searcher(Protocol):
    """A library opened in this process; documents are numbered as in the material."""

    def vector(self, message: str) -> NDArray[np.float32]:
        """The vector that the message is searched with, shape (dim,)."""
        ...

    def search(self, job: Job, message: str) -> list[int]:
        """The best `K` documents, best first."""
        ...


@dataclass(frozen=True)
class Library:
    """One of those compared, and the distributions it needs.

    `build` writes what can be kept into the material's folder; every process does `open`.
    """

    name: str
    build: Callable[[Task], None]
    open: Callable[[Task], Searcher]
    packages: tuple[str, ...] = ()
