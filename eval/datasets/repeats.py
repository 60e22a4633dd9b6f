"""Ids that stand twice in data too large to keep every id."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

HASH_BYTES = 8


@dataclass
class IdHashes:
    """Eight bytes for every id seen."""

    hashes: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, own: str) -> None:
        """Remember an id."""
        self.hashes.append(_hash(own))

    def suspects(self) -> frozenset[int]:
        """Hashes seen more than once: of ids that stand twice, or, hardly ever, of two ids."""
        found, counts = np.unique(np.frombuffer(self.hashes, np.uint64), return_counts=True)
        return frozenset(int(one) for one in found[counts > 1])


def first_repeated(ids: Iterable[str], suspects: frozenset[int]) -> tuple[int, int] | None:
    """Where an id stands that stood before, and where it did, both counted from 0; ids are told apart exactly."""
    seen: dict[str, int] = {}
    for place, own in enumerate(ids):
        if _hash(own) in suspects:
            before = seen.setdefault(own, place)
            if before != place:
                return place, before
    return None


def _hash(own: str) -> int:
    return int.from_bytes(blake2b(own.encode(), digest_size=HASH_BYTES).digest(), "little")
