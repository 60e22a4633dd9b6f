"""What the customer wishes for, and the search narrowed to what fits it."""

import json
import threading
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text, cast, inspect, select
from sqlmodel import Session

from copilot.engine.freshness import Changes
from copilot.engine.retrieval import Search
from copilot.engine.turn import Turn
from knowledge.catalogue.catalogue import Catalogue
from knowledge.catalogue.facts import ProductRow
from knowledge.catalogue.fitting import Fit, fit
from knowledge.catalogue.stored import FILE_NAME, StoredCatalogue
from knowledge.catalogue.wish import Wish
from knowledge.database import Database
from knowledge.index.follower import last_seq, read_changes
from knowledge.index.snapshot import tenant_folder
from knowledge.index.view import CollectionView
from knowledge.tables import IndexKind, MessageRole, Product

READ_CHARACTERS = 400
"""Of a very long message only its end is read; that is where the question stands."""
ROWS_AT_ONCE = 1_000
CHANGES_AT_ONCE = 10_000
PATIENCE_S = 0.25
"""How long a message waits for a catalogue that is being read; without it nothing but the wish is missed."""
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
    cast(_PRODUCT.tags, Text).label("tags"),
    cast(_PRODUCT.attributes, Text).label("attributes"),
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
    """Reads wishes with a catalogue that follows the database; safe to call from many threads.

    The catalogue is the one in the file `stored`, with what has changed since, where there is such a file; else it is
    read from the database, which takes seconds where there are very many products. Once `warm_up` has begun to do so a
    message waits for it no longer than `PATIENCE_S`, and is answered without a wish then; before, it waits.
    """

    def __init__(self, tenant_id: str, stored: Path | None = None) -> None:
        self.tenant_id = tenant_id
        self.stored = stored
        self._catalogue: Catalogue | None = None
        self._changes = Changes()
        self._reading = threading.Lock()
        self._warm: threading.Event | None = None
        self._ordinals: tuple[CollectionView, Catalogue, NDArray[np.int32]] | None = None

    def forget(self, sku: str) -> None:
        """Read a product again when next needed; called for every change of one."""
        self._changes.note(sku)

    def warm_up(self, session: Session, view: CollectionView) -> None:
        """Read the catalogue and find its products in a view; messages that come meanwhile wait a moment at most."""
        warm = self._warm = threading.Event()
        try:
            self._ordinals_in(view, self.catalogue(session))
        finally:
            warm.set()

    def catalogue(self, session: Session) -> Catalogue:
        """The catalogue as a session or a later one sees it; the first call reads all of it."""
        with self._reading:
            changed = self._changes.seen_by(session)
            self._catalogue = self._read(session, changed.keys())
            self._changes.settle(changed)
            return self._catalogue

    def _read(self, session: Session, stale: Set[str]) -> Catalogue:
        known = self._catalogue
        if known is None and self.stored is not None and (found := StoredCatalogue.load(self.stored)) is not None:
            known, stale = found.catalogue, stale | _changed_since(session, self.tenant_id, found.seq)
        if known is not None and not stale:
            return known
        if known is None or len(stale) + known.n_changed > max(MIN_FOLDED, FOLDED_SHARE * known.base.n_products):
            return Catalogue.of(read_rows(session, self.tenant_id))
        changed = sorted(stale)
        rows = [row for some in _batches(changed) for row in read_rows(session, self.tenant_id, some)]
        return known.changed(rows, changed)

    def look(self, session: Session, turn: Turn, search: Search) -> Answering | None:
        """What the customer wishes and what of the allowed products fits; None when nothing is wished."""
        if self._warm is not None and not self._warm.wait(PATIENCE_S):
            return None
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
        """Where the catalogue's products stand in a view; worked out once for each of both, in order of hashes."""
        kept = self._ordinals
        if kept is None or kept[0] is not view or kept[1] is not catalogue:
            ordinals = np.empty(catalogue.n_products, np.int32)
            ordinals[catalogue.key_order] = view.ordinals(catalogue.keys[catalogue.key_order])
            kept = self._ordinals = view, catalogue, ordinals
        return kept[2]


def read_rows(session: Session, tenant_id: str, skus: Sequence[str] | None = None) -> Iterator[ProductRow]:
    """The products of a tenant as catalogues read them; only those of some skus, if given."""
    query = _ROWS.where(_PRODUCT.tenant_id == tenant_id)
    if skus is not None:
        query = query.where(_PRODUCT.sku.in_(skus))
    unpacked = lru_cache(maxsize=ROWS_AT_ONCE)(json.loads)  # many products share their tags, and some attributes
    for row in session.connection().execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield ProductRow(
            sku=row.sku,
            name=row.name,
            category=row.category,
            brand=row.brand,
            price_fen=row.price_fen,
            currency=row.currency,
            tags=tuple(unpacked(row.tags)),
            attributes=unpacked(row.attributes),
            description=row.description,
        )


def store_catalogue(database: Database, tenant_id: str, path: Path) -> None:
    """Read the catalogue of a tenant and write it into a file, for those who open the workspace later."""
    with database.read() as session:
        seq = last_seq(session, tenant_id)  # before any product: what changes meanwhile is read again
        catalogue = Catalogue.of(read_rows(session, tenant_id))
    StoredCatalogue(catalogue, seq).save(path)


def catalogue_file(index_folder: Path, tenant_id: str) -> Path:
    """Where the catalogue of a tenant is stored, beside its index."""
    return tenant_folder(index_folder, tenant_id) / FILE_NAME


def _changed_since(session: Session, tenant_id: str, seq: int) -> set[str]:
    """The skus of products that changed after a change of the library."""
    found: set[str] = set()
    while changes := read_changes(session, tenant_id, seq, CHANGES_AT_ONCE):
        found |= {change.item_id for change in changes if change.kind is IndexKind.PRODUCT}
        seq = changes[-1].seq
    return found


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
