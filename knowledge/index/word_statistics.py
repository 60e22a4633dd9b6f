"""How common each word is in a corpus, and the 64-bit keys words go by."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class WordStatistics:
    """Two fields built with the same statistics give comparable scores.

    `keys` are the sorted keys of the tokens, `frequencies` in how many documents each occurs.
    """

    n_documents: int
    average_length: float
    keys: NDArray[np.uint64]
    frequencies: NDArray[np.int32]

    def seen(self, keys: NDArray[np.uint64]) -> NDArray[np.integer]:
        """In how many documents each token occurs."""
        places, known = places_of(keys, self.keys)
        counts = np.zeros(len(keys), np.int32)
        counts[known] = self.frequencies[places[known]]
        return counts

    def weights(self, seen: NDArray[np.integer], times: NDArray[np.float32]) -> NDArray[np.float32]:
        """What tokens of a question count: times asked x log(1 + (N - n + 0.5) / (n + 0.5)), n documents having them.

        The inverse frequency is that of Robertson and Zaragoza 2009 in the form Lucene uses, which is never negative.
        """
        weights: NDArray[np.float32] = np.log1p((self.n_documents - seen + 0.5) / (seen + 0.5)).astype(np.float32)
        weights *= times
        return weights


def word_keys(words: Iterable[str]) -> NDArray[np.uint64]:
    """A 64-bit hash of each word, the same on every machine; a million words meet by chance once in 30 million."""
    return np.frombuffer(b"".join(map(_digest, words)), "<u8").astype(np.uint64)


@lru_cache(maxsize=65_536)
def _digest(word: str) -> bytes:
    return blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def places_of(wanted: NDArray[np.uint64], keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each wanted key stands among the sorted keys, and whether it is there at all."""
    places = np.searchsorted(keys, wanted)
    known = places < len(keys)
    known[known] = keys[places[known]] == wanted[known]
    return places, known
