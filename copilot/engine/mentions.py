"""Products that a sent text speaks of besides what it began with: a decision each, beside the one that sent it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.errors import UnknownIdError
from knowledge.tables import Decision, Suggestion

PRODUCT = "product"


def record_mentions(session: Session, sent: Decision, ranks: Sequence[int]) -> None:
    """Write down that the products of these ranks in the set were mentioned in what was sent, in the same moment.

    Raises:
        UnknownIdError: the set has no product of such a rank.
    """
    for rank in dict.fromkeys(ranks):
        suggestion = session.get(Suggestion, (sent.tenant_id, sent.set_id, PRODUCT, rank))
        if suggestion is None:
            raise UnknownIdError(f"product of rank {rank} in set", sent.set_id)
        shared = sent.model_dump(exclude={"id", "item_kind", "rank", "item_id", "edit_distance", "reason"})
        row = Decision(**shared, id=uuid.uuid4().hex, item_kind=PRODUCT, rank=rank, item_id=suggestion.item_id)
        session.add(row)


def mentions_with(session: Session, sent: Decision) -> list[Decision]:
    """The decisions on products that were made with this one."""
    query = select(Decision).where(
        col(Decision.tenant_id) == sent.tenant_id,
        col(Decision.set_id) == sent.set_id,
        col(Decision.at) == sent.at,
        col(Decision.agent_id).is_not_distinct_from(sent.agent_id),
        col(Decision.item_kind) == PRODUCT,
        col(Decision.id) != sent.id,
        col(Decision.undone_at).is_(None),
    )
    return list(session.execute(query).scalars())
