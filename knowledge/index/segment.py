"""A segment: some items of a collection with all their fields; only its attributes are ever exchanged."""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.index.attributes import AttributeDraft, Attributes
from knowledge.index.items import IndexItem
from knowledge.index.schema import CollectionSchema, FieldSchema
from knowledge.index.strings import HashLookup, StringColumn, StringDraft, hashes64
from knowledge.index.vectors import VectorField
from knowledge.index.word_statistics import WordStatistics
from knowledge.index.words import WordField
from knowledge.text import canonical, tokenise


@dataclass(frozen=True)
class FieldRows:
    """One field: row i is `texts[i]`, belongs to item `owners[i]` and is found by vector, by words or exactly."""

    texts: StringColumn
    owners: NDArray[np.int32]
    vectors: VectorField
    words: WordField
    exact: HashLookup | None

    @property
    def n_rows(self) -> int:
        return len(self.owners)

    def exact_items(self, canonical_text: str) -> NDArray[np.int32]:
        """Ordinals of the items with a row whose canonical text is this one, ascending."""
        if self.exact is None:
            return np.empty(0, np.int32)
        rows = [row for row in self.exact.find(canonical_text) if canonical(self.texts[row]) == canonical_text]
        return np.unique(self.owners[rows]) if rows else np.empty(0, np.int32)

    def save(self, folder: Path) -> None:
        """Write the field into its own folder."""
        folder.mkdir(parents=True)
        self.texts.save(folder, "texts")
        np.save(folder / "owners.npy", self.owners)
        if self.exact is not None:
            self.exact.save(folder, "exact")
        self.vectors.save(folder / "vectors")
        self.words.save(folder / "words")

    @classmethod
    def load(cls, folder: Path, schema: FieldSchema) -> "FieldRows":
        """A saved field, memory-mapped."""
        return cls(
            StringColumn.load(folder, "texts"),
            np.asarray(np.load(folder / "owners.npy", mmap_mode="r")),
            VectorField.load(folder / "vectors"),
            WordField.load(folder / "words"),
            HashLookup.load(folder, "exact") if schema.exact else None,
        )


@dataclass(frozen=True)
class Segment:
    """Items `0 … n_items - 1`; an id occurs at most once."""

    ids: StringColumn
    places: HashLookup
    texts_hashes: NDArray[np.uint8]
    fields: Mapping[str, FieldRows]
    attributes: Attributes

    @cached_property
    def n_items(self) -> int:
        return len(self.ids)

    def ordinal(self, item_id: str) -> int | None:
        """Where the item is, alive or not."""
        for place in self.places.find(item_id):
            if self.ids[place] == item_id:
                return int(place)
        return None

    def ordinals(self, item_ids: Collection[str]) -> list[int]:
        """Where those of the items are that the segment has, alive or not."""
        wanted = list(item_ids)
        firsts = self.places.find_firsts(wanted)
        found = ((item_id, int(place)) for item_id, place in zip(wanted, firsts, strict=True) if place >= 0)
        exact = [place if self.ids[place] == item_id else self.ordinal(item_id) for item_id, place in found]
        return [place for place in exact if place is not None]

    def texts_hash(self, ordinal: int) -> bytes:
        """The hash of the item's texts, as `IndexItem.texts_hash`."""
        return bytes(self.texts_hashes[ordinal])

    def patched(self, changes: Mapping[int, IndexItem | None]) -> "Segment":
        """The same fields with other attributes; see `Attributes.patched`."""
        return replace(self, attributes=self.attributes.patched(changes)) if changes else self

    def save(self, folder: Path) -> None:
        """Write the segment; dead items cannot be told from living ones afterwards."""
        folder.mkdir(parents=True)
        self.ids.save(folder, "ids")
        self.places.save(folder, "ids")
        np.save(folder / "texts_hashes.npy", self.texts_hashes)
        self.attributes.save(folder)
        for name, field in self.fields.items():
            field.save(folder / f"field_{name}")

    @classmethod
    def load(cls, folder: Path, schema: CollectionSchema) -> "Segment":
        """A saved segment, memory-mapped."""
        return cls(
            StringColumn.load(folder, "ids"),
            HashLookup.load(folder, "ids"),
            np.asarray(np.load(folder / "texts_hashes.npy", mmap_mode="r")),
            {field.name: FieldRows.load(folder / f"field_{field.name}", field) for field in schema.fields},
            Attributes.load(folder, schema),
        )


