"""BEIR folders: documents, queries, and which documents are relevant to which query.

    corpus.jsonl        {"_id", "title", "text"}
    queries.jsonl       {"_id", "text", "metadata": {"context": […], "customer": "…"}}
    qrels/<split>.tsv   query-id, corpus-id, score; with this header

Thakur et al., BEIR, NeurIPS Datasets and Benchmarks 2021; `metadata.context` and `metadata.customer` are ours.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.digest import data_name, sha256_of_files
from eval.datasets.lines import read_identified, read_lines
from eval.datasets.record import shown
from eval.datasets.room import require_room
from eval.datasets.said import Said, read_context
from eval.errors import DataError

CORPUS_FILE = "corpus.jsonl"
QUERIES_FILE = "queries.jsonl"
QRELS_FOLDER = "qrels"
HEADER = ("query-id", "corpus-id", "score")

__all__ = ["BeirData", "Document", "Query", "Said", "read_beir"]


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found; public sets have empty documents too."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; `metadata` is the file's, without the context and the customer."""

    id: str
    text: str
    context: tuple[Said, ...]
    customer_id: str | None
    metadata: Mapping[str, object]


@dataclass(frozen=True)
class BeirData:
    """One split of a BEIR folder, in the order of its files; `sha256` covers what this split consists of.

    `qrels[query_id][document_id]` is a relevance from 0. `queries` are those the split judges, `n_unjudged` counts the
    others of the folder.
    """

    name: str
    sha256: str
    split: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    n_unjudged: int = 0


def read_beir(folder: Path, split: str = "test") -> BeirData:
    """One split of a BEIR folder.

    Raises:
        DataError: a file is missing or wrong, or there are no documents or no queries; names the line.
    """
    corpus, asked, judged = folder / CORPUS_FILE, folder / QUERIES_FILE, _split_file(folder, split)
    require_room(corpus, asked, judged)
    documents = {document.id: document for document in _documents(corpus)}
    queries = {query.id: query for query in _queries(asked)}
    qrels = _qrels(judged, queries, documents)
    return BeirData(
        name=data_name(folder),
        sha256=sha256_of_files({CORPUS_FILE: corpus, QUERIES_FILE: asked, f"{QRELS_FOLDER}/{judged.name}": judged}),
        split=split,
        documents=tuple(documents.values()),
        queries=tuple(query for query in queries.values() if query.id in qrels),
        qrels=qrels,
        n_unjudged=len(queries) - len(qrels),
    )


def _split_file(folder: Path, split: str) -> Path:
    path = folder / QRELS_FOLDER / f"{split}.tsv"
    there = sorted(file.stem for file in (folder / QRELS_FOLDER).glob("*.tsv"))
    if split not in there:
        known = f"one of the splits there: {', '.join(there)}" if there else f"{QRELS_FOLDER}/<split>.tsv"
        raise DataError(path, None, f"there is no split {split!r}", known)
    return path


def _documents(path: Path) -> Iterator[Document]:
    for record in read_identified(path, "_id"):
        title = "" if record.fields.get("title") is None else record.text("title")
        yield Document(record.id("_id"), title, record.text("text"))


def _queries(path: Path) -> Iterator[Query]:
    for record in read_identified(path, "_id"):
        metadata = record.inner("metadata")
        rest = {name: value for name, value in metadata.fields.items() if name not in {"context", "customer"}}
        yield Query(
            record.id("_id"),
            record.required_text("text"),
            read_context(metadata),
            metadata.optional_id("customer"),
            rest,
        )


def _qrels(
    path: Path, queries: Mapping[str, object], documents: Mapping[str, object]
) -> Mapping[str, Mapping[str, int]]:
    qrels: dict[str, dict[str, int]] = defaultdict(dict)
    for line, query_id, document_id, score in _judgements(path):
        if query_id not in queries:
            raise DataError(path, line, f"query-id {shown(query_id)} is unknown", f"an _id of {QUERIES_FILE}")
        if document_id not in documents:
            raise DataError(path, line, f"corpus-id {shown(document_id)} is unknown", f"an _id of {CORPUS_FILE}")
        if document_id in qrels[query_id]:
            problem = f"query {shown(query_id)} and document {shown(document_id)} stand on an earlier line too"
            raise DataError(path, line, problem, "every pair once")
        qrels[query_id][document_id] = score
    if not qrels:
        raise DataError(path, None, "no query is judged", "at least one line after the header")
    return dict(qrels)


def _judgements(path: Path) -> Iterator[tuple[int, str, str, int]]:
    lines = read_lines(path)
    _, header = next(lines, (1, ""))
    if tuple(cell.strip() for cell in header.split("\t")) != HEADER:
        raise DataError(path, 1, f"the header is {shown(header)}", f"{', '.join(HEADER)}, separated by tabs")
    for line, text in lines:
        if not text or text.isspace():
            continue
        cells = [cell.strip() for cell in text.split("\t")]
        if len(cells) != len(HEADER) or not all(cells):
            raise DataError(path, line, f"{shown(text)} has not three cells", f"{', '.join(HEADER)}, separated by tabs")
        query_id, document_id, score = cells
        if not (score.isascii() and score.isdigit()):
            raise DataError(path, line, f"score is {shown(score)}", "a whole number from 0")
        yield line, query_id, document_id, int(score)
