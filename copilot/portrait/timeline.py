"""Everything that happened with a customer, newest first, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    inspect,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Session

from copilot.errors import BadRequestError
from knowledge.tables import (
    Conversation,
    CustomerTag,
    Decision,
    DecisionKind,
    Event,
    Order,
    OrderLine,
    OrderStatusChange,
    Outcome,
    SuggestionSet,
)

PAGE = 20
SHOWN_CHARACTERS = 200


class EntryKind(StrEnum):
    """What an entry of the timeline is about; entries of one moment stand in this order."""

    ORDER = "order"
    STATUS = "status"
    EVENT = "event"
    TAG_BEGUN = "tag_begun"
    TAG_ENDED = "tag_ended"
    TALK = "talk"
    DECISION = "decision"
    OUTCOME = "outcome"


_PLACES = {kind: place for place, kind in enumerate(EntryKind)}


@dataclass(frozen=True)
class Entry:
    """Something that happened; `what` is the kind of it in the data's own words, `about` the object."""

    at: datetime
    kind: EntryKind
    id: str
    what: str
    about: str = ""
    value: str = ""

    @property
    def cursor(self) -> str:
        """Names the place of this entry; the next page begins after it."""
        return f"{self.at.isoformat()}|{self.kind.value}|{self.id}"

    @property
    def place(self) -> tuple[float, int]:
        """What entries of different kinds are ordered by: the newest first, then by kind."""
        return -self.at.timestamp(), _PLACES[self.kind]


@dataclass(frozen=True)
class Page:
    """Entries, newest first; `next` names where the next page begins, empty when this is the last."""

    entries: tuple[Entry, ...]
    next: str = ""


@dataclass(frozen=True)
class _Source:
    """Where the entries of one kind come from; `query` selects `at`, `id`, `what`, `about` and `value`."""

    kind: EntryKind
    query: Select[*tuple[Any, ...]]
    at: ColumnElement[datetime]
    id: ColumnElement[str]


def timeline(
    session: Session, tenant_id: str, customer_id: str, *, now: datetime, after: str = "", limit: int = PAGE
) -> Page:
    """A page of what happened with a customer until `now`; `after` is where the page before said the next begins.

    Raises:
        BadRequestError: `after` is not such a place.
    """
    start = _place(after) if after else None
    asked = {"tenant_id": tenant_id, "customer_id": customer_id, "now": now}
    found = merge(*(_read(session, source, start, asked, limit + 1) for source in _SOURCES), key=attrgetter("place"))
    entries = tuple(islice(found, limit + 1))
    is_last = len(entries) <= limit
    return Page(entries[:limit], "" if is_last else entries[limit - 1].cursor)


def _read(
    session: Session, source: _Source, start: tuple[datetime, EntryKind, str] | None, asked: dict[str, Any], limit: int
) -> Iterable[Entry]:
    query = source.query.where(source.at <= bindparam("now"))
    if start is not None:
        query = query.where(_after(source, *start))
    query = query.order_by(source.at.desc(), source.id).limit(limit)
    return [_entry(source.kind, row) for row in session.execute(query, asked)]


def _after(source: _Source, at: datetime, kind: EntryKind, entry_id: str) -> ColumnElement[bool]:
    """What comes after an entry in the order of the whole timeline."""
    if source.kind is kind:
        return or_(source.at < at, (source.at == at) & (source.id > entry_id))
    return source.at <= at if _PLACES[source.kind] > _PLACES[kind] else source.at < at


def _entry(kind: EntryKind, row: Row[Any]) -> Entry:
    return Entry(row.at, kind, str(row.id), row.what or "", row.about or "", str(row.value or ""))


def _place(after: str) -> tuple[datetime, EntryKind, str]:
    try:
        moment, kind, entry_id = after.split("|", 2)
        return datetime.fromisoformat(moment).astimezone(UTC), EntryKind(kind), entry_id
    except (ValueError, OverflowError) as error:
        expected = "the `next` of the page before, such as 2026-03-01T12:00:00+00:00|order|o1"
        raise BadRequestError("after", after[:200], expected) from error


_ORDER, _LINE, _STATUS, _EVENT, _TAG, _TALK, _SET, _DECISION, _OUTCOME = (
    inspect(table).local_table.c
    for table in (
        Order,
        OrderLine,
        OrderStatusChange,
        Event,
        CustomerTag,
        Conversation,
        SuggestionSet,
        Decision,
        Outcome,
    )
)
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_CUSTOMER_ID: BindParameter[str] = bindparam("customer_id")
_Columns = ReadOnlyColumnCollection[str, Any]
_DONE = (DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.FREEHAND, DecisionKind.DISMISS)


