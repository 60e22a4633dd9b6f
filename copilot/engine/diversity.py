"""Do not show the same thing twice: near-duplicates collapse, and what was sent lately is remembered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.policy import Policy
from knowledge.tables import Decision, DecisionKind, SuggestionSet
from knowledge.text import canonical

SENT = (DecisionKind.ACCEPT, DecisionKind.EDIT)


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
    query = (
        select(col(Decision.item_kind), col(Decision.item_id))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Decision.tenant_id)) & (col(SuggestionSet.id) == col(Decision.set_id)),
        )
        .where(
            col(SuggestionSet.tenant_id) == tenant_id,
            col(SuggestionSet.customer_id) == customer_id,
            col(SuggestionSet.at) > now - timedelta(days=policy.fatigue_days),
            col(Decision.kind).in_(SENT),
        )
    )
    scripts: Counter[str] = Counter()
    n_promotions = 0
    for kind, item_id in session.execute(query):
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
