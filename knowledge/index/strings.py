"""Many strings without an object each: bytes and offsets, and lookups by hash."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StringColumn:
    """Strings one after the other in UTF-8; string i is `data[offsets[i]:offsets[i + 1]]`."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, strings: Iterable[str]) -> "StringColumn":
        """A column in memory."""
        draft = StringDraft()
        for string in strings:
            draft.add(string)
        return draft.finished()

    @classmethod
    def load(cls, folder: Path, name: str) -> "StringColumn":
        """A column on disk, mapped into memory."""
        return cls(_mapped(folder / f"{name}.bytes.npy"), _mapped(folder / f"{name}.offsets.npy"))

    def save(self, folder: Path, name: str) -> None:
        """Write two files, `name.bytes.npy` and `name.offsets.npy`."""
        np.save(folder / f"{name}.bytes.npy", self.data)
        np.save(folder / f"{name}.offsets.npy", self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        return bytes(self.data[self.offsets[index] : self.offsets[index + 1]]).decode()

    def slice(self, start: int, stop: int) -> list[str]:
        """Strings `start` to `stop - 1`."""
        return [self[index] for index in range(start, min(stop, len(self)))]


class StringDraft:
    """Collects strings, one after the other."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("q", [0])

    def add(self, string: str) -> None:
        """Append a string."""
        self._data += string.encode()
        self._ends.append(len(self._data))

    def finished(self) -> StringColumn:
        """The column of all strings added."""
        return StringColumn(np.frombuffer(bytes(self._data), np.uint8), np.array(self._ends, np.int64))


@dataclass(frozen=True)
class HashLookup:
    """Finds the positions of a string by its 64-bit hash; the caller compares the string itself."""

    hashes: NDArray[np.uint64]
    positions: NDArray[np.int32]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64]) -> "HashLookup":
        """A lookup for strings whose hashes are given in the order of their positions."""
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], order.astype(np.int32))

    @classmethod
    def load(cls, folder: Path, name: str) -> "HashLookup":
        """A lookup on disk, mapped into memory."""
        return cls(_mapped(folder / f"{name}.hashes.npy"), _mapped(folder / f"{name}.places.npy"))

    def save(self, folder: Path, name: str) -> None:
        """Write two files, `name.hashes.npy` and `name.places.npy`."""
        np.save(folder / f"{name}.hashes.npy", self.hashes)
        np.save(folder / f"{name}.places.npy", self.positions)

    def find(self, string: str) -> NDArray[np.int32]:
        """Positions whose hash is this string's, ascending; nearly always the string itself, but check."""
        key = np.uint64(hash64(string))
        first = int(np.searchsorted(self.hashes, key))
        last = first
        while last < len(self.hashes) and self.hashes[last] == key:
            last += 1
        return self.positions[first:last]

    def find_firsts(self, strings: Sequence[str]) -> NDArray[np.int32]:
        """For each string, the first position whose hash is its own, -1 where there is none; check as for `find`."""
        return self.find_hashes(hashes64(strings))

    def find_hashes(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """For each hash, the first position that has it, -1 where there is none; see `find_firsts`."""
        if not len(self.hashes):
            return np.full(len(keys), -1, np.int32)
        at = np.minimum(np.searchsorted(self.hashes, keys), len(self.hashes) - 1)
        return np.where(self.hashes[at] == keys, self.positions[at], np.int32(-1))


def hash64(string: str) -> int:
    """A hash that is the same in every process."""
    return int.from_bytes(blake2b(string.encode(), digest_size=8).digest(), "little")


def hashes64(strings: Iterable[str]) -> NDArray[np.uint64]:
    """The hash of each string."""
    return np.fromiter((hash64(string) for string in strings), np.uint64)


def _mapped(path: Path) -> NDArray[Any]:
    """An array mapped into memory, as a plain array: a `memmap` makes every element look-up ten times dearer."""
    return np.asarray(np.load(path, mmap_mode="r"))
