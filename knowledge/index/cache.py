"""Vectors of texts already encoded, on disk, so that no text is encoded twice with the same encoder."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexCorruptError
from knowledge.index.files import locked
from knowledge.index.schema import Side

_ENTRY = np.dtype([("first", "<u8"), ("second", "<u8"), ("crc", "<u8")])
_RESORT_AFTER = 20_000

Keys = NDArray[np.void]
"""Text hashes, one 16-byte key per text."""


class VectorCache:
    """Keys and vectors in two files that only ever grow.

    Entry i of `keys.bin` is a text's hash and the checksum of vector i of `vectors.bin`; vectors are written before
    their keys. What an interrupted writer left unfinished at the end is dropped. Several processes may append.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._dim = dim
        self._entries = np.empty(0, _ENTRY)
        self._vectors = np.empty((0, dim), np.float32)
        self._sorted = np.empty(0, np.uint64)
        self._order = np.empty(0, np.int64)
        self._recent: dict[tuple[int, int], int] = {}
        self._is_read = False

    @classmethod
    def open(cls, folder: Path, fingerprint: str, dim: int) -> "VectorCache":
        """The cache of one encoder inside `folder`, made if missing."""
        own = folder / cache_name(fingerprint, dim)
        own.mkdir(parents=True, exist_ok=True)
        cache = cls(own, dim)
        with locked(cache._lock_file):
            cache._drop_torn_tail()
        return cache

    def __len__(self) -> int:
        self._read_once()
        return len(self._entries)

    def refresh(self) -> None:
        """Take in what was appended since, by whichever process."""
        n_vectors = self._n_whole_vectors()
        self._entries = np.fromfile(self._keys_file, _ENTRY)[:n_vectors] if self._keys_file.exists() else self._entries
        self._map_vectors(len(self._entries))
        self._order = np.argsort(self._entries["first"], kind="stable")
        self._sorted = self._entries["first"][self._order]
        self._recent.clear()
        self._is_read = True

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """Where each key's vector is, -1 where it is not."""
        self._read_once()
        if len(self._recent) > _RESORT_AFTER:
            self.refresh()
        places = self._find_sorted(keys)
        for index in np.flatnonzero(places < 0) if self._recent else ():
            places[index] = self._recent.get((int(keys["first"][index]), int(keys["second"][index])), -1)
        return places

    def vectors(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at these places, shape (n, dim).

        Raises:
            IndexCorruptError: one of them is not what was written.
        """
        self._read_once()
        if len(places) and int(places.max()) >= len(self._vectors):
            self._map_vectors(int(places.max()) + 1)
        found = self._vectors[places]
        expected = self._entries["crc"][places]
        if any(crc32(vector) != crc for vector, crc in zip(found, expected.tolist(), strict=True)):
            raise IndexCorruptError(f"the vector cache {self._folder} is damaged; delete that folder and build again")
        return found

    def append(self, keys: Keys, vectors: NDArray[np.float32]) -> None:
        """Keep the vectors of these keys, shape (n, dim)."""
        entries = np.empty(len(keys), _ENTRY)
        entries["first"], entries["second"] = keys["first"], keys["second"]
        whole = np.ascontiguousarray(vectors, np.float32)
        entries["crc"] = [crc32(vector) for vector in whole]
        self._read_once()
        with locked(self._lock_file):
            self._drop_torn_tail()
            first = self._n_whole_vectors()
            with self._vectors_file.open("ab") as file:
                file.write(whole.tobytes())
            with self._keys_file.open("ab") as file:
                file.write(entries.tobytes())
        self._learn(first, entries)

    def _read_once(self) -> None:
        """Most openings of an index encode nothing and need none of this."""
        if not self._is_read:
            self.refresh()

    @property
    def _keys_file(self) -> Path:
        return self._folder / "keys.bin"

    @property
    def _vectors_file(self) -> Path:
        return self._folder / "vectors.bin"

    @property
    def _lock_file(self) -> Path:
        return self._folder / "lock"

    def _learn(self, first: int, entries: NDArray[np.void]) -> None:
        if first != len(self._entries):  # another process appended in between
            self.refresh()
            return
        self._entries = np.concatenate([self._entries, entries])
        keys = zip(entries["first"].tolist(), entries["second"].tolist(), strict=True)
        self._recent.update((key, first + index) for index, key in enumerate(keys))

    def _find_sorted(self, keys: Keys) -> NDArray[np.int64]:
        places = np.full(len(keys), -1, np.int64)
        if not len(self._sorted):
            return places
        at = np.minimum(np.searchsorted(self._sorted, keys["first"]), len(self._sorted) - 1)
        candidates = self._order[at]
        same = self._entries["first"][candidates] == keys["first"]
        same &= self._entries["second"][candidates] == keys["second"]
        places[same] = candidates[same]
        return places

    def _map_vectors(self, n_vectors: int) -> None:
        shape = (n_vectors, self._dim)
        if n_vectors:
            self._vectors = np.asarray(np.memmap(self._vectors_file, np.float32, "r", shape=shape))

    def _n_whole_vectors(self) -> int:
        return _size(self._vectors_file) // (4 * self._dim)

    def _drop_torn_tail(self) -> None:
        """Cut both files to the entries that are whole; the lock must be held."""
        n_whole = min(self._n_whole_vectors(), _size(self._keys_file) // _ENTRY.itemsize)
        while n_whole and not self._is_whole(n_whole - 1):
            n_whole -= 1
        for path, width in ((self._vectors_file, 4 * self._dim), (self._keys_file, _ENTRY.itemsize)):
            if _size(path) > n_whole * width:
                with path.open("r+b") as file:
                    file.truncate(n_whole * width)

    def _is_whole(self, place: int) -> bool:
        entry = np.fromfile(self._keys_file, _ENTRY, 1, offset=place * _ENTRY.itemsize)
        vector = np.fromfile(self._vectors_file, np.float32, self._dim, offset=place * 4 * self._dim)
        return crc32(vector.tobytes()) == int(entry["crc"][0])


def cache_name(fingerprint: str, dim: int) -> str:
    """The name of an encoder's own folder inside the cache."""
    return f"{blake2b(fingerprint.encode(), digest_size=8).hexdigest()}-{dim}"


def text_keys(side: Side, texts: Sequence[str]) -> Keys:
    """The keys of texts as read from one side."""
    joined = b"".join(blake2b(f"{side}\0{text}".encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(joined, np.dtype([("first", "<u8"), ("second", "<u8")]))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
