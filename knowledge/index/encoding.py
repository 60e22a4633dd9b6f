"""The encoder as the index needs it, and texts turned into vectors through the cache."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import SearchIndexError
from knowledge.index.cache import VectorCache, text_keys
from knowledge.index.schema import Side
from knowledge.text import for_encoder

ENCODE_BATCH = 256


class TextEncoder(Protocol):
    """Turns texts into unit vectors of float32, shape (n, dim); `fingerprint` changes whenever the vectors would."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Encoding(Protocol):
    """What turns the texts of the index into vectors; no fingerprint means that there is no encoder."""

    @property
    def fingerprint(self) -> str | None: ...

    @property
    def dim(self) -> int: ...

    def encode(self, side: Side, texts: Sequence[str]) -> NDArray[np.float32]: ...


class WordsOnly:
    """Stands in for an encoder that cannot be loaded: vectors of zeros, near to nothing."""

    fingerprint = None

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def encode(self, side: Side, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG002
        """Zeros, shape (n, dim)."""
        return np.zeros((len(texts), self.dim), np.float32)


class CachedEncoder:
    """An encoder that asks the cache first and keeps what it had to encode; texts are encoded in their one spelling."""

    def __init__(self, encoder: TextEncoder, cache: VectorCache) -> None:
        self._encoder = encoder
        self._cache = cache
        self.n_encoded = 0

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dim(self) -> int:
        return self._encoder.dim

    def encode(self, side: Side, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the texts, shape (n, dim).

        Raises:
            SearchIndexError: the encoder gave vectors of another shape than it says.
        """
        spelled = [for_encoder(text) for text in texts]
        self._learn(side, spelled)
        return self._cache.vectors(self._cache.find(text_keys(side, spelled)))

    def learn(self, side: Side, texts: Sequence[str]) -> None:
        """Encode those of the texts that the cache does not have.

        Raises:
            SearchIndexError: the encoder gave vectors of another shape than it says.
        """
        self._learn(side, [for_encoder(text) for text in texts])

    def _learn(self, side: Side, texts: Sequence[str]) -> None:
        keys = text_keys(side, texts)
        new = {texts[index]: index for index in np.flatnonzero(self._cache.find(keys) < 0).tolist()}
        missing = np.fromiter(new.values(), np.int64, len(new))
        for start in range(0, len(missing), ENCODE_BATCH):
            batch = missing[start : start + ENCODE_BATCH]
            self._cache.append(keys[batch], self._fresh(side, [texts[int(index)] for index in batch]))

    def _fresh(self, side: Side, texts: list[str]) -> NDArray[np.float32]:
        encode = self._encoder.encode_queries if side == "query" else self._encoder.encode_passages
        vectors = np.asarray(encode(texts), np.float32)
        if vectors.shape != (len(texts), self.dim):
            raise SearchIndexError(
                f"encoder {self._encoder.fingerprint!r} gave vectors of shape {vectors.shape}, "
                f"expected {(len(texts), self.dim)}"
            )
        self.n_encoded += len(texts)
        return vectors
