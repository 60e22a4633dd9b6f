"""What every encoder can do."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors whose dot product is their similarity.

    The same text always gives the same vector, whatever it is encoded together with. A text longer than the model's
    limit is cut off at the end; the empty text is valid; no texts give shape (0, dim).
    """

    @property
    def name(self) -> str:
        """What a person would call this encoder."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hex hash of everything that determines the vectors; vectors of different fingerprints do not compare."""
        ...

    @property
    def dim(self) -> int:
        """Length of every vector."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim) of what is searched with, in the order given."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim) of what is searched for, in the order given."""
        ...
