"""What the engine needs to know of a script or product beyond the index, read once and kept."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, Row, bindparam, func, inspect, select
from sqlmodel import Session

from copilot.engine.freshness import began, moment
from copilot.engine.language import language_of
from knowledge.tables import Document, Passage, Product, Script, ScriptUse, ScriptVersion, User
from knowledge.tables.library import EVERYONE

KeyT = TypeVar("KeyT", bound=Hashable)
CardT = TypeVar("CardT")
CARDS_KEPT = 20_000
LATELY = timedelta(days=90)
"""What a colleague has not touched for so long does not count as the team's usage."""

_USE = inspect(ScriptUse).local_table.c
_USES = select(_USE.script_id, _USE.agent_id, _USE.n_shown, _USE.n_accepted, _USE.n_edited).where(
    _USE.tenant_id == bindparam("tenant_id"),
    _USE.script_id.in_(bindparam("script_ids", expanding=True)),
    _USE.agent_id.in_(bindparam("agent_ids", expanding=True)),
)
_USER = inspect(User).local_table.c
_TEAM_USES = (
    select(_USE.script_id, func.sum(_USE.n_accepted + _USE.n_edited).label("n"))
    .where(
        _USE.tenant_id == bindparam("tenant_id"),
        _USE.script_id.in_(bindparam("script_ids", expanding=True)),
        _USE.agent_id != bindparam("agent_id"),
        _USE.last_used_at >= bindparam("since"),
        _USER.tenant_id == _USE.tenant_id,
        _USER.id == _USE.agent_id,
        _USER.team_id == bindparam("team_id"),
    )
    .group_by(_USE.script_id)
)
_SCRIPT, _VERSION, _PASSAGE, _DOCUMENT, _PRODUCT = (
    inspect(table).local_table.c for table in (Script, ScriptVersion, Passage, Document, Product)
)
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_IDS: BindParameter[list[str]] = bindparam("ids", expanding=True)
_SCRIPTS = select(
    _VERSION.script_id,
    _VERSION.version,
    _VERSION.text,
    _VERSION.stages,
    _VERSION.skus,
    _VERSION.audience,
    _VERSION.published_at,
    _SCRIPT.kind,
    _SCRIPT.title,
).where(
    _VERSION.tenant_id == _TENANT_ID,
    _VERSION.script_id.in_(_IDS),
    _VERSION.version.in_(bindparam("versions", expanding=True)),
    _SCRIPT.tenant_id == _VERSION.tenant_id,
    _SCRIPT.id == _VERSION.script_id,
)
_PASSAGES = select(_PASSAGE.id, _PASSAGE.heading, _PASSAGE.text, _DOCUMENT.title).where(
    _PASSAGE.tenant_id == _TENANT_ID,
    _PASSAGE.id.in_(_IDS),
    _DOCUMENT.tenant_id == _PASSAGE.tenant_id,
    _DOCUMENT.id == _PASSAGE.document_id,
)
_PRODUCTS = select(
    _PRODUCT.sku,
    _PRODUCT.name,
    _PRODUCT.category,
    _PRODUCT.price_fen,
    _PRODUCT.currency,
    _PRODUCT.stock,
    _PRODUCT.tags,
    _PRODUCT.replenish_days,
    _PRODUCT.status,
).where(_PRODUCT.tenant_id == _TENANT_ID, _PRODUCT.sku.in_(_IDS))
"""Asked for every message, so they are written once, in terms of the tables rather than the classes."""


@dataclass(frozen=True)
class ScriptCard:
    """One version of a script, or a passage; versions never change, so a script's card never goes stale."""

    script_id: str
    version: int
    kind: str
    title: str
    text: str
    stages: frozenset[str]
    skus: tuple[str, ...]
    targeted_tags: frozenset[str]
    published_at: datetime | None
    language: str

    @property
    def source(self) -> str:
        return f"{self.kind}:{self.script_id}@{self.version}"


@dataclass(frozen=True)
class ProductCard:
    """A product as the agent would present it."""

    sku: str
    name: str
    category: str
    price: str | None
    price_fen: int | None
    currency: str
    stock: int | None
    tags: frozenset[str]
    replenish_days: int | None
    status: str


@dataclass(frozen=True)
class Use:
    """How a script fared: with everyone, with this agent, and lately with the rest of the agent's team."""

    n_shown: int = 0
    n_accepted: int = 0
    n_own: int = 0
    n_team: int = 0


class CardFile(Generic[KeyT, CardT]):
    """Keeps the most recently used cards; reads the missing ones in one query.

    What is read by a session that began before the last change of any card is given and not kept.
    """

    def __init__(self, read: Callable[[Session, Sequence[KeyT]], dict[KeyT, CardT]]) -> None:
        self._read = read
        self._cards: OrderedDict[KeyT, CardT] = OrderedDict()
        self._changed_at = 0
        self._lock = threading.Lock()

    def get(self, session: Session, keys: Sequence[KeyT]) -> dict[KeyT, CardT]:
        """The cards that exist among `keys`."""
        with self._lock:
            found = {key: self._cards[key] for key in keys if key in self._cards}
            for key in found:
                self._cards.move_to_end(key)
        missing = [key for key in keys if key not in found]
        if missing:
            fresh = self._read(session, missing)
            found.update(fresh)
            self._keep(session, fresh)
        return found

    def forget(self, key: KeyT) -> None:
        """Drop one card; it is read again when needed."""
        with self._lock:
            self._cards.pop(key, None)
            self._changed_at = moment()

    def _keep(self, session: Session, fresh: dict[KeyT, CardT]) -> None:
        with self._lock:
            if began(session) < self._changed_at:
                return
            self._cards.update(fresh)
            while len(self._cards) > CARDS_KEPT:
                self._cards.popitem(last=False)


