"""Events: each is known by what it says, so the same one is never kept twice."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, table_of
from knowledge.imports.rows import EventRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import Event, IndexKind


def event_id(row: EventRow) -> str:
    """The id of an event, the same for the same content."""
    content = "\x1f".join((row.customer_id, row.kind, row.at.isoformat(), row.object, row.value))
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def plan_events(session: Session, groups: Sequence[Group[EventRow]], around: Surroundings) -> Plan:
    """What a batch of events adds."""
    plan = Plan()
    table = table_of(Event)
    ids = [group.key for group in groups]
    query = select(table.c.id).where(table.c.tenant_id == around.tenant_id, table.c.id.in_(ids))
    stored = set(session.execute(query).scalars())
    for group in groups:
        _plan_event(plan, group, group.key in stored, around)
    _warn_of_unknown_customers(session, groups, plan, around)
    return plan


def _plan_event(plan: Plan, group: Group[EventRow], is_stored: bool, around: Surroundings) -> None:
    row = group.rows[0].row
    n_repeated = len(group.rows) - 1
    if n_repeated:
        plan.tally.warn("repeated_rows", f"{row.customer_id} {row.kind} {row.object}".strip(), count=n_repeated)
    plan.tally.n_unchanged += n_repeated + is_stored
    if is_stored:
        return
    plan.tally.n_added += 1
    plan.announce(IndexKind.CUSTOMER, row.customer_id)
    plan.upsert(
        Event,
        {
            "tenant_id": around.tenant_id,
            "id": group.key,
            "customer_id": row.customer_id,
            "kind": row.kind,
            "at": row.at,
            "object": row.object,
            "value": row.value,
        },
    )


def _warn_of_unknown_customers(
    session: Session, groups: Sequence[Group[EventRow]], plan: Plan, around: Surroundings
) -> None:
    customers = [group.rows[0].row.customer_id for group in groups]
    unknown = around.unknown(session, ImportKind.CUSTOMERS, customers)
    for customer_id in customers:
        if customer_id in unknown:
            plan.tally.warn("unknown_customers", customer_id)
