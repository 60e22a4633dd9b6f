"""The conversation list: one row per conversation, with what is new in it and how soon it wants an answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, bindparam, inspect, select
from sqlmodel import Session

from copilot.engine.turn import is_complaint
from copilot.errors import UnknownIdError
from copilot.portrait.lately import Lately, read_lately_of
from copilot.web.console.priority import Grounds, Priority, priority_of
from copilot.web.console.tails import Tail, read_marks, read_marks_of_all, read_tails
from knowledge.tables import Conversation, Customer, Message, MessageRole, Scene

Sort = Literal["priority", "recent"]
POOL = 4
"""So many times the rows wanted are looked through for customers who wait; who waits longest is kept."""
NEVER = 9_999_999_999
"""Later than any moment somebody waits since, in seconds."""


@dataclass(frozen=True)
class RowView:
    """A conversation in the list; `intent` and `intent_rise` are points of a hundred, and zero in groups."""

    conversation: Conversation
    customer_name: str
    last_text: str
    last_role: MessageRole | None
    last_at: datetime | None
    n_unread: int
    n_unanswered: int
    waiting_since: datetime | None
    priority: Priority
    stage: str
    intent: int = 0
    intent_rise: int = 0

    @property
    def is_group(self) -> bool:
        return self.conversation.scene is Scene.GROUP

    @property
    def is_mine(self) -> bool:
        """Whether the last word is the shop's."""
        return self.last_role is MessageRole.AGENT

    @property
    def order(self) -> tuple[int, int, int]:
        """What rows are ordered by, the smallest first: the highest priority, then who waits longest, then the news."""
        waiting = round(self.waiting_since.timestamp()) if self.waiting_since else NEVER
        return -self.priority.points, waiting, -round(self.last_at.timestamp()) if self.last_at else 0


def rows(
    session: Session, tenant_id: str, agent_id: str | None, *, now: datetime, limit: int = 60, sort: Sort = "priority"
) -> list[RowView]:
    """The list as this agent sees it: what wants an answer most first, or what moved last first."""
    n_read = limit if sort == "recent" else POOL * limit
    found = list(session.execute(_NEWEST.limit(n_read), {"tenant_id": tenant_id}))
    if sort == "recent":
        return _views(session, tenant_id, agent_id, found, now)
    return sorted(
        _views(session, tenant_id, agent_id, _urgent(found, limit), now),
        key=lambda one: (one.order, one.conversation.id),
    )


def row(session: Session, tenant_id: str, conversation_id: str, agent_id: str | None, *, now: datetime) -> RowView:
    """One row of the list.

    Raises:
        UnknownIdError: there is no such conversation.
    """
    found = session.execute(_ONE, {"tenant_id": tenant_id, "conversation_id": conversation_id}).one_or_none()
    if found is None:
        raise UnknownIdError("conversation", conversation_id)
    return _views(session, tenant_id, agent_id, [found], now)[0]


def rows_as_seen(
    session: Session,
    tenant_id: str,
    conversation_ids: Sequence[str],
    agent_ids: Collection[str | None],
    *,
    now: datetime,
) -> dict[tuple[str, str | None], RowView]:
    """Rows by conversation and agent, as each of the agents sees them; all is read once. What is gone is absent."""
    found = list(session.execute(_SOME, {"tenant_id": tenant_id, "ids": list(conversation_ids)}))
    tails = read_tails(session, tenant_id, conversation_ids)
    views = _views(session, tenant_id, None, found, now, tails)
    marks = read_marks_of_all(session, tenant_id, conversation_ids)
    return {
        (view.conversation.id, agent_id): _as_seen(
            view,
            _n_unread(tails.get(view.conversation.id, Tail()), agent_id, marks.get((view.conversation.id, agent_id))),
        )
        for view in views
        for agent_id in agent_ids
    }


def _as_seen(view: RowView, n_unread: int) -> RowView:
    """The row with another number of unread messages."""
    if n_unread == view.n_unread:
        return view
    return replace(view, n_unread=n_unread, priority=view.priority.with_unread(n_unread))


def _urgent(found: Sequence[Row[Any]], limit: int) -> list[Row[Any]]:
    """As many as wanted: all who wait, the longest first; then those that moved last."""
    waits = [one for one in found if one.last_role is MessageRole.CUSTOMER and one.open]
    others = [one for one in found if not (one.last_role is MessageRole.CUSTOMER and one.open)]
    return [*reversed(waits), *others][:limit]


