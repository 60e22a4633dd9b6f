"""Numbers for ids."""

import numpy as np
from numpy.typing import NDArray


class Numbering:
    """Gives every distinct id a number from 0, in the order in which they come up."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self._seen: list[int] = []

    def add(self, own: str) -> None:
        """Number one more row."""
        self._seen.append(self.known.setdefault(own, len(self.known)))

    def array(self) -> NDArray[np.int64]:
        """The number of each row."""
        return np.array(self._seen, np.int64)
