"""The whole portrait of a customer as of a moment."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlmodel import Session

from copilot.portrait.connection import ConnectionRfm, connection_rfm
from copilot.portrait.facts import Facts, Purchase
from copilot.portrait.intent import Intent, intent_of
from copilot.portrait.preferences import Dimension, Preference, Shelf, preferences_of
from copilot.portrait.purchases import PurchaseRfm, purchase_rfm
from copilot.portrait.reading import read_facts, read_shelf
from copilot.portrait.standards import Standards, standards_of


@dataclass(frozen=True)
class Portrait:
    """What is known of a customer, and what it comes to."""

    as_of: datetime
    facts: Facts
    shelf: Shelf
    purchases: PurchaseRfm
    connection: ConnectionRfm
    intent: Intent
    preferences: dict[Dimension, list[Preference]]
    standards: Standards

    @property
    def orders(self) -> tuple[Purchase, ...]:
        """Every order, the newest first."""
        return tuple(reversed(self.facts.purchases))


def read_portrait(
    session: Session, tenant_id: str, customer_id: str, *, now: datetime, zone: tzinfo
) -> Portrait | None:
    """The portrait as of a moment, or `None` when the id is unknown; times of day are those of `zone`."""
    facts = read_facts(session, tenant_id, customer_id, now)
    if facts is None:
        return None
    return portrait_of(
        facts.until(now), read_shelf(session, tenant_id, facts), standards_of(session, tenant_id, now), now, zone
    )


def portrait_of(facts: Facts, shelf: Shelf, standards: Standards, now: datetime, zone: tzinfo) -> Portrait:
    """The portrait that facts give; what came after `now` leaves it as it is."""
    return Portrait(
        as_of=now,
        facts=facts.until(now),
        shelf=shelf,
        purchases=purchase_rfm(facts, now, standards.purchases),
        connection=connection_rfm(facts, now, standards.connection),
        intent=intent_of(facts, now),
        preferences=preferences_of(facts, now, shelf, zone),
        standards=standards,
    )
