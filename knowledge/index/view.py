"""A collection as it is at one moment: what searches, masks and look-ups are asked of."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import InvalidValueError
from knowledge.index.filters import Filter
from knowledge.index.hits import Hits
from knowledge.index.schema import CollectionSchema
from knowledge.index.segment import FieldRows, Segment
from knowledge.index.word_statistics import word_keys

Scored = tuple[NDArray[np.float32], NDArray[np.int32]]
"""The score of each item and the row that has it, -1 for none."""


class CollectionView:
    """Some segments seen as one; immutable, so one view gives consistent answers however the library changes.

    Items are ordinals `0 … n_items - 1`, rows likewise per field, segment after segment; in another view they mean
    something else.
    """

    def __init__(self, schema: CollectionSchema, segments: Sequence[Segment]) -> None:
        self.schema = schema
        self._segments = tuple(segment for segment in segments if segment.n_items)
        self._starts = _starts([segment.n_items for segment in self._segments])
        self._fields = {field.name: _Field(self._segments, field.name) for field in schema.fields}

    @property
    def n_items(self) -> int:
        """How many ordinals there are, those of replaced and removed items included."""
        return self._starts[-1]

    @cached_property
    def n_live(self) -> int:
        return self.n_items - sum(segment.attributes.n_dead for segment in self._segments)

    def n_rows(self, field: str) -> int:
        """How many texts the field has."""
        return self._field(field).starts[-1]

    def distinct(self, label: str) -> list[str]:
        """Every value the label may have; some may belong to no living item any more.

        Raises:
            InvalidValueError: there is no such label.
        """
        columns = [segment.attributes.label_column(label).values for segment in self._segments]
        return list(dict.fromkeys(value for values in columns for value in values))

    def mask(self, where: Filter | None = None) -> NDArray[np.bool_]:
        """Which items live and fit the filter, shape (n_items,).

        Raises:
            InvalidValueError: the filter names an attribute this collection does not have.
        """
        masks = [segment.attributes.mask(where, segment.ordinals) for segment in self._segments]
        return masks[0] if len(masks) == 1 else np.concatenate([np.empty(0, np.bool_), *masks])

    def search_vectors(self, field: str, query: NDArray[np.float32], allowed: NDArray[np.bool_] | None, k: int) -> Hits:
        """The `k` allowed living items whose text in this field is nearest to the query vector."""
        return self._search(field, allowed, k, lambda rows, allow: rows.vectors.search(query, allow, k))

    def search_words(self, field: str, tokens: Sequence[str], allowed: NDArray[np.bool_] | None, k: int) -> Hits:
        """The `k` allowed living items whose text in this field shares the weightiest tokens with the query."""
        return self._search(field, allowed, k, lambda rows, allow: rows.words.search(tokens, allow, k))

    def rescore_vectors(self, field: str, query: NDArray[np.float32], items: NDArray[np.int32]) -> Scored:
        """What `search_vectors` would score these items, in their order."""
        return self._rescore(field, items, lambda rows, some: rows.vectors.rescore(query, some))

    def rescore_words(self, field: str, tokens: Sequence[str], items: NDArray[np.int32]) -> Scored:
        """What `search_words` would score these items, in their order."""
        return self._rescore(field, items, lambda rows, some: rows.words.rescore(tokens, some))

    def own_words_score(self, field: str, tokens: Sequence[str]) -> float:
        """What a text of exactly these tokens would score: `rescore_words` divided by it says how much is covered."""
        parts = self._field(field).parts
        return parts[0].words.own_score(tokens) if parts else 0.0

    def word_counts(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """In how many texts each token occurs, over all fields; those of items no longer alive count too."""
        keys = word_keys(tokens)
        counts = np.zeros(len(keys), np.int64)
        for field in self._fields.values():
            for part in field.parts:
                counts += part.words.counts(keys)
        return counts

    def exact(self, field: str, canonical_text: str) -> NDArray[np.int32]:
        """The living items with a text in this field whose canonical form is this, ascending.

        Raises:
            InvalidValueError: the field cannot be looked up exactly.
        """
        if not any(known.name == field and known.exact for known in self.schema.fields):
            raise InvalidValueError("field", field, "one that is looked up exactly")
        found = [
            start + items[segment.attributes.alive[items]]
            for start, segment in zip(self._starts, self._segments, strict=False)
            if len(items := segment.fields[field].exact_items(canonical_text))
        ]
        return np.concatenate([np.empty(0, np.int32), *found]).astype(np.int32)

    def ordinal(self, item_id: str) -> int | None:
        """Where the living item with this id is."""
        for start, segment in zip(self._starts, self._segments, strict=False):
            place = segment.ordinal(item_id)
            if place is not None and segment.attributes.alive[place]:
                return start + place
        return None

    def ordinals(self, id_hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Where the living items with these hashes of ids are (as `hashes64` makes them), -1 for none.

        Ids are not compared: two in 64 bits that collide are one chance in billions.
        """
        found = np.full(len(id_hashes), -1, np.int32)
        for start, segment in zip(self._starts, self._segments, strict=False):
            places = segment.places.find_hashes(id_hashes)
            here = np.flatnonzero(places >= 0)
            here = here[segment.attributes.alive[places[here]]]
            found[here] = places[here] + np.int32(start)
        return found

    def item_id(self, ordinal: int) -> str:
        """The id of an item."""
        segment, place = self._at(ordinal)
        return segment.ids[place]

    def version(self, ordinal: int) -> int:
        """The version of an item."""
        segment, place = self._at(ordinal)
        return int(segment.attributes.versions[place])

    def texts_hash(self, ordinal: int) -> bytes:
        """The hash of an item's texts, as `IndexItem.texts_hash`."""
        segment, place = self._at(ordinal)
        return segment.texts_hash(place)

    def label(self, name: str, ordinal: int) -> str:
        """The value of an item's label."""
        segment, place = self._at(ordinal)
        column = segment.attributes.label_column(name)
        return column.values[int(column.codes[place])]

    def number(self, name: str, ordinal: int) -> float:
        """The value of an item's number."""
        segment, place = self._at(ordinal)
        return float(segment.attributes.number_column(name)[place])

    def row_text(self, field: str, row: int) -> str:
        """The text of a row, such as the trigger that a search matched."""
        rows, place = self._field(field).at(row)
        return rows.texts[place]

    def row_item(self, field: str, row: int) -> int:
        """The ordinal of the item, alive or not, that a row belongs to."""
        known = self._field(field)
        index = _segment_of(row, known.starts)
        return self._starts[index] + int(known.parts[index].owners[row - known.starts[index]])

    def _field(self, name: str) -> "_Field":
        if name not in self._fields:
            raise InvalidValueError("field", name, f"one of {sorted(self._fields)}")
        return self._fields[name]

    def _at(self, ordinal: int) -> tuple[Segment, int]:
        index = _segment_of(ordinal, self._starts)
        return self._segments[index], ordinal - self._starts[index]

    def _search(
        self,
        field: str,
        allowed: NDArray[np.bool_] | None,
        k: int,
        search: Callable[[FieldRows, NDArray[np.bool_] | None], Hits],
    ) -> Hits:
        known = self._field(field)
        found = []
        for index, segment in enumerate(self._segments):
            allow = _living(segment, allowed, self._starts[index])
            hits = search(known.parts[index], allow)
            if len(hits):
                found.append((hits, self._starts[index], known.starts[index]))
        return _merged(found, k)

    def _rescore(
        self, field: str, items: NDArray[np.int32], rescore: Callable[[FieldRows, NDArray[np.int32]], Scored]
    ) -> Scored:
        known = self._field(field)
        if len(self._segments) == 1:
            return rescore(known.parts[0], items)
        scores = np.empty(len(items), np.float32)
        rows = np.empty(len(items), np.int32)
        for index, part in enumerate(known.parts):
            start, stop = self._starts[index], self._starts[index + 1]
            mine = np.flatnonzero((items >= start) & (items < stop))
            if len(mine):
                scores[mine], found = rescore(part, items[mine] - np.int32(start))
                rows[mine] = np.where(found < 0, found, found + known.starts[index])
        return scores, rows