MakeVectors = Callable[[FieldSchema, StringColumn], NDArray[np.float32]]
"""Gives the vectors of a field's rows, shape (n_rows, dim)."""

MakeTokens = Callable[[FieldSchema, StringColumn], Iterable[Sequence[str]]]
"""Gives the tokens of a field's rows."""


def tokens_of(_: FieldSchema, texts: StringColumn) -> Iterable[Sequence[str]]:
    """The tokens of each row, made as they are asked for."""
    return (tokenise(texts[row]) for row in range(len(texts)))


class SegmentDraft:
    """Items on their way into a segment, held as columns: little more memory than their texts have bytes."""

    def __init__(self, schema: CollectionSchema) -> None:
        self._schema = schema
        self._ids = StringDraft()
        self._hashes = bytearray()
        self._attributes = AttributeDraft(schema)
        self._texts = {field.name: StringDraft() for field in schema.fields}
        self._owners = {field.name: array("i") for field in schema.fields}
        self._n_items = 0

    def add(self, item: IndexItem) -> None:
        """Append an item."""
        self._ids.add(item.item_id)
        self._hashes += item.texts_hash
        self._attributes.add(item)
        for name, texts in self._texts.items():
            for text in item.texts[name]:
                texts.add(text)
                self._owners[name].append(self._n_items)
        self._n_items += 1

    def finished(
        self,
        vectors: MakeVectors,
        tokens: MakeTokens = tokens_of,
        *,
        statistics: Mapping[str, WordStatistics] | None = None,
        beside: Executor | None = None,
    ) -> Segment:
        """The segment of all items added.

        With `statistics`, words are weighed as in the segment those come from. Words are counted by `beside`, when
        given, while the vectors are made here.
        """
        ids = self._ids.finished()
        fields = {
            field.name: self._rows(field, vectors, tokens, statistics[field.name] if statistics else None, beside)
            for field in self._schema.fields
        }
        places = HashLookup.of(hashes64(ids[place] for place in range(len(ids))))
        hashes = np.frombuffer(bytes(self._hashes), np.uint8).reshape(-1, 16)
        return Segment(ids, places, hashes, fields, self._attributes.finished())

    def _rows(
        self,
        field: FieldSchema,
        vectors: MakeVectors,
        tokens: MakeTokens,
        statistics: WordStatistics | None,
        beside: Executor | None,
    ) -> FieldRows:
        texts, owners = self._texts[field.name].finished(), np.array(self._owners[field.name], np.int32)

        def words() -> tuple[WordField, HashLookup | None]:
            counted = WordField.build(tokens(field, texts), owners, self._n_items, statistics=statistics)
            return counted, _exact_lookup(texts) if field.exact else None

        waiting = beside.submit(words) if beside else None
        near = VectorField.build(vectors(field, texts), owners, self._n_items)
        counted, exact = waiting.result() if waiting else words()
        return FieldRows(texts, owners, near, counted, exact)


def build_segment(
    schema: CollectionSchema,
    items: Iterable[IndexItem],
    vectors: MakeVectors,
    tokens: MakeTokens = tokens_of,
    *,
    statistics: Mapping[str, WordStatistics] | None = None,
) -> Segment:
    """A segment in memory of these items; see `SegmentDraft.finished`."""
    draft = SegmentDraft(schema)
    for item in items:
        draft.add(item)
    return draft.finished(vectors, tokens, statistics=statistics)


def _exact_lookup(texts: StringColumn) -> HashLookup:
    return HashLookup.of(hashes64(canonical(texts[row]) for row in range(len(texts))))
