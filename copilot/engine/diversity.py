"""Do not show the same thing twice: near-duplicates collapse, and what was sent lately is remembered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, inspect, or_, select
from sqlmodel import Session

from copilot.engine.policy import Policy
from knowledge.tables import Decision, DecisionKind, Outcome, SuggestionSet
from knowledge.text import canonical

LATE = timedelta(days=30)
"""After so long nobody decides about a suggestion any more, and nothing comes of it."""
_SENDING = [DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.FREEHAND]

_SET, _DECISION, _OUTCOME = (inspect(table).local_table for table in (SuggestionSet, Decision, Outcome))
_OF_CUSTOMER = (
    _SET.c.tenant_id == bindparam("tenant_id"),
    _SET.c.customer_id == bindparam("customer_id"),
    _SET.c.at > bindparam("sets_since"),
)
_SENT_SINCE = (
    select(_DECISION.c.item_kind, _DECISION.c.item_id, _DECISION.c.set_id, _DECISION.c.rank, _DECISION.c.kind)
    .join(_SET, (_SET.c.tenant_id == _DECISION.c.tenant_id) & (_SET.c.id == _DECISION.c.set_id))
    .where(
        *_OF_CUSTOMER,
        _DECISION.c.at > bindparam("since"),
        _DECISION.c.at <= bindparam("now"),
        _DECISION.c.kind.in_(_SENDING),
        or_(_DECISION.c.undone_at.is_(None), _DECISION.c.undone_at > bindparam("now")),
    )
)
_COMPLAINED_SINCE = (
    select(_OUTCOME.c.at)
    .join(_SET, (_SET.c.tenant_id == _OUTCOME.c.tenant_id) & (_SET.c.id == _OUTCOME.c.set_id))
    .where(
        *_OF_CUSTOMER,
        _OUTCOME.c.at > bindparam("since"),
        _OUTCOME.c.at <= bindparam("now"),
        _OUTCOME.c.kind == "complaint",
    )
    .limit(1)
)
"""Asked for every message, so they are written once, in terms of the tables rather than the classes."""


@dataclass(frozen=True)
class SentLately:
    """What agents, all of them and in every channel, sent to one customer within the fatigue window.

    A product counts once for each answer that it was sent from, when it was sent.
    """

    scripts: Counter[str]
    n_promotions: int


def read_sent(
    session: Session, tenant_id: str, customer_id: str | None, *, now: datetime, policy: Policy
) -> SentLately:
    """What was sent to this customer lately; nothing for somebody unknown."""
    if customer_id is None:
        return SentLately(Counter(), 0)
    since = now - timedelta(days=policy.fatigue_days)
    scripts: Counter[str] = Counter()
    promotions: set[tuple[str, int | None]] = set()
    rows = session.connection().execute(_SENT_SINCE, _asked(tenant_id, customer_id, since, now))
    for item_kind, item_id, set_id, rank, kind in rows:
        if item_kind == "product":
            promotions.add((set_id, rank))
        elif item_id and kind is not DecisionKind.FREEHAND:
            scripts[item_id] += 1
    return SentLately(scripts, len(promotions))


def has_complained(session: Session, tenant_id: str, customer_id: str | None, *, now: datetime, days: int) -> bool:
    """Whether a complaint of this customer came out of an answer within some days."""
    if customer_id is None or not days:
        return False
    asked = _asked(tenant_id, customer_id, now - timedelta(days=days), now)
    return session.connection().execute(_COMPLAINED_SINCE, asked).first() is not None


def _asked(tenant_id: str, customer_id: str, since: datetime, now: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "sets_since": since - LATE,
        "since": since,
        "now": now,
    }


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a text, spelling and punctuation aside."""
    plain = canonical(text)
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) or frozenset({plain})


def is_near_duplicate(text: frozenset[str], kept: Sequence[frozenset[str]], overlap: float) -> bool:
    """Whether a text shares at least `overlap` of its bigrams (Jaccard) with one already kept."""
    return any(len(text & other) >= overlap * len(text | other) for other in kept)
