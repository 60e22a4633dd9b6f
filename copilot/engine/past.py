"""People and scripts as they were at a past moment, for evaluation."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, func, inspect, or_, select
from sqlmodel import Session

from copilot.engine.cards import LATELY, Use
from copilot.engine.context import (
    LASTING_EVENTS,
    MAX_EVENTS,
    MAX_ORDER_LINES,
    READ_PROFILE,
    AgentContext,
    Bought,
    ContextReader,
    CustomerContext,
    SeenEvent,
    TagFact,
    assembled,
    read_lines,
    with_lasting,
)
from knowledge.database import Database
from knowledge.tables import (
    CustomerTag,
    Decision,
    DecisionKind,
    Event,
    Order,
    OrderStatusChange,
    Suggestion,
    SuggestionSet,
    User,
)

_TAG, _ORDER, _STATUS, _EVENT = (
    inspect(table).local_table.c for table in (CustomerTag, Order, OrderStatusChange, Event)
)
_SET, _SUGGESTION, _DECISION = (inspect(table).local_table.c for table in (SuggestionSet, Suggestion, Decision))
_USER = inspect(User).local_table.c
_TENANT_ID: BindParameter[str] = bindparam("tenant_id")
_CUSTOMER_ID: BindParameter[str] = bindparam("customer_id")
_NOW: BindParameter[datetime] = bindparam("now")

_READ_TAGS = (
    select(_TAG.tag, _TAG.value, _TAG.source, _TAG.confidence, _TAG.valid_from)
    .where(
        _TAG.tenant_id == _TENANT_ID,
        _TAG.customer_id == _CUSTOMER_ID,
        _TAG.valid_from <= _NOW,
        or_(_TAG.valid_to.is_(None), _TAG.valid_to > _NOW),
    )
    .order_by(_TAG.id)
)
_STATUS_THEN = (
    select(_STATUS.status)
    .where(_STATUS.tenant_id == _ORDER.tenant_id, _STATUS.order_id == _ORDER.id, _STATUS.at <= _NOW)
    .order_by(_STATUS.at.desc())
    .limit(1)
    .scalar_subquery()
)
_NEWEST = (
    select(_ORDER.id, _ORDER.ordered_at, func.coalesce(_STATUS_THEN, "").label("status"))
    .where(
        _ORDER.tenant_id == _TENANT_ID,
        _ORDER.customer_id == _CUSTOMER_ID,
        _ORDER.ordered_at <= _NOW,
    )
    .order_by(_ORDER.ordered_at.desc(), _ORDER.id)
    .limit(MAX_ORDER_LINES)
    .subquery()
    .c
)
_READ_LINES = read_lines(_NEWEST)
_READ_EVENTS = (
    select(_EVENT.kind, _EVENT.at, _EVENT.object, _EVENT.value)
    .where(
        _EVENT.tenant_id == _TENANT_ID,
        _EVENT.customer_id == _CUSTOMER_ID,
        _EVENT.at <= _NOW,
    )
    .order_by(_EVENT.at.desc())
    .limit(MAX_EVENTS)
)
_READ_LASTING = tuple(_READ_EVENTS.where(_EVENT.kind.in_(kinds)) for kinds in LASTING_EVENTS)
_SHOWN = (
    select(_SUGGESTION.item_id, _SET.agent_id, _SET.at)
    .join_from(
        inspect(Suggestion).local_table,
        inspect(SuggestionSet).local_table,
        (_SET.tenant_id == _SUGGESTION.tenant_id) & (_SET.id == _SUGGESTION.set_id),
    )
    .where(_SUGGESTION.tenant_id == _TENANT_ID, _SUGGESTION.kind == "reply", _SET.message != "")
)
_DECIDED = (
    select(_DECISION.item_id, _DECISION.agent_id, _DECISION.at)
    .join_from(
        inspect(Decision).local_table,
        inspect(SuggestionSet).local_table,
        (_SET.tenant_id == _DECISION.tenant_id) & (_SET.id == _DECISION.set_id),
    )
    .where(
        _DECISION.tenant_id == _TENANT_ID,
        _DECISION.item_kind == "reply",
        _DECISION.item_id.is_not(None),
        _SET.message != "",
    )
)
_TAKEN = _DECIDED.where(_DECISION.kind.in_([DecisionKind.ACCEPT, DecisionKind.EDIT]), _DECISION.undone_at.is_(None))
_HANDLED = _DECIDED.where(_DECISION.kind.in_([DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.DISMISS]))
"""What moves the time at which a script was last used, in the counters of the live engine."""


class PastReader:
    """The memory of an engine that answers for past moments: nothing later than `now` is known.

    A customer's profile (name, gender, birthday, city, attributes) and the agents' teams keep no history and are taken
    as they are; an order whose status was not known yet has none.
    """

    def __init__(self, database: Database, tenant_id: str) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._agents = ContextReader(tenant_id)

    def customer(self, session: Session, customer_id: str | None, now: datetime) -> CustomerContext | None:
        """The customer as known at a moment, an empty context for `None`, or `None` when the id is unknown."""
        if customer_id is None:
            return CustomerContext()
        asked = {"tenant_id": self._tenant_id, "customer_id": customer_id, "now": now}
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

    def agent(self, session: Session, agent_id: str | None) -> AgentContext:
        """The agent; one who is not registered has a name and no team."""
        return self._agents.agent(session, agent_id)

    def use(
        self,
        session: Session,
        script_ids: Sequence[str],
        agent_id: str | None,
        now: datetime,
    ) -> Mapping[str, Use]:
        """How each script fared before a moment; scripts never shown are absent."""
        colleagues = self._colleagues(session, agent_id)
        uses = {script_id: self._use(script_id, agent_id, now, colleagues) for script_id in script_ids}
        return {script_id: use for script_id, use in uses.items() if use != Use()}

    def forget(self, customer_id: str) -> None:
        """The past does not change."""

    def _use(self, script_id: str, agent_id: str | None, now: datetime, colleagues: Sequence[str]) -> Use:
        shown, taken, _ = self._history
        own = bisect_left(taken.get((script_id, agent_id), ()), now) if agent_id else 0
        return Use(
            n_shown=bisect_left(shown.get((script_id, None), ()), now),
            n_accepted=bisect_left(taken.get((script_id, None), ()), now),
            n_own=own,
            n_team=sum(self._lately(script_id, colleague, now) for colleague in colleagues),
        )

    def _lately(self, script_id: str, agent_id: str, now: datetime) -> int:
        """How often an agent had used a script who had it in hand not long before."""
        _, taken, handled = self._history
        moments = handled.get((script_id, agent_id), ())
        n_handled = bisect_left(moments, now)
        if not n_handled or moments[n_handled - 1] < now - LATELY:
            return 0
        return bisect_left(taken.get((script_id, agent_id), ()), now)

    def _colleagues(self, session: Session, agent_id: str | None) -> Sequence[str]:
        team_id = self.agent(session, agent_id).team_id
        return [one for one in self._teams.get(team_id, ()) if one != agent_id] if team_id else ()

    @cached_property
    def _teams(self) -> Mapping[str, Sequence[str]]:
        """The agents of each team; read once."""
        members: dict[str, list[str]] = defaultdict(list)
        query = select(_USER.id, _USER.team_id).where(_USER.tenant_id == self._tenant_id, _USER.team_id.is_not(None))
        with self._database.read() as session:
            for user_id, team_id in session.execute(query.order_by(_USER.id)):
                members[team_id].append(user_id)
        return members

    @cached_property
    def _history(self) -> "tuple[_Times, _Times, _Times]":
        """When each script was shown, taken, and handled at all; read once."""
        with self._database.read() as session:
            asked = {"tenant_id": self._tenant_id}
            shown, taken, handled = (_times(session.execute(query, asked)) for query in (_SHOWN, _TAKEN, _HANDLED))
            return shown, taken, handled


_Times = Mapping[tuple[str, str | None], Sequence[datetime]]
"""Ascending moments by script and agent; the agent `None` stands for everyone."""


def _times(rows: Iterable[Row[Any]]) -> _Times:
    found: dict[tuple[str, str | None], list[datetime]] = defaultdict(list)
    for row in rows:
        found[row.item_id, None].append(row.at)
        if row.agent_id is not None:
            found[row.item_id, row.agent_id].append(row.at)
    for moments in found.values():
        moments.sort()
    return found
