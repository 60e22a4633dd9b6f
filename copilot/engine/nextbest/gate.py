"""Which products may be offered at all to this customer, here and now; asked before anything is searched."""

import json
import threading
from collections.abc import Iterable, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Text, bindparam, cast, inspect, select
from sqlmodel import Session

from copilot.engine.eligibility import Place, product_reason
from copilot.engine.freshness import Changes
from copilot.engine.product_rules import ProductRules
from copilot.engine.regulated import RegulatedNames
from copilot.engine.rule_tables import Latest, ProductRuleTable
from knowledge.index.view import CollectionView
from knowledge.tables import Product

MAX_CHANGED = 500
"""Of more changes than this the catalogue is read again."""
_BATCH = 500

_PRODUCT = inspect(Product).local_table.c
_OF_TENANT = _PRODUCT.tenant_id == bindparam("tenant_id")
_TAGS_TEXT = cast(_PRODUCT.tags, Text)
_DISTINCT_TAGS = select(_TAGS_TEXT.label("text")).where(_OF_TENANT).distinct()
_TAGGED = select(_PRODUCT.sku, _PRODUCT.tags).where(_OF_TENANT, _TAGS_TEXT.in_(bindparam("texts", expanding=True)))
_TAGS_OF = select(_PRODUCT.sku, _PRODUCT.tags).where(_OF_TENANT, _PRODUCT.sku.in_(bindparam("skus", expanding=True)))


class ProductGate:
    """The allow-list of products for each message, and why something is not on it; safe to call from many threads."""

    def __init__(self, tenant_id: str, rules: ProductRules) -> None:
        self.rules = rules
        self.names = RegulatedNames.of(rules)
        self._tables = Latest(lambda labels: ProductRuleTable(labels, rules, self.names))
        self._tagged = RegulatedByTag(tenant_id, self.names)

    def allowed(self, session: Session, view: CollectionView, place: Place) -> NDArray[np.bool_]:
        """Which items of a view may be offered here, shape (n_items,)."""
        filters = self._tables.of(view).filters(place)
        allowed = np.zeros(view.n_items, np.bool_)
        for one in filters:
            allowed |= view.mask(one)
        allowed[self._tagged.ordinals(session, view)] = False
        return allowed

    def reason(self, session: Session, view: CollectionView, item: int, place: Place) -> str:
        """Why an item is not eligible here; empty when it is."""
        numbers = view.number("stock", item), view.number("price_fen", item)
        by_label = product_reason(view.label("rule", item), *numbers, place, self.rules, self.names)
        return by_label or self._tagged.reasons(session).get(view.item_id(item), "")

    def warm_up(self, session: Session, view: CollectionView) -> None:
        """Read the tags of all products; messages meanwhile wait for it, as nothing regulated may slip through."""
        self._tables.of(view)
        self._tagged.ordinals(session, view)

    def forget(self, sku: str) -> None:
        """A product has changed."""
        self._tagged.forget(sku)


class RegulatedByTag:
    """The products whose tags name something regulated, whatever their category; kept up with changes.

    Few have such tags, so they are a list of skus beside the index and not an attribute in it.
    """

    def __init__(self, tenant_id: str, names: RegulatedNames) -> None:
        self._tenant_id = tenant_id
        self._names = names
        self._reasons: dict[str, str] | None = None
        self._changes = Changes()
        self._places: tuple[CollectionView, dict[str, str], list[int]] | None = None
        self._lock = threading.Lock()

    def forget(self, sku: str) -> None:
        """A product has changed; it is read again when the next message comes."""
        self._changes.note(sku)

    def reasons(self, session: Session) -> dict[str, str]:
        """The rule for each sku; never changed in place."""
        with self._lock:
            changed = self._changes.seen_by(session)
            self._reasons = self._read(session, changed.keys())
            self._changes.settle(changed)
            return self._reasons

    def ordinals(self, session: Session, view: CollectionView) -> list[int]:
        """Where these products are in a view."""
        reasons, kept = self.reasons(session), self._places
        if kept is None or kept[0] is not view or kept[1] is not reasons:
            found = [ordinal for sku in reasons if (ordinal := view.ordinal(sku)) is not None]
            kept = self._places = view, reasons, found
        return kept[2]

    def _read(self, session: Session, changed: Set[str]) -> dict[str, str]:
        if self._reasons is None or len(changed) > MAX_CHANGED:
            return self._read_all(session)
        if not changed:
            return self._reasons
        kept = {sku: reason for sku, reason in self._reasons.items() if sku not in changed}
        return kept | self._among(session.connection().execute(_TAGS_OF, self._asked(skus=sorted(changed))).all())

    def _read_all(self, session: Session) -> dict[str, str]:
        """The same tags stand at many products, so each distinct list is looked at once."""
        rows = session.connection().execute(_DISTINCT_TAGS, self._asked())
        texts = [row.text for row in rows if self._names.tag_exclusion(json.loads(row.text))]
        found: dict[str, str] = {}
        for start in range(0, len(texts), _BATCH):
            batch = session.connection().execute(_TAGGED, self._asked(texts=texts[start : start + _BATCH]))
            found |= self._among(batch.all())
        return found

    def _among(self, rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[str, str]:
        return {row.sku: reason for row in rows if (reason := self._names.tag_exclusion(row.tags))}

    def _asked(self, **more: object) -> dict[str, object]:
        return {"tenant_id": self._tenant_id, **more}
