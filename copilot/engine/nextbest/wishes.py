"""What the customer wishes for, and the search narrowed to what fits it."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import inspect, select
from sqlmodel import Session

from copilot.engine.retrieval import Search
from copilot.engine.turn import Turn
from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import ProductRow
from knowledge.catalogue.fitting import Fit, fit
from knowledge.catalogue.wish import Wish
from knowledge.index.view import CollectionView
from knowledge.tables import MessageRole, Product

READ_CHARACTERS = 400
"""Of a very long message only its end is read; that is where the question stands."""
ROWS_AT_ONCE = 1_000
MIN_FOLDED, FOLDED_SHARE = 1_000, 0.1
"""So many changed products, and such a share of all, make the catalogue be read anew instead of patched."""

_PRODUCT = inspect(Product).local_table.c
_ROWS = select(
    _PRODUCT.sku,
    _PRODUCT.name,
    _PRODUCT.category,
    _PRODUCT.brand,
    _PRODUCT.price_fen,
    _PRODUCT.currency,
    _PRODUCT.tags,
    _PRODUCT.attributes,
    _PRODUCT.description,
).order_by(_PRODUCT.sku)


@dataclass(frozen=True)
class Answering:
    """A wish, the catalogue it was read with, what fits it, and the search among these.

    `items` are the ordinals of what fits, in the order of `fit`.
    """

    wish: Wish
    catalogue: Catalogue
    fit: Fit
    search: Search
    items: NDArray[np.int32]

    @property
    def is_ordered(self) -> bool:
        """Whether what fits has an order of its own: the cheapest first, the nearest first."""
        return self.wish.extreme is not None or not self.fit.is_exact

    def place(self, item: int) -> int:
        """Where an item stands in `fit`."""
        return int(np.flatnonzero(self.items == item)[0])


class WishReader:
    """Reads wishes with a catalogue that follows the database; safe to call from many threads."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._catalogue: Catalogue | None = None
        self._stale: set[str] = set()
        self._lock = threading.Lock()
        self._ordinals: tuple[CollectionView, Catalogue, NDArray[np.int32]] | None = None

    def forget(self, sku: str) -> None:
        """Read a product again when next needed; called for every change of one."""
        with self._lock:
            self._stale.add(sku)

    def catalogue(self, session: Session) -> Catalogue:
        """The catalogue as the database has it; the first call reads all of it."""
        with self._lock:
            known, stale = self._catalogue, sorted(self._stale)
            if known is None or len(stale) + known.n_changed > max(MIN_FOLDED, FOLDED_SHARE * known.base.n_products):
                known = Catalogue.of(self._rows(session))
            elif stale:
                rows = [row for some in _batches(stale) for row in self._rows(session, some)]
                known = known.changed(rows, stale)
            self._catalogue = known
            self._stale.clear()
            return known

    def look(self, session: Session, turn: Turn, search: Search) -> Answering | None:
        """What the customer wishes and what of the allowed products fits; None when nothing is wished."""
        catalogue = self.catalogue(session)
        wish = read_turn_wish(catalogue, turn, search.query.text)
        if not wish or not wish.asks:
            return None
        ordinals = self._ordinals_in(search.view, catalogue)
        offered = ordinals >= 0
        if search.allowed is not None:
            offered[offered] = search.allowed[ordinals[offered]]
        fitting = fit(catalogue, wish, offered)
        items = ordinals[fitting.numbers]
        allowed = np.zeros(search.view.n_items, np.bool_)
        allowed[items] = True
        return Answering(wish, catalogue, fitting, search.among(allowed), items)

    def _ordinals_in(self, view: CollectionView, catalogue: Catalogue) -> NDArray[np.int32]:
        """Where the catalogue's products stand in a view, worked out once for each of both; 0.1 ms a thousand."""
        kept = self._ordinals
        if kept is None or kept[0] is not view or kept[1] is not catalogue:
            kept = self._ordinals = view, catalogue, view.ordinals(catalogue.keys)
        return kept[2]

    def _rows(self, session: Session, skus: Sequence[str] | None = None) -> Iterator[ProductRow]:
        query = _ROWS.where(_PRODUCT.tenant_id == self.tenant_id)
        if skus is not None:
            query = query.where(_PRODUCT.sku.in_(skus))
        for row in session.connection().execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
            yield ProductRow(
                sku=row.sku,
                name=row.name,
                category=row.category,
                brand=row.brand,
                price_fen=row.price_fen,
                currency=row.currency,
                tags=tuple(row.tags),
                attributes=row.attributes,
                description=row.description,
            )


def read_turn_wish(catalogue: Catalogue, turn: Turn, mended: str) -> Wish:
    """What a turn wishes: what its message says and, where that names no kind of product, what was wished before.

    The message is read as written, and as `mended` only when that wishes nothing: mending may touch set phrases.
    """
    wish = catalogue.read(turn.message[-READ_CHARACTERS:]) or catalogue.read(mended[-READ_CHARACTERS:])
    for said in reversed(turn.context):
        if not wish or not wish.asks or wish.names_kind:
            break
        if said.role is MessageRole.CUSTOMER:
            earlier = catalogue.read(said.text[-READ_CHARACTERS:])
            wish = wish.refining(earlier) if earlier.asks else wish
    return wish


def _batches(skus: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(skus), ROWS_AT_ONCE):
        yield skus[start : start + ROWS_AT_ONCE]
