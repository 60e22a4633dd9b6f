"""The workspace's own log as turns: every suggestion set an agent has decided on."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlmodel import Session, col

from copilot.engine.request import Said as EngineSaid
from copilot.engine.turn import CONTEXT_MESSAGES, merge_burst
from eval.datasets.said import Said
from eval.datasets.turns import LoggedTurn
from knowledge.database import Database
from knowledge.tables import INFERRED, Conversation, Decision, DecisionKind, Message, SuggestionSet

RECENT = 2 * CONTEXT_MESSAGES
ROW_BATCH = 1_000
NAME = "log"


@dataclass(frozen=True)
class LogTurns:
    """The logged suggestion sets of a tenant that were decided on, in the order of time.

    The last decision on a reply counts; what was sent after an `accept` or `edit` is the script it names.
    """

    database: Database
    tenant_id: str
    name: str = NAME
    kind: str = "log"

    def count(self) -> int:
        """How many turns there are."""
        with self.database.read() as session:
            sets = self._query().with_only_columns(func.count(func.distinct(col(SuggestionSet.id)))).order_by(None)
            n: int = session.execute(sets).scalar_one()
        return n

    @cached_property
    def sha256(self) -> str:
        """A hash of all turns."""
        digest = hashlib.sha256()
        for turn in self.turns():
            digest.update(repr(turn).encode())
        return digest.hexdigest()

    def turns(self) -> Iterator[LoggedTurn]:
        """Every turn; of two decisions at the same moment the one with the smaller id counts."""
        before = ""
        with self.database.read() as session:
            for row in session.execute(self._query().execution_options(yield_per=ROW_BATCH)):
                turn = self._turn(session, row)
                if turn.id != before:
                    yield turn
                before = turn.id

    def _query(self) -> Select[*tuple[Any, ...]]:
        last = (
            select(col(Decision.set_id), func.max(col(Decision.at)).label("at"))
            .where(
                col(Decision.tenant_id) == self.tenant_id,
                col(Decision.item_kind) == "reply",
                col(Decision.kind) != DecisionKind.STALE,
                col(Decision.source) != INFERRED,
                col(Decision.undone_at).is_(None),
            )
            .group_by(col(Decision.set_id))
            .subquery()
        )
        return (
            select(SuggestionSet, Decision, col(Conversation.channel))
            .join_from(
                SuggestionSet,
                Decision,
                (col(Decision.tenant_id) == col(SuggestionSet.tenant_id))
                & (col(Decision.set_id) == col(SuggestionSet.id)),
            )
            .join(last, (last.c.set_id == col(Decision.set_id)) & (last.c.at == col(Decision.at)))
            .outerjoin(
                Conversation,
                (col(Conversation.tenant_id) == col(SuggestionSet.tenant_id))
                & (col(Conversation.id) == col(SuggestionSet.conversation_id)),
            )
            .where(
                col(SuggestionSet.tenant_id) == self.tenant_id,
                col(SuggestionSet.message) != "",
                col(Decision.item_kind) == "reply",
                col(Decision.kind) != DecisionKind.STALE,
                col(Decision.source) != INFERRED,
                col(Decision.undone_at).is_(None),
            )
            .order_by(col(SuggestionSet.at), col(SuggestionSet.id), col(Decision.id))
        )

    def _turn(self, session: Session, row: Row[Any]) -> LoggedTurn:
        shown: SuggestionSet = row.SuggestionSet
        decision: Decision = row.Decision
        taken = decision.kind in (DecisionKind.ACCEPT, DecisionKind.EDIT)
        return LoggedTurn(
            id=shown.id,
            conversation_id=shown.conversation_id or shown.id,
            customer_id=shown.customer_id,
            agent_id=decision.agent_id or shown.agent_id,
            at=shown.at,
            scene=shown.scene,
            channel=row.channel or "",
            stage=shown.stage or None,
            message=shown.message,
            context=self._context(session, shown),
            sent=decision.sent_text,
            script_id=decision.item_id if taken else None,
            decision=decision.kind.value,
        )

    def _context(self, session: Session, shown: SuggestionSet) -> tuple[Said, ...]:
        """What was said before the message that the set answers."""
        if shown.conversation_id is None:
            return ()
        query = (
            select(col(Message.role), col(Message.text), col(Message.at))
            .where(
                col(Message.tenant_id) == self.tenant_id,
                col(Message.conversation_id) == shown.conversation_id,
                col(Message.position) <= shown.conversation_version,
                col(Message.position) > shown.conversation_version - RECENT,
                or_(col(Message.withdrawn_at).is_(None), col(Message.withdrawn_at) > shown.at),
            )
            .order_by(col(Message.position))
        )
        said = [EngineSaid(role, text, at) for role, text, at in session.execute(query)]
        return tuple(Said(one.role.value, one.text, one.at) for one in merge_burst(said).context)
