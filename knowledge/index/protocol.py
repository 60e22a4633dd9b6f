"""What every vector index must do, in this process or in a database; `tests/contracts` holds it to that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.index.filters import Filter


@dataclass(frozen=True)
class VectorItem:
    """One item with the unit vectors of its texts, shape (n_texts, dim), and the attributes it is filtered by."""

    item_id: str
    vectors: NDArray[np.float32]
    labels: Mapping[str, str]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Match:
    """An item found; `score` is the cosine of its best vector."""

    item_id: str
    score: float


class VectorIndex(Protocol):
    """Vectors of many tenants, each of which sees only its own.

    Writers give the sequence number (`index_change.seq`) of what they write, in rising order per tenant.
    """

    def upsert(self, tenant_id: str, items: Sequence[VectorItem], *, seq: int) -> None:
        """Keep these items, in place of those with the same ids."""

    def delete(self, tenant_id: str, item_ids: Sequence[str], *, seq: int) -> None:
        """Forget these items; unknown ids are ignored."""

    def search(self, tenant_id: str, vector: NDArray[np.float32], where: Filter | None, k: int) -> list[Match]:
        """The `k` items nearest to `vector` among those that fit the filter, best first; fewer when fewer fit."""

    def watermark(self, tenant_id: str) -> int:
        """Every change up to this sequence number can be found; never falls."""

    def wait_for(self, tenant_id: str, seq: int, timeout_s: float) -> bool:
        """Whether the change with this sequence number can be found within the time."""