def _views(
    session: Session,
    tenant_id: str,
    agent_id: str | None,
    found: Sequence[Row[Any]],
    now: datetime,
    tails: Mapping[str, Tail] | None = None,
) -> list[RowView]:
    ids = [one.id for one in found]
    whole = {one.id: one for one in session.execute(_WHOLE, {"tenant_id": tenant_id, "ids": ids}).scalars()}
    tails = read_tails(session, tenant_id, ids) if tails is None else tails
    marks = read_marks(session, tenant_id, agent_id, ids)
    direct = [one for one in whole.values() if one.scene is Scene.DIRECT and one.customer_id]
    lately = read_lately_of(session, tenant_id, sorted({one.customer_id or "" for one in direct}), now)
    return [
        _view(
            whole[one.id],
            one.name or "",
            tails.get(one.id, Tail()),
            _n_unread(tails.get(one.id, Tail()), agent_id, marks.get(one.id)),
            _person(whole[one.id], lately),
            now,
        )
        for one in found
        if one.id in whole
    ]


def _n_unread(tail: Tail, agent_id: str | None, mark: int | None) -> int:
    return len(tail.unread(agent_id, mark))


def _person(conversation: Conversation, lately: Mapping[str, Lately]) -> Lately:
    """What is known of the customer; in a group nothing of anybody."""
    is_direct = conversation.scene is Scene.DIRECT and conversation.customer_id is not None
    return lately.get(conversation.customer_id or "", Lately()) if is_direct else Lately()


def _view(
    conversation: Conversation, customer_name: str, tail: Tail, n_unread: int, person: Lately, now: datetime
) -> RowView:
    unanswered = tail.unanswered if conversation.open else ()
    waiting_since = unanswered[-1].at if unanswered else None
    last = tail.heard[0] if tail.heard else None
    grounds = Grounds(
        is_complaint=any(is_complaint(one.text) for one in unanswered),
        waited=now - waiting_since if waiting_since else None,
        intent_rise=person.intent_rise,
        is_valued=person.is_valued,
        n_unread=n_unread,
    )
    return RowView(
        conversation=conversation,
        customer_name=customer_name,
        last_text=last.text if last else "",
        last_role=last.role if last else None,
        last_at=last.at if last else conversation.last_message_at,
        n_unread=n_unread,
        n_unanswered=len(unanswered),
        waiting_since=waiting_since,
        priority=priority_of(grounds),
        stage=conversation.stage or (person.stage.value if person.stage else ""),
        intent=person.intent,
        intent_rise=person.intent_rise,
    )


_CONVERSATION, _CUSTOMER, _MESSAGE = (inspect(table).local_table.c for table in (Conversation, Customer, Message))


def _listed() -> Select[*tuple[Any, ...]]:
    """Conversations with the customer's name and who spoke last."""
    same_customer = (_CUSTOMER.tenant_id == _CONVERSATION.tenant_id) & (_CUSTOMER.id == _CONVERSATION.customer_id)
    last_message = (
        (_MESSAGE.tenant_id == _CONVERSATION.tenant_id)
        & (_MESSAGE.conversation_id == _CONVERSATION.id)
        & (_MESSAGE.position == _CONVERSATION.version)
    )
    return (
        select(_CONVERSATION.id, _CONVERSATION.open, _CUSTOMER.name, _MESSAGE.role.label("last_role"))
        .select_from(inspect(Conversation).local_table)
        .outerjoin(inspect(Customer).local_table, same_customer)
        .outerjoin(inspect(Message).local_table, last_message)
        .where(_CONVERSATION.tenant_id == bindparam("tenant_id"))
    )


_NEWEST = _listed().order_by(_CONVERSATION.last_message_at.desc(), _CONVERSATION.id)
_SOME = _listed().where(_CONVERSATION.id.in_(bindparam("ids", expanding=True)))
_ONE = _listed().where(_CONVERSATION.id == bindparam("conversation_id"))
_WHOLE = select(Conversation).where(
    _CONVERSATION.tenant_id == bindparam("tenant_id"), _CONVERSATION.id.in_(bindparam("ids", expanding=True))
)
