"""Do not show the same thing twice: near-duplicates collapse, and what was sent lately is remembered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, inspect, select
from sqlmodel import Session

from copilot.engine.policy import Policy
from knowledge.tables import Decision, DecisionKind, SuggestionSet
from knowledge.text import canonical

_SET, _DECISION = (inspect(table).local_table for table in (SuggestionSet, Decision))
_SENT_SINCE = (
    select(_DECISION.c.item_kind, _DECISION.c.item_id)
    .join(_SET, (_SET.c.tenant_id == _DECISION.c.tenant_id) & (_SET.c.id == _DECISION.c.set_id))
    .where(
        _SET.c.tenant_id == bindparam("tenant_id"),
        _SET.c.customer_id == bindparam("customer_id"),
        _SET.c.at > bindparam("since"),
        _DECISION.c.at <= bindparam("now"),
        _DECISION.c.kind.in_([DecisionKind.ACCEPT, DecisionKind.EDIT]),
    )
)
"""Asked for every message, so it is written once, in terms of the tables rather than the classes."""


@dataclass(frozen=True)
class SentLately:
    """What agents sent to one customer within the fatigue window."""

    scripts: Counter[str]
    n_promotions: int


def read_sent(
    session: Session, tenant_id: str, customer_id: str | None, *, now: datetime, policy: Policy
) -> SentLately:
    """What was sent to this customer lately; nothing for somebody unknown."""
    if customer_id is None:
        return SentLately(Counter(), 0)
    since = now - timedelta(days=policy.fatigue_days)
    asked = {"tenant_id": tenant_id, "customer_id": customer_id, "since": since, "now": now}
    scripts: Counter[str] = Counter()
    n_promotions = 0
    for kind, item_id in session.connection().execute(_SENT_SINCE, asked):
        if kind == "product":
            n_promotions += 1
        elif item_id:
            scripts[item_id] += 1
    return SentLately(scripts, n_promotions)


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a text, spelling and punctuation aside."""
    plain = canonical(text)
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) or frozenset({plain})


def is_near_duplicate(text: frozenset[str], kept: Sequence[frozenset[str]], overlap: float) -> bool:
    """Whether a text shares at least `overlap` of its bigrams (Jaccard) with one already kept."""
    return any(len(text & other) >= overlap * len(text | other) for other in kept)
