"""A vector index in this process, made of the same collections as the library's."""

import threading
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from knowledge.index.collection import Collection, PreparedItem
from knowledge.index.filters import Filter
from knowledge.index.follower import Watermark
from knowledge.index.items import UNVERSIONED, IndexItem
from knowledge.index.protocol import Match, VectorItem
from knowledge.index.schema import CollectionSchema, FieldSchema

_FIELD = "vector"


class InProcessVectorIndex:
    """A `VectorIndex` held in memory; each tenant has a collection of its own."""

    def __init__(self, dim: int, *, labels: Sequence[str] = (), numbers: Sequence[str] = ()) -> None:
        fields = (FieldSchema(_FIELD, "passage"),)
        self._empty = Collection(CollectionSchema("vectors", fields, tuple(labels), tuple(numbers)), dim)
        self._collections: dict[str, Collection] = {}
        self._watermarks: dict[str, Watermark] = {}
        self._changing = threading.Lock()

    def upsert(self, tenant_id: str, items: Sequence[VectorItem], *, seq: int) -> None:
        """Keep these items, in place of those with the same ids."""
        prepared = {item.item_id: _prepared(item) for item in items}
        self._change(tenant_id, prepared, (), seq)

    def delete(self, tenant_id: str, item_ids: Sequence[str], *, seq: int) -> None:
        """Forget these items; unknown ids are ignored."""
        self._change(tenant_id, {}, item_ids, seq)

    def search(self, tenant_id: str, vector: NDArray[np.float32], where: Filter | None, k: int) -> list[Match]:
        """The `k` items nearest to `vector` among those that fit the filter, best first; fewer when fewer fit."""
        view = self._collections.get(tenant_id, self._empty).view
        hits = view.search_vectors(_FIELD, vector, view.mask(where), k)
        return [
            Match(view.item_id(item), score)
            for item, score in zip(hits.items.tolist(), hits.scores.tolist(), strict=True)
        ]

    def watermark(self, tenant_id: str) -> int:
        """Every change up to this sequence number can be found; never falls."""
        return self._mark(tenant_id).seq

    def wait_for(self, tenant_id: str, seq: int, timeout_s: float) -> bool:
        """Whether the change with this sequence number can be found within the time."""
        return self._mark(tenant_id).wait_for(seq, timeout_s)

    def _change(self, tenant_id: str, prepared: dict[str, PreparedItem], gone: Sequence[str], seq: int) -> None:
        def prepare(fresh: Sequence[IndexItem]) -> list[PreparedItem]:
            return [prepared[item.item_id] for item in fresh]

        with self._changing:
            before = self._collections.get(tenant_id, self._empty)
            items = [single.item for single in prepared.values()]
            self._collections[tenant_id] = before.changed(items, gone, prepare)
        self._mark(tenant_id).raise_to(seq)

    def _mark(self, tenant_id: str) -> Watermark:
        return self._watermarks.setdefault(tenant_id, Watermark())


def _prepared(item: VectorItem) -> PreparedItem:
    """The item with its vectors' hashes as texts, which is how a collection notices that they changed."""
    vectors = np.ascontiguousarray(item.vectors, np.float32)
    texts = tuple(blake2b(vector.tobytes(), digest_size=16).hexdigest() for vector in vectors)
    indexed = IndexItem(item.item_id, UNVERSIONED, {_FIELD: texts}, item.labels, item.numbers)
    return PreparedItem(indexed, {_FIELD: vectors}, {_FIELD: [() for _ in texts]})
