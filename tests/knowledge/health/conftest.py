"""An encoder whose cosines are known: texts of one meaning get one vector, all others stand nearly at right angles."""

import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

DIM = 512


@pytest.fixture
def by_meaning() -> Callable[[Mapping[str, str]], Callable[[Sequence[str]], NDArray[np.float32]]]:
    """Makes an encoder of a table from words to meanings; a text has the meaning of the first word it contains."""

    def make(meanings: Mapping[str, str]) -> Callable[[Sequence[str]], NDArray[np.float32]]:
        def vector(text: str) -> NDArray[np.float32]:
            meaning = next((meaning for word, meaning in meanings.items() if word in text), text)
            drawn = np.random.default_rng(zlib.crc32(meaning.encode())).normal(size=DIM)
            return np.asarray(drawn / np.linalg.norm(drawn), np.float32)

        return lambda texts: np.stack([vector(text) for text in texts])

    return make