class _Field:
    """One field of all segments."""

    def __init__(self, segments: Sequence[Segment], name: str) -> None:
        self.parts = [segment.fields[name] for segment in segments]
        self.starts = _starts([part.n_rows for part in self.parts])

    def at(self, row: int) -> tuple[FieldRows, int]:
        index = _segment_of(row, self.starts)
        return self.parts[index], row - self.starts[index]


def _living(segment: Segment, allowed: NDArray[np.bool_] | None, start: int) -> NDArray[np.bool_] | None:
    """The part of an allow-list that concerns one segment, without its dead items."""
    attributes = segment.attributes
    if allowed is None:
        return attributes.alive if attributes.n_dead else None
    allow = allowed[start : start + segment.n_items]
    return allow & attributes.alive if attributes.n_dead else allow


def _merged(found: Sequence[tuple[Hits, int, int]], k: int) -> Hits:
    if not found:
        return Hits.none()
    if len(found) == 1 and found[0][1:] == (0, 0):
        return found[0][0]
    items = np.concatenate([hits.items + np.int32(first_item) for hits, first_item, _ in found])
    rows = np.concatenate([hits.rows + np.int32(first_row) for hits, _, first_row in found])
    return Hits.best(items, np.concatenate([hits.scores for hits, _, _ in found]), rows, k)


def _starts(sizes: Sequence[int]) -> list[int]:
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + size)
    return starts


def _segment_of(position: int, starts: Sequence[int]) -> int:
    if not 0 <= position < starts[-1]:
        raise IndexError(f"{position} is not within 0 … {starts[-1] - 1}")
    return bisect_right(starts, position) - 1
