"""An encoder without a model, for tests and for trying things out: hashed character n-grams."""

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_N_GRAM_LENGTHS = (1, 2, 3)


class HashEncoder:
    """Texts that share characters and character pairs lie close; meaning plays no part.

    Every n-gram of one to three characters of the casefolded text adds or subtracts one at a hashed position
    (feature hashing, Weinberger et al. 2009, with CRC-32, so that no process-wide hash seed matters).
    """

    def __init__(self, dim: int = 256) -> None:
        if dim < 1:
            raise ValueError(f"dim must be at least 1, got {dim}")
        self.dim = dim
        self.name = "hash"
        self.fingerprint = f"{crc32(f'hash-1-{dim}'.encode()):08x}"

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim); queries and passages are treated alike."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            _add_n_grams(row, f"\x02{text.casefold()}\x03")
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (len(texts), dim); queries and passages are treated alike."""
        return self.encode_queries(texts)


def _add_n_grams(row: NDArray[np.float32], text: str) -> None:
    n_grams = Counter(text[i : i + n] for n in _N_GRAM_LENGTHS for i in range(len(text) - n + 1))
    for n_gram, count in n_grams.items():
        code = crc32(n_gram.encode("utf-8", "surrogatepass"))
        row[(code >> 1) % row.size] += count if code & 1 else -count
    if not row.any():
        row[0] = 1.0