def read_scripts(
    session: Session, tenant_id: str, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], ScriptCard]:
    """Cards of script versions by (script id, version).

    All versions of the scripts that are among the versions asked for are read: SQLite has an index for `id IN (…)` but
    reads the whole table for `(id, version) IN (…)`.
    """
    wanted = frozenset(keys)
    asked = {"tenant_id": tenant_id, "ids": list({key[0] for key in keys}), "versions": list({key[1] for key in keys})}
    rows = session.connection().execute(_SCRIPTS, asked)
    return {(row.script_id, row.version): _script_card(row) for row in rows if (row.script_id, row.version) in wanted}


def read_passages(session: Session, tenant_id: str, passage_ids: Sequence[str]) -> dict[str, ScriptCard]:
    """Cards of passages by id; the text is an extract to use, with its document as the source."""
    rows = session.connection().execute(_PASSAGES, {"tenant_id": tenant_id, "ids": list(passage_ids)})
    return {row.id: _passage_card(row) for row in rows}


def read_products(session: Session, tenant_id: str, skus: Sequence[str]) -> dict[str, ProductCard]:
    """Cards of products by sku."""
    rows = session.connection().execute(_PRODUCTS, {"tenant_id": tenant_id, "ids": list(skus)})
    return {row.sku: _product_card(row) for row in rows}


def read_use(session: Session, tenant_id: str, script_ids: Sequence[str], agent_id: str | None) -> dict[str, Use]:
    """How each script fared so far; scripts never shown are absent."""
    if not script_ids:
        return {}
    asked = {"tenant_id": tenant_id, "script_ids": script_ids, "agent_ids": [EVERYONE, agent_id or EVERYONE]}
    shown: dict[str, tuple[int, int]] = {}
    own: dict[str, int] = {}
    for script_id, who, n_shown, n_accepted, n_edited in session.connection().execute(_USES, asked):
        if who == EVERYONE:
            shown[script_id] = (n_shown, n_accepted + n_edited)
        else:
            own[script_id] = n_accepted + n_edited
    return {key: Use(*shown.get(key, (0, 0)), own.get(key, 0)) for key in shown.keys() | own.keys()}


def read_team_use(
    session: Session, tenant_id: str, script_ids: Sequence[str], agent_id: str, team_id: str, now: datetime
) -> dict[str, int]:
    """How often the rest of a team used each script, counting colleagues who had it in hand lately."""
    if not script_ids:
        return {}
    asked = {"tenant_id": tenant_id, "script_ids": script_ids, "agent_id": agent_id, "team_id": team_id}
    rows = session.connection().execute(_TEAM_USES, {**asked, "since": now - LATELY})
    return {row.script_id: int(row.n) for row in rows if row.n}


def price_text(price_fen: int | None) -> str | None:
    """A price in whole units with two decimals, as customers read it: `129`, `49.90`."""
    if price_fen is None:
        return None
    return f"{price_fen // 100}" if price_fen % 100 == 0 else f"{price_fen / 100:.2f}"


def _script_card(row: Row[*tuple[Any, ...]]) -> ScriptCard:
    return ScriptCard(
        script_id=row.script_id,
        version=row.version,
        kind=row.kind.value,
        title=row.title,
        text=row.text,
        stages=frozenset(row.stages),
        skus=tuple(row.skus),
        targeted_tags=_targeted(row.audience),
        published_at=row.published_at,
        language=language_of(row.text),
    )


def _passage_card(row: Row[*tuple[Any, ...]]) -> ScriptCard:
    return ScriptCard(
        script_id=row.id,
        version=1,
        kind="passage",
        title=" · ".join(part for part in (row.title, row.heading) if part),
        text=row.text,
        stages=frozenset(),
        skus=(),
        targeted_tags=frozenset(),
        published_at=None,
        language=language_of(row.text),
    )


def _product_card(row: Row[*tuple[Any, ...]]) -> ProductCard:
    return ProductCard(
        sku=row.sku,
        name=row.name,
        category=row.category,
        price=price_text(row.price_fen),
        price_fen=row.price_fen,
        currency=row.currency,
        stock=row.stock,
        tags=frozenset(row.tags),
        replenish_days=row.replenish_days,
        status=row.status,
    )


def _targeted(audience: dict[str, object]) -> frozenset[str]:
    wanted: set[str] = set()
    for key in ("all", "any", "segments"):
        values = audience.get(key)
        if isinstance(values, list):
            wanted.update(str(value) for value in values)
    return frozenset(wanted)
