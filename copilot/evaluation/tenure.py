"""How long each agent has been at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from knowledge.database import Database
from knowledge.tables import Conversation, SuggestionSet

UNKNOWN = "unknown"
STEPS = ((30, "under 30 days"), (180, "30 to 180 days"))
EXPERT = "over 180 days"


@dataclass(frozen=True)
class Tenures:
    """The first time each agent was seen, in a conversation or asking for suggestions."""

    first_seen: Mapping[str, datetime]

    @classmethod
    def read(cls, database: Database, tenant_id: str) -> "Tenures":
        """The agents of a tenant."""
        first: dict[str, datetime] = {}
        with database.read() as session:
            for table, moment in ((Conversation, Conversation.started_at), (SuggestionSet, SuggestionSet.at)):
                query = (
                    select(col(table.agent_id), func.min(col(moment)))
                    .where(
                        col(table.tenant_id) == tenant_id, col(table.agent_id).is_not(None), col(moment).is_not(None)
                    )
                    .group_by(col(table.agent_id))
                )
                for agent_id, at in session.execute(query):
                    first[agent_id] = min(at, first.get(agent_id, at))
        return cls(first)

    def label(self, agent_id: str | None, at: datetime | None) -> str:
        """How long the agent had been seen by then, in words."""
        began = self.first_seen.get(agent_id or "")
        if began is None or at is None or at < began:
            return UNKNOWN
        n_days = (at - began).days
        return next((label for most, label in STEPS if n_days < most), EXPERT)
