"""What a list of customers says of each of them: intent, rise, stage, and whether this is one of the best."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, inspect, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Session

from copilot.engine.context import Bought, CustomerContext, SeenEvent
from copilot.portrait.facts import Facts
from copilot.portrait.fifths import N_FIFTHS
from copilot.portrait.intent import intent_of
from copilot.portrait.purchases import purchase_rfm
from copilot.portrait.reading import read_lately
from copilot.portrait.standards import Standards, standards_of
from knowledge.tables import Customer, Event, Order, Stage


@dataclass(frozen=True)
class Lately:
    """A customer in a list; `is_valued` for the fifth of the buyers who spent most within a year."""

    intent: int = 0
    intent_rise: int = 0
    is_valued: bool = False
    stage: Stage | None = None


def read_lately_of(session: Session, tenant_id: str, customer_ids: Sequence[str], now: datetime) -> dict[str, Lately]:
    """What lists say of customers, in a handful of queries however many they are."""
    facts = read_lately(session, tenant_id, customer_ids, now)
    quiet = [one for one, known in facts.items() if not known.purchases and not known.deeds]
    asked = {"tenant_id": tenant_id, "ids": quiet, "now": now}
    known_before = set(session.execute(_KNOWN_BEFORE, asked).scalars()) if quiet else set()
    standards = standards_of(session, tenant_id, now) if facts else Standards(now)
    return {one: _lately(known, standards, now, is_known_before=one in known_before) for one, known in facts.items()}


def _lately(facts: Facts, standards: Standards, now: datetime, *, is_known_before: bool) -> Lately:
    intent = intent_of(facts, now)
    fifth = purchase_rfm(facts, now, standards.purchases).monetary_fifth
    return Lately(intent.score, intent.rise, fifth == N_FIFTHS, stage_of(facts, now, is_known_before=is_known_before))


def stage_of(facts: Facts, now: datetime, *, is_known_before: bool = False) -> Stage:
    """The stage of the business as the engine reads it; `is_known_before` stands for rows older than the facts."""
    bought = tuple(
        Bought(one.order_id, "", one.ordered_at, one.status, 1.0, None) for one in reversed(facts.purchases[-1:])
    )
    events = tuple(SeenEvent(one.kind, one.at, one.object) for one in facts.deeds[-1:])
    if is_known_before and not bought:
        return Stage.CONVERSION
    return CustomerContext(bought=bought, events=events).stage(now)


_CUSTOMER, _ORDER, _EVENT = (inspect(table).local_table.c for table in (Customer, Order, Event))


def _any_of(rows: ReadOnlyColumnCollection[str, Any]) -> ColumnElement[bool]:
    """Whether a customer has a row in a table."""
    return (
        select(rows.id)
        .where(rows.tenant_id == _CUSTOMER.tenant_id, rows.customer_id == _CUSTOMER.id)
        .correlate(inspect(Customer).local_table)
        .exists()
    )


_KNOWN_BEFORE = select(_CUSTOMER.id).where(
    _CUSTOMER.tenant_id == bindparam("tenant_id"),
    _CUSTOMER.id.in_(bindparam("ids", expanding=True)),
    or_(_any_of(_ORDER), _any_of(_EVENT)),
)