def _source(
    kind: EntryKind,
    whose: _Columns,
    *where: ColumnElement[bool],
    **columns: ColumnElement[Any],
) -> _Source:
    """The entries of one customer; `whose` is the table that names the customer."""
    of_customer = (whose.tenant_id == _TENANT_ID, whose.customer_id == _CUSTOMER_ID)
    query = select(*(column.label(name) for name, column in columns.items())).where(*of_customer, *where)
    return _Source(kind, query, columns["at"], columns["id"])


def _tag_source(kind: EntryKind, at: ColumnElement[datetime]) -> _Source:
    label = case((_TAG.value == "", _TAG.tag), else_=_TAG.tag + "：" + _TAG.value)
    return _source(
        kind,
        _TAG,
        at.is_not(None),
        at=at,
        id=cast(_TAG.id, String),
        what=_TAG.source,
        about=label,
        value=_TAG.source,
    )


_ALL = 1_000_000_000
"""A limit that nothing reaches; with one, SQLite begins with what is the customer's, not with all of the tenant."""


def _customers_own(rows: _Columns, *columns: ColumnElement[Any]) -> _Columns:
    """The rows of one customer by themselves, to be joined with others."""
    wanted = select(rows.tenant_id, rows.customer_id, *columns)
    return wanted.where(rows.tenant_id == _TENANT_ID, rows.customer_id == _CUSTOMER_ID).limit(_ALL).subquery().c


_OWN_ORDERS = _customers_own(_ORDER, _ORDER.id, _ORDER.ordered_at)
_OWN_SETS = _customers_own(_SET, _SET.id)
_N_LINES = (
    select(func.count())
    .where(_LINE.tenant_id == _ORDER.tenant_id, _LINE.order_id == _ORDER.id)
    .correlate(inspect(Order).local_table)
    .scalar_subquery()
)
_SENT = func.substr(_DECISION.sent_text, 1, SHOWN_CHARACTERS)
_NOT_UNDONE = or_(_DECISION.undone_at.is_(None), _DECISION.undone_at > bindparam("now"))
_SOURCES = (
    _source(
        EntryKind.ORDER,
        _ORDER,
        at=_ORDER.ordered_at,
        id=_ORDER.id,
        what=literal("ordered"),
        about=_ORDER.id,
        value=_N_LINES,
    ),
    _source(
        EntryKind.STATUS,
        _OWN_ORDERS,
        _STATUS.tenant_id == _OWN_ORDERS.tenant_id,
        _STATUS.order_id == _OWN_ORDERS.id,
        _STATUS.at > _OWN_ORDERS.ordered_at,  # the first one is told by the order itself
        at=_STATUS.at,
        id=_STATUS.order_id,
        what=_STATUS.status,
        about=_STATUS.order_id,
        value=_STATUS.status,
    ),
    _source(
        EntryKind.EVENT,
        _EVENT,
        at=_EVENT.at,
        id=_EVENT.id,
        what=_EVENT.kind,
        about=_EVENT.object,
        value=_EVENT.value,
    ),
    _tag_source(EntryKind.TAG_BEGUN, _TAG.valid_from),
    _tag_source(EntryKind.TAG_ENDED, _TAG.valid_to),
    _source(
        EntryKind.TALK,
        _TALK,
        at=func.coalesce(_TALK.started_at, _TALK.last_message_at),
        id=_TALK.id,
        what=cast(_TALK.scene, String),
        about=_TALK.channel,
        value=_TALK.version,
    ),
    _source(
        EntryKind.DECISION,
        _OWN_SETS,
        _DECISION.tenant_id == _OWN_SETS.tenant_id,
        _DECISION.set_id == _OWN_SETS.id,
        _DECISION.kind.in_(_DONE),
        _NOT_UNDONE,
        at=_DECISION.at,
        id=_DECISION.id,
        what=cast(_DECISION.kind, String),
        about=_SENT,
        value=_DECISION.item_id,
    ),
    _source(
        EntryKind.OUTCOME,
        _OWN_SETS,
        _OUTCOME.tenant_id == _OWN_SETS.tenant_id,
        _OUTCOME.set_id == _OWN_SETS.id,
        at=_OUTCOME.at,
        id=_OUTCOME.id,
        what=_OUTCOME.kind,
        about=_OUTCOME.kind,
        value=_OUTCOME.value,
    ),
)
