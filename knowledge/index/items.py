"""What goes into the index: the live scripts, the sold products and the passages, read from the database."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Label, Row, Select, Text, cast, func, select
from sqlmodel import Session, col

from knowledge.tables import IndexKind, Passage, Product, Script, ScriptStatus, ScriptVersion

SOLD_STATUSES = ("active", "")
UNVERSIONED = 1
"""The version of products and passages, which keep no history."""
USUAL_CURRENCY = "CNY"

_ID_BATCH = 500
_ROW_BATCH = 1_000
_KNOWN_RULES = 8_192
_MICROSECOND = 1e-6
_SLOT = re.compile(r"\{\{[^{}]*\}\}")
_LOOSE_PUNCTUATION = re.compile(r"[ \t\u3000]+(?=[,.!?;:，。！？；：、])")
_SPACES = re.compile(r"[ \t\u3000]{2,}")


@dataclass(frozen=True)
class IndexItem:
    """One thing that can be found, with the texts it is found by and the attributes it is filtered by."""

    item_id: str
    version: int
    texts: Mapping[str, Sequence[str]]
    labels: Mapping[str, str]
    numbers: Mapping[str, float]

    @cached_property
    def texts_hash(self) -> bytes:
        """16 bytes that change when any text does."""
        parts = [[field, *self.texts[field]] for field in sorted(self.texts)]
        return blake2b(json.dumps(parts, ensure_ascii=False).encode(), digest_size=16).digest()


def read_items(
    session: Session, tenant_id: str, kind: IndexKind, item_ids: Sequence[str] | None = None
) -> Iterator[IndexItem]:
    """The items that are live now, in order of their ids; with `item_ids`, only those of them that are live.

    Streams: memory does not grow with the library. Nothing for customers, which are not searched.
    """
    source = _SOURCES.get(kind)
    if source is None:
        return
    query = source.query(tenant_id)
    for batch in _batches(item_ids):
        narrowed = query if batch is None else query.where(col(source.item_id).in_(batch))
        for row in session.execute(narrowed.execution_options(yield_per=_ROW_BATCH)):
            yield source.item(row)


def read_published(session: Session, tenant_id: str) -> Iterator[IndexItem]:
    """Every script version that was ever live, valid only while it was, in order of id and version.

    The same script occurs once for each version; a filter by `valid_from` and `valid_to` leaves at most one.
    """
    for row in session.execute(_published_scripts(tenant_id).execution_options(yield_per=_ROW_BATCH)):
        item = _script_item(row)
        began, ended = row.published_at.timestamp(), _epoch_s(row.ended_at, when_open=math.inf) - _MICROSECOND
        window = {
            "valid_from": max(began, item.numbers["valid_from"]),
            "valid_to": min(ended, item.numbers["valid_to"]),
        }
        yield replace(item, numbers={**item.numbers, **window})


def read_version(session: Session, tenant_id: str, script_id: str, version: int) -> IndexItem | None:
    """A version of a script as it would be found if it were live; nothing when there is no such version."""
    is_it = (col(ScriptVersion.script_id) == script_id) & (col(ScriptVersion.version) == version)
    row = session.execute(_script_versions(tenant_id).where(is_it)).one_or_none()
    return None if row is None else _script_item(row)


def count_items(session: Session, tenant_id: str, kind: IndexKind) -> int:
    """How many items `read_items` would give."""
    counted = _SOURCES[kind].query(tenant_id).order_by(None).subquery()
    count: int = session.execute(select(func.count()).select_from(counted)).scalar_one()
    return count


def canonical_json(value: object) -> str:
    """The same text for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def without_slots(text: str) -> str:
    """A reply's text with its `{{…}}` slots taken out and the gaps closed."""
    return _SPACES.sub(" ", _LOOSE_PUNCTUATION.sub("", _SLOT.sub(" ", text))).strip()


