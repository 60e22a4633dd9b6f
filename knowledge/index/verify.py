"""Proving that the index says what the database says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from sqlmodel import Session

from knowledge.database import Database
from knowledge.errors import SearchIndexError
from knowledge.index.encoding import TextEncoder
from knowledge.index.follower import Change, last_seq, read_changes
from knowledge.index.items import IndexItem, read_items
from knowledge.index.library_index import LibraryIndex, LibraryView
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.snapshot import current_snapshot, tenant_folder
from knowledge.index.view import CollectionView
from knowledge.tables import IndexKind
from knowledge.text import for_encoder

SAME_VECTOR = 0.98
"""The cosine two encodings of a text reach at least; an int8 encoder varies a little with what else is in its batch."""

MAX_PROBLEMS = 50


@dataclass(frozen=True)
class VerifyReport:
    """What was compared, and what did not agree (the first fifty)."""

    version: str
    n_files: int
    n_items: int
    n_vectors: int
    problems: Sequence[str]

    @property
    def agrees(self) -> bool:
        return not self.problems


def verify_index(
    database: Database,
    folder: Path,
    tenant_id: str,
    encoder: TextEncoder,
    rng: np.random.Generator,
    *,
    n_vectors: int = 100,
) -> VerifyReport:
    """Compare the index, changes included, with the database; reads every file and row, and encodes a sample again."""
    try:
        snapshot = current_snapshot(tenant_folder(folder, tenant_id))
        if snapshot is not None and (damaged := snapshot.damaged_files()):
            problems = [f"{snapshot.name}/{name} is not what was written" for name in damaged]
            return VerifyReport(snapshot.name, len(snapshot.files), 0, 0, problems[:MAX_PROBLEMS])
        index = LibraryIndex.open(folder, database, tenant_id, encoder)
    except SearchIndexError as error:
        return VerifyReport("", 0, 0, 0, [str(error)])
    comparison = _Comparison(database, tenant_id, index.view, index.position)
    problems = list(_first(comparison.problems(), MAX_PROBLEMS))
    sample = _Sample(index.view, encoder, rng)
    problems += _first(sample.problems(n_vectors), MAX_PROBLEMS - len(problems))
    n_files = 0 if snapshot is None else len(snapshot.files)
    return VerifyReport(index.version, n_files, comparison.n_items, sample.n_vectors, problems)


class _Comparison:
    """Items of the database against items of the index, both ways."""

    def __init__(self, database: Database, tenant_id: str, view: LibraryView, position: int) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._view = view
        self._position = position
        self.n_items = 0

    def problems(self) -> Iterator[str]:
        with self._database.read() as session:
            if last_seq(session, self._tenant_id) < self._position:
                yield f"the index has change {self._position}, which the database does not have"
            later = {(change.kind, change.item_id) for change in self._later(session)}
            for kind in SCHEMAS:
                yield from self._of_kind(session, kind, {item_id for changed, item_id in later if changed == kind})

    def _later(self, session: Session) -> list[Change]:
        """What changed since the index caught up, and is therefore not compared."""
        return read_changes(session, self._tenant_id, self._position, 1_000_000)

    def _of_kind(self, session: Session, kind: IndexKind, later: set[str]) -> Iterator[str]:
        view = collection_of(self._view, kind)
        unseen = view.mask()
        for item in read_items(session, self._tenant_id, kind):
            self.n_items += 1
            ordinal = view.ordinal(item.item_id)
            if ordinal is not None:
                unseen[ordinal] = False
            if item.item_id not in later and (difference := _difference(view, ordinal, item)):
                yield f"{kind.value} {item.item_id}: {difference}"
        for ordinal in np.flatnonzero(unseen).tolist():
            if (item_id := view.item_id(ordinal)) not in later:
                yield f"{kind.value} {item_id}: in the index, not in the database"


class _Sample:
    """Some vectors, encoded again."""

    def __init__(self, view: LibraryView, encoder: TextEncoder, rng: np.random.Generator) -> None:
        self._view = view
        self._encoder = encoder
        self._rng = rng
        self.n_vectors = 0

    def problems(self, n_vectors: int) -> Iterator[str]:
        fields = [(kind, field) for kind, schema in SCHEMAS.items() for field in schema.fields]
        for kind, field in fields:
            view = collection_of(self._view, kind)
            n_rows = min(-(-n_vectors // len(fields)), view.n_rows(field.name))
            for row in self._rng.choice(view.n_rows(field.name), n_rows, replace=False).tolist():
                self.n_vectors += 1
                cosine = self._cosine(view, field, row)
                if not cosine >= SAME_VECTOR:
                    yield f"{kind.value} {field.name} row {row}: encoded again, its vector has a cosine of {cosine:.3f}"

    def _cosine(self, view: CollectionView, field: FieldSchema, row: int) -> float:
        encode = self._encoder.encode_queries if field.side == "query" else self._encoder.encode_passages
        vector = encode([for_encoder(view.row_text(field.name, row))])[0]
        owner = np.array([view.row_item(field.name, row)], np.int32)
        scores, _ = view.rescore_vectors(field.name, vector, owner)
        return float(scores[0])


def collection_of(view: LibraryView, kind: IndexKind) -> CollectionView:
    """The collection of one kind."""
    return {IndexKind.SCRIPT: view.scripts, IndexKind.PRODUCT: view.products, IndexKind.PASSAGE: view.passages}[kind]


def _difference(view: CollectionView, ordinal: int | None, item: IndexItem) -> str | None:
    """What the index has otherwise than the item, if anything."""
    if ordinal is None:
        return "in the database, not in the index"
    if view.version(ordinal) != item.version:
        return f"version {view.version(ordinal)} in the index, {item.version} in the database"
    if view.texts_hash(ordinal) != item.texts_hash:
        return "other texts in the index than in the database"
    for name, label in item.labels.items():
        if view.label(name, ordinal) != label:
            return f"{name} is {view.label(name, ordinal)!r} in the index, {label!r} in the database"
    for name, number in item.numbers.items():
        if not np.array_equal(view.number(name, ordinal), number, equal_nan=True):
            return f"{name} is {view.number(name, ordinal)} in the index, {number} in the database"
    return None


def _first(problems: Iterator[str], limit: int) -> Iterator[str]:
    yield from islice(problems, limit)
