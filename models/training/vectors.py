"""Vectors of texts kept on disk, so that training again, or after an interruption, encodes nothing twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from models.encoders.encoder import Encoder
from models.training.errors import room_needed

_BATCH = 256
_KEY_BYTES = 12

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class VectorFile:
    """One side's vectors of one encoder, in half precision; only ever appended to."""

    path: Path
    encode: Callable[[Sequence[str]], NDArray[np.float32]]
    dim: int

    @classmethod
    def of_queries(cls, encoder: Encoder, folder: Path) -> "VectorFile":
        """The query side of an encoder; its fingerprint is in the file's name."""
        return cls(folder / f"{encoder.fingerprint}-queries.vectors", encoder.encode_queries, encoder.dim)

    @classmethod
    def of_passages(cls, encoder: Encoder, folder: Path) -> "VectorFile":
        """The passage side of an encoder."""
        return cls(folder / f"{encoder.fingerprint}-passages.vectors", encoder.encode_passages, encoder.dim)

    def vectors(self, texts: Sequence[str], progress: Progress) -> NDArray[np.float32]:
        """Vectors (len(texts), dim), of which only those not in the file are computed.

        Raises:
            OutOfRoomError: If the disk is full.
        """
        keys = [_key(text) for text in texts]
        known = self._read()
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            self._add(missing, known, progress)
        return np.array([known[key] for key in keys], np.float32).reshape(len(keys), self.dim)

    def _record(self) -> np.dtype[np.void]:
        return np.dtype([("key", f"V{_KEY_BYTES}"), ("vector", "<f2", (self.dim,))])

    def _read(self) -> dict[bytes, NDArray[np.float16]]:
        """All whole records; what an interrupted writer left of one is ignored."""
        if not self.path.exists():
            return {}
        record = self._record()
        found = np.fromfile(self.path, record, count=self.path.stat().st_size // record.itemsize)
        return dict(zip((key.tobytes() for key in found["key"]), found["vector"], strict=True))

    def _add(self, missing: dict[bytes, str], known: dict[bytes, NDArray[np.float16]], progress: Progress) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        keys = list(missing)
        with room_needed(self.path), self.path.open("ab", buffering=0) as file:
            self._cut_off_rest(file)
            for start in range(0, len(keys), _BATCH):
                batch = keys[start : start + _BATCH]
                vectors = self.encode([missing[key] for key in batch]).astype("<f2")
                records = np.empty(len(batch), self._record())
                records["key"] = [np.void(key) for key in batch]
                records["vector"] = vectors
                file.write(records.tobytes())
                known.update(zip(batch, vectors, strict=True))
                progress(start + len(batch), len(keys), "encoding")

    def _cut_off_rest(self, file: IO[bytes]) -> None:
        """Remove half a record, so that what is appended starts at a whole one."""
        n_bytes = self.path.stat().st_size
        if rest := n_bytes % self._record().itemsize:
            file.truncate(n_bytes - rest)


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
