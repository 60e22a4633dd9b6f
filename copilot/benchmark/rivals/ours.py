"""This library's own search, as the product does it: one collection, words and vectors, fused by rank."""

from concurrent.futures import Future
from shutil import rmtree

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.material import Material
from copilot.benchmark.rivals.message_encoder import Encode, message_encoder
from copilot.benchmark.rivals.task import Job, K, Library, Searcher, Task
from copilot.evaluation.systems import by_vectors, fused
from copilot.evaluation.texts import FIELD, Asked, Corpus
from knowledge.index.items import UNVERSIONED, IndexItem
from knowledge.index.schema import CollectionSchema, FieldSchema
from knowledge.index.segment import Segment, build_segment
from knowledge.index.view import CollectionView

SCHEMA = CollectionSchema("documents", (FieldSchema(FIELD, "passage"),))
FOLDER = "ours"


def build(task: Task) -> None:
    """Index the documents and write the index, as building a library does."""
    material = Material(task.folder)
    items = (
        IndexItem(str(number), UNVERSIONED, {FIELD: (text,)}, {}, {}) for number, text in enumerate(material.documents)
    )
    segment = build_segment(SCHEMA, items, lambda _field, _texts: np.array(material.vectors))
    rmtree(task.folder / FOLDER, ignore_errors=True)
    segment.save(task.folder / FOLDER)


def open_ours(task: Task) -> Searcher:
    """The index, memory-mapped as for serving."""
    segment = Segment.load(task.folder / FOLDER, SCHEMA)
    return Ours(Corpus(CollectionView(SCHEMA, [segment])), message_encoder(task))


class Ours:
    """A searcher over one collection."""

    def __init__(self, corpus: Corpus, encode: Encode) -> None:
        self._corpus = corpus
        self._encode = encode

    def vector(self, message: str) -> NDArray[np.float32]:
        """The vector that the message is searched with, shape (dim,)."""
        return self._encode(message)

    def search(self, job: Job, message: str) -> list[int]:
        """The best documents, best first."""
        encoded: Future[NDArray[np.float32]] = Future()
        encoded.set_result(self._encode(message))
        rank = fused if job is Job.HYBRID else by_vectors
        asked = Asked(message, message, (), encoded, encoded)
        ranking = rank(self._corpus, asked, None, K)
        return [int(self._corpus.view.item_id(item)) for item in ranking.items.tolist()]


OURS = Library("ours", build, open_ours)
