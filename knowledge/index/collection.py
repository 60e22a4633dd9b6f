"""A collection that changes: a large segment from the last build and two small ones with what changed since."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from knowledge.index.encoding import Encoding
from knowledge.index.items import IndexItem
from knowledge.index.schema import CollectionSchema, FieldSchema
from knowledge.index.segment import Segment, build_segment
from knowledge.index.strings import StringColumn
from knowledge.index.view import CollectionView
from knowledge.index.word_statistics import WordStatistics
from knowledge.text import tokenise

__all__ = ["Collection", "CollectionView", "PreparedItem", "prepare_items"]

RECENT_ITEMS = 64
"""A change rebuilds at most this many items; more are folded into the other small segment first."""


@dataclass(frozen=True)
class PreparedItem:
    """An item with what a segment needs to be made of it, so that it can be made again without encoding."""

    item: IndexItem
    vectors: Mapping[str, NDArray[np.float32]]
    tokens: Mapping[str, Sequence[Sequence[str]]]


Prepare = Callable[[Sequence[IndexItem]], list[PreparedItem]]


@dataclass(frozen=True)
class _Part:
    """A small segment in memory and what it was made of; removed items stay in the segment, dead."""

    prepared: Mapping[str, PreparedItem]
    segment: Segment | None


_NOTHING = _Part({}, None)


@dataclass(frozen=True)
class Collection:
    """One moment of a collection; a change gives the next one and leaves this one as it is."""

    schema: CollectionSchema
    dim: int
    base: Segment | None = None
    older: _Part = _NOTHING
    recent: _Part = _NOTHING

    @cached_property
    def view(self) -> CollectionView:
        """What readers hold on to."""
        return CollectionView(self.schema, self._segments)

    @property
    def n_changed(self) -> int:
        """How many items are in memory instead of in the base."""
        return len(self.older.prepared) + len(self.recent.prepared)

    def changed(self, items: Sequence[IndexItem], gone: Iterable[str], prepare: Prepare) -> "Collection":
        """The collection with these items as they are now, and without those gone.

        Only items whose texts are new are prepared, in one call; the others keep their vectors. An error of `prepare`
        leaves this collection as it was.
        """
        fates: dict[str, IndexItem | None] = dict.fromkeys(gone)
        fates.update((item.item_id, item) for item in items)
        settling = _Settling(fates)
        settled = replace(
            self,
            base=settling.segment(self.base),
            older=settling.part(self.older),
            recent=settling.part(self.recent),
        )
        unplaced = [item for item in items if item.item_id not in settling.placed]
        return settled._with_fresh(prepare(unplaced)) if unplaced else settled

    @property
    def _segments(self) -> list[Segment]:
        return [part for part in (self.base, self.older.segment, self.recent.segment) if part is not None]

    def _with_fresh(self, fresh: Sequence[PreparedItem]) -> "Collection":
        recent = {**self.recent.prepared, **{prepared.item.item_id: prepared for prepared in fresh}}
        if len(recent) <= RECENT_ITEMS:
            return replace(self, recent=self._part(recent))
        return replace(self, older=self._part({**self.older.prepared, **recent}), recent=_NOTHING)

    def _part(self, prepared: Mapping[str, PreparedItem]) -> _Part:
        everything = list(prepared.values())

        def vectors(field: FieldSchema, _: StringColumn) -> NDArray[np.float32]:
            return np.concatenate(
                [np.empty((0, self.dim), np.float32), *(single.vectors[field.name] for single in everything)]
            )

        def tokens(field: FieldSchema, _: StringColumn) -> Iterable[Sequence[str]]:
            return chain.from_iterable(single.tokens[field.name] for single in everything)

        items = (single.item for single in everything)
        segment = build_segment(self.schema, items, vectors, tokens, statistics=self._statistics())
        return _Part(prepared, segment)

    def _statistics(self) -> Mapping[str, WordStatistics] | None:
        """How words are weighed everywhere: as in the largest segment there is."""
        for segment in (self.base, self.older.segment):
            if segment is not None and segment.n_items:
                return {name: rows.words.statistics for name, rows in segment.fields.items()}
        return None


class _Settling:
    """Brings what is already in the segments in line with what became of the items.

    An item lives in the first segment that has its present texts; every other copy of it dies.
    """

    def __init__(self, fates: Mapping[str, IndexItem | None]) -> None:
        self._fates = fates
        self.placed: set[str] = set()

    def segment(self, segment: Segment | None) -> Segment | None:
        return None if segment is None else segment.patched(self._patches(segment, self._fates))

    def part(self, part: _Part) -> _Part:
        if part.segment is None:
            return part
        known = {item_id: item for item_id, item in self._fates.items() if item_id in part.prepared}
        patches = self._patches(part.segment, known)
        prepared = {item_id: single for item_id, single in part.prepared.items() if item_id not in known}
        living = {item.item_id: item for item in patches.values() if item is not None}
        prepared.update((item_id, replace(part.prepared[item_id], item=item)) for item_id, item in living.items())
        return _Part(prepared, part.segment.patched(patches)) if prepared else _NOTHING

    def _patches(self, segment: Segment, fates: Mapping[str, IndexItem | None]) -> dict[int, IndexItem | None]:
        patches: dict[int, IndexItem | None] = {}
        for item_id, item in fates.items():
            place = segment.ordinal(item_id)
            if place is None:
                continue
            stays = item is not None and item_id not in self.placed and segment.texts_hash(place) == item.texts_hash
            patches[place] = item if stays else None
            if stays:
                self.placed.add(item_id)
        return patches


def prepare_items(schema: CollectionSchema, items: Sequence[IndexItem], encoder: Encoding) -> list[PreparedItem]:
    """Encode the items' texts, field by field, and cut them into tokens."""
    vectors: list[dict[str, NDArray[np.float32]]] = [{} for _ in items]
    for field in schema.fields:
        texts = [text for item in items for text in item.texts[field.name]]
        encoded = encoder.encode(field.side, texts)
        ends = np.cumsum([len(item.texts[field.name]) for item in items])
        for own, rows in zip(vectors, np.split(encoded, ends[:-1]), strict=True):
            own[field.name] = rows
    return [
        PreparedItem(item, own, {name: [tokenise(text) for text in texts] for name, texts in item.texts.items()})
        for item, own in zip(items, vectors, strict=True)
    ]
