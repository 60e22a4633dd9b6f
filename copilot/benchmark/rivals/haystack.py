"""Haystack: an in-memory document store, its two retrievers, and ranks joined, as in its guide to hybrid retrieval.

The store lives in one process and is filled in each. For every message it scores every document by BM25 in Python, and
makes one array of all their vectors.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.rivals.material import Material
from copilot.benchmark.rivals.message_encoder import message_encoder
from copilot.benchmark.rivals.task import Encoding, Job, K, Library, Searcher, Task

if TYPE_CHECKING:
    from haystack import Document, Pipeline
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder


def build(_: Task) -> None:
    """Nothing that could be kept."""


def open_haystack(task: Task) -> Searcher:
    """A store filled with the documents and their vectors, and the pipelines over it."""
    from haystack import Document
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    material = Material(task.folder)
    store = InMemoryDocumentStore()
    store.write_documents(
        [
            Document(id=str(number), content=text, embedding=vector.tolist())
            for number, (text, vector) in enumerate(zip(material.documents, material.vectors, strict=True))
        ]
    )
    return HaystackEncoding(store, task.weights) if task.encoding is Encoding.OWN else HaystackGiven(store, task)


class HaystackGiven:
    """A searcher whose pipelines are handed the message's vector."""

    def __init__(self, store: "InMemoryDocumentStore", task: Task) -> None:
        self._pipelines = {job: _pipeline(store, job) for job in Job}
        self._encode = message_encoder(task)

    def vector(self, message: str) -> NDArray[np.float32]:
        """The vector that the message is searched with, shape (dim,)."""
        return self._encode(message)

    def search(self, job: Job, message: str) -> list[int]:
        """The best documents, best first."""
        asked = _asked(job, message) | {"by_meaning": {"query_embedding": self._encode(message).tolist()}}
        return _numbers(_found(job, self._pipelines[job].run(asked)))


class HaystackEncoding:
    """A searcher whose pipelines begin with Haystack's own embedder."""

    def __init__(self, store: "InMemoryDocumentStore", weights: str) -> None:
        self._embedder = _embedder(weights)
        self._pipelines = {job: _pipeline(store, job) for job in Job}
        for pipeline in self._pipelines.values():
            pipeline.add_component("embedder", _embedder(weights))
            pipeline.connect("embedder.embedding", "by_meaning.query_embedding")

    def vector(self, message: str) -> NDArray[np.float32]:
        """The vector that the message is searched with, shape (dim,)."""
        return np.asarray(self._embedder.run(message)["embedding"], np.float32)

    def search(self, job: Job, message: str) -> list[int]:
        """The best documents, best first."""
        asked = _asked(job, message) | {"embedder": {"text": message}}
        return _numbers(_found(job, self._pipelines[job].run(asked)))


def _pipeline(store: "InMemoryDocumentStore", job: Job) -> "Pipeline":
    from haystack import Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever

    pipeline = Pipeline()
    pipeline.add_component("by_meaning", InMemoryEmbeddingRetriever(store, top_k=K))
    if job is Job.HYBRID:
        pipeline.add_component("by_words", InMemoryBM25Retriever(store, top_k=K))
        pipeline.add_component("joined", DocumentJoiner("reciprocal_rank_fusion", top_k=K))
        pipeline.connect("by_words", "joined")
        pipeline.connect("by_meaning", "joined")
    return pipeline


def _embedder(weights: str) -> "SentenceTransformersTextEmbedder":
    """Haystack's embedder, with what the model wants in front of a question; a process loads the model once."""
    from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

    embedder = SentenceTransformersTextEmbedder(model=weights, progress_bar=False)
    embedder.warm_up()
    embedder.prefix = embedder.embedding_backend.model.prompts.get("query", "")
    return embedder


def _asked(job: Job, message: str) -> dict[str, dict[str, object]]:
    return {"by_words": {"query": message}} if job is Job.HYBRID else {}


def _found(job: Job, answer: dict[str, dict[str, "list[Document]"]]) -> "list[Document]":
    return answer["joined" if job is Job.HYBRID else "by_meaning"]["documents"]


def _numbers(documents: "list[Document]") -> list[int]:
    return [int(document.id) for document in documents]


HAYSTACK = Library("Haystack", build, open_haystack, ("haystack-ai", "sentence-transformers-haystack"))
