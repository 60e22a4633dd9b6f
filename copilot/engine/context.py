"""The customer: who this is, what was bought, what stage the business is in; as the database has it now."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from time import monotonic
from typing import Any, Protocol

from sqlalchemy import BindParameter, Row, Select, bindparam, inspect, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Session

from copilot.engine.cards import Use, read_team_use, read_use
from copilot.engine.freshness import began, moment
from knowledge.audience import CustomerFacts
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import Customer, CustomerTag, Event, Order, OrderLine, Stage, User

MAX_ORDER_LINES = 500
MAX_EVENTS = 30
COMPLAINT_EVENTS = frozenset({"complaint", "投诉"})
OFFER_EVENTS = frozenset({"coupon", "campaign", "优惠券", "活动"})
LASTING_EVENTS = (sorted(COMPLAINT_EVENTS), sorted(OFFER_EVENTS))
CACHE_SIZE = 4096
AGENT_KEPT_S = 10.0
"""Changes of agents are not in the feed; they are few, and seen after so long."""
IN_TRANSIT = frozenset({"shipped", "in_transit"})
NOT_SENT = frozenset({"paid", "created", "pending"})
RECENT_DAYS = 30


@dataclass(frozen=True)
class TagFact:
    """A tag with where it comes from and since when."""

    tag: str
    value: str
    source: str
    confidence: float
    since: datetime


@dataclass(frozen=True)
class Bought:
    """One line of an order that was kept."""

    order_id: str
    sku: str
    ordered_at: datetime
    status: str
    quantity: float
    amount_fen: int | None


@dataclass(frozen=True)
class SeenEvent:
    """Something the customer did."""

    kind: str
    at: datetime
    object: str
    value: str = ""


@dataclass(frozen=True)
class CustomerContext:
    """Everything the engine knows of a customer at one moment; empty fields for somebody unknown."""

    customer_id: str | None = None
    name: str = ""
    gender: str = ""
    birthday: date | None = None
    city: str = ""
    joined_at: datetime | None = None
    segments: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[TagFact, ...] = ()
    bought: tuple[Bought, ...] = ()
    events: tuple[SeenEvent, ...] = ()

    @cached_property
    def tag_names(self) -> frozenset[str]:
        names = {fact.tag for fact in self.tags}
        return frozenset(names | {f"{fact.tag}:{fact.value}" for fact in self.tags if fact.value})

    @cached_property
    def kept(self) -> tuple[Bought, ...]:
        """What was bought and not given back, newest first."""
        return tuple(line for line in self.bought if line.status not in UNDONE_STATUSES and line.quantity > 0)

    @property
    def last_order(self) -> Bought | None:
        return self.bought[0] if self.bought else None

    def facts(self, now: datetime) -> CustomerFacts | None:
        """What audience rules look at; empty for somebody unknown."""
        if self.customer_id is None:
            return None
        order_times = {line.order_id: line.ordered_at for line in self.kept}
        return CustomerFacts(
            tags=self.tag_names,
            gender=self.gender,
            birthday=self.birthday,
            segments=self.segments,
            order_times=tuple(order_times.values()),
            now=now,
        )

    def stage(self, now: datetime) -> Stage:
        """The stage of the business, read from the last order."""
        last = self.last_order
        if last is None:
            return Stage.ACQUISITION if not self.events else Stage.CONVERSION
        if last.status in NOT_SENT:
            return Stage.TRANSACTION
        if last.status in IN_TRANSIT:
            return Stage.DELIVERY
        return Stage.SERVICE if (now - last.ordered_at).days <= RECENT_DAYS else Stage.CONVERSION


@dataclass(frozen=True)
class AgentContext:
    """The agent who will send the reply."""

    agent_id: str | None = None
    name: str = ""
    team_id: str | None = None


class Memory(Protocol):
    """What is known of people, and of how scripts fared, at a moment `now`."""

    def customer(self, session: Session, customer_id: str | None, now: datetime) -> CustomerContext | None:
        """The customer, an empty context for `None`, or `None` when the id is unknown."""

    def agent(self, session: Session, agent_id: str | None) -> AgentContext:
        """The agent; one who is not registered has a name and no team."""

    def use(
        self, session: Session, script_ids: Sequence[str], agent_id: str | None, now: datetime
    ) -> Mapping[str, Use]:
        """How each script fared so far; scripts never shown are absent."""

    def forget(self, customer_id: str) -> None:
        """Drop what is kept of a customer; called for every change of one."""


class ContextReader:
    """The memory of a live engine: `now` is now. Keeps the last few thousand customers until they change.

    Who is read by a session that began before the last change of any customer is not kept.
    """

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._customers: OrderedDict[str, CustomerContext] = OrderedDict()
        self._changed_at = 0
        self._agents: dict[str, tuple[float, AgentContext]] = {}
        self._lock = threading.Lock()

    def forget(self, customer_id: str) -> None:
        """Drop what is kept of a customer; called for every change of one."""
        with self._lock:
            self._customers.pop(customer_id, None)
            self._changed_at = moment()

    def customer(self, session: Session, customer_id: str | None, now: datetime) -> CustomerContext | None:  # noqa: ARG002
        """The customer, an empty context for `None`, or `None` when the id is unknown."""
        if customer_id is None:
            return CustomerContext()
        with self._lock:
            kept = self._customers.get(customer_id)
            if kept is not None:
                self._customers.move_to_end(customer_id)
                return kept
        found = read_customer(session, self.tenant_id, customer_id)
        if found is not None:
            self._keep(session, customer_id, found)
        return found

    def agent(self, session: Session, agent_id: str | None) -> AgentContext:
        """The agent; one who is not registered has a name and no team."""
        if agent_id is None:
            return AgentContext()
        read_at, kept = self._agents.get(agent_id, (-math.inf, AgentContext()))
        if monotonic() - read_at < AGENT_KEPT_S:
            return kept
        user = session.get(User, (self.tenant_id, agent_id))
        found = AgentContext(agent_id, user.name, user.team_id) if user else AgentContext(agent_id, agent_id)
        if len(self._agents) >= CACHE_SIZE:
            self._agents.clear()
        self._agents[agent_id] = (monotonic(), found)
        return found

    def use(
        self,
        session: Session,
        script_ids: Sequence[str],
        agent_id: str | None,
        now: datetime,
    ) -> Mapping[str, Use]:
        """How each script fared so far; scripts never shown are absent."""
        uses = read_use(session, self.tenant_id, script_ids, agent_id)
        team_id = self.agent(session, agent_id).team_id
        if agent_id is None or team_id is None:
            return uses
        of_team = read_team_use(session, self.tenant_id, script_ids, agent_id, team_id, now)
        return uses | {key: replace(uses.get(key, Use()), n_team=n) for key, n in of_team.items()}

    def _keep(self, session: Session, customer_id: str, context: CustomerContext) -> None:
        with self._lock:
            if began(session) < self._changed_at:
                return
            self._customers[customer_id] = context
            while len(self._customers) > CACHE_SIZE:
                self._customers.popitem(last=False)


_CUSTOMER, _TAG, _ORDER, _LINE, _EVENT = (
    inspect(table).local_table.c for table in (Customer, CustomerTag, Order, OrderLine, Event)
)
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_CUSTOMER_ID: BindParameter[str] = bindparam("customer_id")


def read_lines(newest: ReadOnlyColumnCollection[str, Any]) -> Select[*tuple[Any, ...]]:
    """The lines of some orders, given as columns `id`, `ordered_at` and `status`, newest first."""
    return (
        select(newest.id, _LINE.sku, newest.ordered_at, newest.status, _LINE.quantity, _LINE.amount_fen)
        .where(_LINE.tenant_id == _TENANT_ID, _LINE.order_id == newest.id)
        .order_by(newest.ordered_at.desc(), newest.id, _LINE.sku)
        .limit(MAX_ORDER_LINES)
    )


READ_PROFILE = select(
    _CUSTOMER.name,
    _CUSTOMER.gender,
    _CUSTOMER.birthday,
    _CUSTOMER.city,
    _CUSTOMER.joined_at,
    _CUSTOMER.attributes,
).where(_CUSTOMER.tenant_id == _TENANT_ID, _CUSTOMER.id == _CUSTOMER_ID)
_READ_TAGS = (
    select(_TAG.tag, _TAG.value, _TAG.source, _TAG.confidence, _TAG.valid_from)
    .where(_TAG.tenant_id == _TENANT_ID, _TAG.customer_id == _CUSTOMER_ID, _TAG.valid_to.is_(None))
    .order_by(_TAG.id)
)
_NEWEST = (  # a query of its own: joined directly, SQLite may begin with every order line of the tenant
    select(_ORDER.id, _ORDER.ordered_at, _ORDER.status)
    .where(_ORDER.tenant_id == _TENANT_ID, _ORDER.customer_id == _CUSTOMER_ID)
    .order_by(_ORDER.ordered_at.desc(), _ORDER.id)
    .limit(MAX_ORDER_LINES)
    .subquery()
    .c
)
_READ_LINES = read_lines(_NEWEST)
_READ_EVENTS = (
    select(_EVENT.kind, _EVENT.at, _EVENT.object, _EVENT.value)
    .where(_EVENT.tenant_id == _TENANT_ID, _EVENT.customer_id == _CUSTOMER_ID)
    .order_by(_EVENT.at.desc())
    .limit(MAX_EVENTS)
)
_READ_LASTING = tuple(_READ_EVENTS.where(_EVENT.kind.in_(kinds)) for kinds in LASTING_EVENTS)
"""Asked for every customer who writes, so they are written once, in terms of the tables rather than the classes."""


def read_customer(session: Session, tenant_id: str, customer_id: str) -> CustomerContext | None:
    """The customer as the database has it now, or `None`."""
    asked = {"tenant_id": tenant_id, "customer_id": customer_id}
    connection = session.connection()
    profile = connection.execute(READ_PROFILE, asked).one_or_none()
    if profile is None:
        return None
    return assembled(
        customer_id,
        profile,
        tags=[TagFact(*row) for row in connection.execute(_READ_TAGS, asked)],
        bought=[Bought(*row) for row in connection.execute(_READ_LINES, asked)],
        events=with_lasting(
            [SeenEvent(*row) for row in connection.execute(_READ_EVENTS, asked)],
            lambda: [SeenEvent(*row) for query in _READ_LASTING for row in connection.execute(query, asked)],
        ),
    )


def with_lasting(latest: list[SeenEvent], lasting: Callable[[], list[SeenEvent]]) -> list[SeenEvent]:
    """The latest events and, when there may be earlier ones, those of them that count for longer."""
    if len(latest) < MAX_EVENTS:
        return latest
    return list(dict.fromkeys([*latest, *lasting()]))


def assembled(
    customer_id: str,
    profile: Row[*tuple[Any, ...]],
    *,
    tags: Sequence[TagFact],
    bought: Sequence[Bought],
    events: Sequence[SeenEvent],
) -> CustomerContext:
    """A customer from a row of `READ_PROFILE` and what is known besides."""
    return CustomerContext(
        customer_id=customer_id,
        name=profile.name,
        gender=profile.gender,
        birthday=profile.birthday,
        city=profile.city,
        joined_at=profile.joined_at,
        segments=segments_of(profile.attributes, tags),
        attributes=profile.attributes,
        tags=tuple(tags),
        bought=tuple(bought),
        events=tuple(events),
    )


def segments_of(attributes: Mapping[str, object], tags: Sequence[TagFact]) -> frozenset[str]:
    """The segments a customer belongs to: those named by the attributes, and every tag."""
    named = attributes.get("segments")
    listed = {str(one) for one in named} if isinstance(named, list) else set()
    return frozenset(listed | {fact.tag for fact in tags})
