"""txtai: `Embeddings(hybrid=True)` with its defaults, saved once and loaded by every process.

The defaults: an inverted file over unquantised vectors, BM25 over single characters and words, normalised scores added,
a hundred candidates of each kind.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from shutil import rmtree
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.material import Material
from copilot.benchmark.rivals.message_encoder import message_encoder
from copilot.benchmark.rivals.task import Encoding, Job, K, Library, Searcher, Task

if TYPE_CHECKING:
    from txtai import Embeddings

FOLDER = "txtai"
DENSE_ONLY: Mapping[str, object] = {"scoring": {"method": "bm25"}}
"""BM25 without an index of terms: txtai then searches by vectors alone."""


def build(task: Task) -> None:
    """Index the documents with the vectors they already have, through txtai's own way in for external vectors."""
    from txtai import Embeddings

    material = Material(task.folder)
    known = dict(zip(material.documents, material.vectors, strict=True))

    def looked_up(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([known[text] for text in texts])

    embeddings = Embeddings({"method": "external", "transform": looked_up, "hybrid": True})
    embeddings.index((number, text, None) for number, text in enumerate(material.documents))
    rmtree(task.folder / FOLDER, ignore_errors=True)
    embeddings.save(str(task.folder / FOLDER))


def open_txtai(task: Task) -> Searcher:
    """The saved index, with the model that encodes messages."""
    searcher = Txtai(str(task.folder / FOLDER), _encoding(task))
    _ = searcher.hybrid
    return searcher


class Txtai:
    """A searcher; hybrid and dense search are two configurations of one saved index and share the model."""

    def __init__(self, path: str, encoding: Mapping[str, object]) -> None:
        self._path = path
        self._encoding = encoding
        self._models: dict[str, object] = {}

    @cached_property
    def hybrid(self) -> "Embeddings":
        """Words and vectors."""
        return self._load({})

    @cached_property
    def dense(self) -> "Embeddings":
        """Vectors alone."""
        return self._load(DENSE_ONLY)

    def vector(self, message: str) -> NDArray[np.float32]:
        """The vector that the message is searched with, shape (dim,)."""
        return np.asarray(self.hybrid.transform(message), np.float32)

    def search(self, job: Job, message: str) -> list[int]:
        """The best documents, best first."""
        embeddings = self.hybrid if job is Job.HYBRID else self.dense
        return [int(number) for number, _ in embeddings.search(message, K)]

    def _load(self, changes: Mapping[str, object]) -> "Embeddings":
        from txtai import Embeddings

        embeddings = Embeddings(models=self._models)
        embeddings.load(self._path, config={**self._encoding, **changes})
        return embeddings


def _encoding(task: Task) -> Mapping[str, object]:
    """The part of txtai's configuration that says how a message becomes a vector."""
    if task.encoding is Encoding.OWN:
        return {"path": task.weights, "method": None, "transform": None}
    encode = message_encoder(task)

    def transform(messages: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([encode(message) for message in messages])

    return {"transform": transform}


TXTAI = Library("txtai", build, open_txtai, ("txtai",))