def _batches(item_ids: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    if item_ids is None:
        yield None
        return
    for start in range(0, len(item_ids), _ID_BATCH):
        yield item_ids[start : start + _ID_BATCH]


def _raw(name: str, column: object) -> Label[str]:
    """A JSON column as its text, for values that are nearly always the same."""
    return cast(col(column), Text).label(name)


def _live_scripts(tenant_id: str) -> Select[*tuple[Any, ...]]:
    is_live = (col(ScriptVersion.version) == col(Script.live_version)) & (
        col(ScriptVersion.status) == ScriptStatus.PUBLISHED
    )
    return _script_versions(tenant_id).where(is_live)


def _published_scripts(tenant_id: str) -> Select[*tuple[Any, ...]]:
    lived = (col(ScriptVersion.published_at), col(ScriptVersion.ended_at))
    query = _script_versions(tenant_id).add_columns(*lived).where(lived[0].is_not(None))
    return query.order_by(col(ScriptVersion.version))


def _script_versions(tenant_id: str) -> Select[*tuple[Any, ...]]:
    version = ScriptVersion
    joined = (col(version.tenant_id) == col(Script.tenant_id)) & (col(version.script_id) == col(Script.id))
    columns = (Script.id, Script.kind, version.version, version.text, version.triggers)
    rule = (
        _raw("audience", version.audience),
        _raw("scenes", version.scenes),
        _raw("channels", version.channels),
    )
    rest = (version.scope, version.valid_from, version.valid_to)
    query = select(*map(col, columns), *rule, *map(col, rest)).join_from(Script, version, joined)
    return query.where(col(Script.tenant_id) == tenant_id).order_by(col(Script.id))


def _script_item(row: Row[Any]) -> IndexItem:
    rule = _script_rule(row.audience, row.scenes, row.channels, row.scope)
    return IndexItem(
        item_id=row.id,
        version=row.version,
        texts={"trigger": _distinct(row.triggers), "reply": _distinct([without_slots(row.text)])},
        labels={"rule": rule, "kind": str(row.kind)},
        numbers={
            "valid_from": _epoch_s(row.valid_from, when_open=-math.inf),
            "valid_to": _epoch_s(row.valid_to, when_open=math.inf),
        },
    )


@lru_cache(maxsize=_KNOWN_RULES)
def _script_rule(audience: str, scenes: str, channels: str, scope: str) -> str:
    """Who and where a script is for, from the JSON texts of its columns; its stage is a preference, not a rule."""
    return canonical_json(
        {
            "audience": json.loads(audience),
            "scenes": json.loads(scenes),
            "channels": json.loads(channels),
            "scope": scope,
        }
    )


@lru_cache(maxsize=_KNOWN_RULES)
def _product_rule(audience: str, category: str, currency: str) -> str:
    """Who a product is for and what limits apply; the usual currency is not named."""
    rule = {"audience": json.loads(audience), "category": category}
    return canonical_json(rule if currency == USUAL_CURRENCY else {**rule, "currency": currency})


def _sold_products(tenant_id: str) -> Select[*tuple[Any, ...]]:
    words = (Product.sku, Product.name, Product.category, Product.brand, Product.tags, Product.attributes)
    rest = (Product.description, Product.stock, Product.price_fen, Product.currency)
    query = select(*map(col, (*words, *rest)), _raw("audience", Product.audience))
    sold = (col(Product.tenant_id) == tenant_id) & col(Product.status).in_(SOLD_STATUSES)
    return query.where(sold).order_by(col(Product.sku))


def _product_item(row: Row[Any]) -> IndexItem:
    details = [row.name, row.category, row.brand, *row.tags, *_attribute_words(row.attributes), row.description]
    return IndexItem(
        item_id=row.sku,
        version=UNVERSIONED,
        texts={"text": _distinct([row.name, " ".join(word for word in details if word)])},
        labels={"rule": _product_rule(row.audience, row.category, row.currency)},
        numbers={
            "stock": math.inf if row.stock is None else float(row.stock),
            "price_fen": math.nan if row.price_fen is None else float(row.price_fen),
        },
    )


def _attribute_words(attributes: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(attributes):
        value = attributes[name]
        yield f"{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"


def _passages(tenant_id: str) -> Select[*tuple[Any, ...]]:
    query = select(*map(col, (Passage.id, Passage.heading, Passage.text))).where(col(Passage.tenant_id) == tenant_id)
    return query.order_by(col(Passage.id))


def _passage_item(row: Row[Any]) -> IndexItem:
    text = "\n".join(part for part in (row.heading, row.text) if part)
    return IndexItem(item_id=row.id, version=UNVERSIONED, texts={"text": _distinct([text])}, labels={}, numbers={})


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts in their order, each once, without blank ones."""
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _epoch_s(moment: datetime | None, *, when_open: float) -> float:
    return when_open if moment is None else moment.timestamp()


@dataclass(frozen=True)
class _Source:
    query: Callable[[str], Select[*tuple[Any, ...]]]
    item_id: str
    item: Callable[[Row[Any]], IndexItem]


_SOURCES: Mapping[IndexKind, _Source] = {
    IndexKind.SCRIPT: _Source(_live_scripts, Script.id, _script_item),
    IndexKind.PRODUCT: _Source(_sold_products, Product.sku, _product_item),
    IndexKind.PASSAGE: _Source(_passages, Passage.id, _passage_item),
}
