"""What the agent did with a suggestion, and what the customer did afterwards."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.compliance import RuleBook
from copilot.engine.conversations import NewMessage, append_message
from copilot.engine.mentions import record_mentions
from copilot.engine.record import COUNTER_OF, count_use
from copilot.engine.request import require_text
from copilot.engine.undoing import Undone, take_back
from copilot.errors import BadRequestError, KeyReusedError, StaleConversationError, UnknownIdError
from knowledge.database import Database
from knowledge.tables import (
    Conversation,
    Decision,
    DecisionKind,
    IdempotentReply,
    MessageRole,
    Outcome,
    Script,
    Suggestion,
    SuggestionSet,
)

SENDING = (DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.FREEHAND)


@dataclass(frozen=True)
class NewDecision:
    """What an agent did: with which suggestion of which set, and the text that was sent if any.

    A text that began with no suggestion may come from the script `script_id`; `mentions` are the ranks of further
    products of the set that a sent text speaks of.
    """

    set_id: str
    kind: DecisionKind
    item_kind: str = "reply"
    rank: int | None = None
    sent_text: str = ""
    reason: str = ""
    agent_id: str | None = None
    script_id: str | None = None
    mentions: tuple[int, ...] = ()


@dataclass(frozen=True)
class NewOutcome:
    """What a customer did after a suggestion set."""

    set_id: str
    kind: str
    value: float = 1.0
    window_s: int | None = None


@dataclass(frozen=True)
class Recorded:
    """A decision or outcome that is safely written; `conversation_version` is the one after it."""

    id: str
    kind: str
    conversation_version: int | None = None


class DecisionDesk:
    """Records decisions and outcomes of one tenant."""

    def __init__(self, database: Database, *, tenant_id: str, rules: RuleBook, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.tenant_id = tenant_id
        self.rules = rules
        self.clock = clock

    def decide(self, decision: NewDecision, *, key: str | None = None) -> Recorded:
        """Record a decision; a sent text joins the conversation in the same transaction.

        A repeat with the same `key` changes nothing and gets the same answer.

        Raises:
            UnknownIdError: no such set, no such rank in it, or no such script.
            BadRequestError: the text to send is empty, cannot be kept, or breaks a blocking rule.
            StaleConversationError: the customer has written since; recorded as stale, nothing is sent.
            KeyReusedError: the key was used for another request.
        """
        for name in ("set_id", "sent_text", "reason", "agent_id", "script_id"):
            require_text(name, getattr(decision, name) or "")
        fingerprint = _fingerprint(decision)
        with self.database.write() as session:
            earlier = self._earlier(session, key, fingerprint)
            shown = self._set(session, decision.set_id)
            if earlier is not None and earlier.kind == DecisionKind.STALE:
                raise StaleConversationError(shown.conversation_version, earlier.conversation_version or 0)
            if earlier is not None:
                return earlier
            suggestion = self._suggestion(session, decision)
            self._require_script(session, decision.script_id)
            conversation = self._conversation(session, shown)
            stale = _is_stale(decision, shown, conversation)
            if not stale:
                self._require_sendable(decision, suggestion)
            recorded = self._write(session, decision, shown, suggestion, None if stale else conversation, stale=stale)
            made_for, now_at = shown.conversation_version, conversation.version if conversation else 0
            self._remember(
                session, key, fingerprint, replace(recorded, conversation_version=now_at) if stale else recorded
            )
        if stale:
            raise StaleConversationError(made_for, now_at)
        return recorded

    def undo(self, conversation_id: str, agent_id: str | None) -> Undone:
        """Take back what this agent did last in this conversation: a dismissal, or a message that was sent.

        Raises:
            UnknownIdError: there is no such conversation.
            CannotUndoError: there is nothing to take back, it was too long ago, or the customer has answered since.
        """
        with self.database.write() as session:
            return take_back(session, self.tenant_id, conversation_id, agent_id, now=self.clock())

    def note_outcome(self, outcome: NewOutcome, *, key: str | None = None) -> Recorded:
        """Record what the customer did after a set; repeats with the same `key` count once.

        Raises:
            UnknownIdError: no such set.
            KeyReusedError: the key was used for another request.
        """
        fingerprint = _fingerprint(outcome)
        with self.database.write() as session:
            earlier = self._earlier(session, key, fingerprint)
            if earlier is not None:
                return earlier
            self._set(session, outcome.set_id)
            row = Outcome(tenant_id=self.tenant_id, id=uuid.uuid4().hex, at=self.clock(), **asdict(outcome))
            session.add(row)
            recorded = Recorded(row.id, row.kind)
            self._remember(session, key, fingerprint, recorded)
        return recorded

    def _set(self, session: Session, set_id: str) -> SuggestionSet:
        shown = session.get(SuggestionSet, (self.tenant_id, set_id))
        if shown is None:
            raise UnknownIdError("suggestion set", set_id)
        return shown

    def _suggestion(self, session: Session, decision: NewDecision) -> Suggestion | None:
        if decision.rank is None:
            if decision.kind in (DecisionKind.ACCEPT, DecisionKind.EDIT):
                raise BadRequestError("rank", None, f"the rank of the suggestion to {decision.kind.value}")
            return None
        key = (self.tenant_id, decision.set_id, decision.item_kind, decision.rank)
        suggestion = session.get(Suggestion, key)
        if suggestion is None:
            raise UnknownIdError(f"{decision.item_kind} of rank {decision.rank} in set", decision.set_id)
        return suggestion

    def _require_script(self, session: Session, script_id: str | None) -> None:
        if script_id is not None and session.get(Script, (self.tenant_id, script_id)) is None:
            raise UnknownIdError("script", script_id)

    def _conversation(self, session: Session, shown: SuggestionSet) -> Conversation | None:
        if shown.conversation_id is None:
            return None
        return session.get(Conversation, (self.tenant_id, shown.conversation_id))

    def _require_sendable(self, decision: NewDecision, suggestion: Suggestion | None) -> None:
        if decision.kind not in SENDING:
            return
        text = sent_text(decision, suggestion)
        if not text.strip():
            raise BadRequestError("sent_text", decision.sent_text, "the text to send")
        for finding in self.rules.check(text):
            if finding.severity == "block":
                raise BadRequestError("sent_text", finding.words, f"a text without it: {finding.reason}")

    def _write(
        self,
        session: Session,
        decision: NewDecision,
        shown: SuggestionSet,
        suggestion: Suggestion | None,
        conversation: Conversation | None,
        *,
        stale: bool,
    ) -> Recorded:
        now = self.clock()
        kind = DecisionKind.STALE if stale else decision.kind
        sends = kind in SENDING
        text = sent_text(decision, suggestion) if sends else ""
        agent_id = decision.agent_id or shown.agent_id
        row = Decision(
            tenant_id=self.tenant_id,
            id=uuid.uuid4().hex,
            set_id=shown.id,
            kind=kind,
            item_kind=decision.item_kind,
            rank=decision.rank,
            item_id=suggestion.item_id if suggestion else None,
            sent_text=text,
            edit_distance=_edit_distance(suggestion.text, text) if suggestion and sends else None,
            reason=decision.reason,
            agent_id=agent_id,
            at=now,
        )
        session.add(row)
        is_reply = suggestion is not None and suggestion.kind == "reply"
        if suggestion is not None and is_reply and kind in COUNTER_OF and shown.message:
            count_use(session, self.tenant_id, [suggestion.item_id], agent_id, COUNTER_OF[kind], at=now)
        if sends and conversation is not None:
            script_id = suggestion.item_id if suggestion and is_reply else decision.script_id
            said = NewMessage(MessageRole.AGENT, text, author_id=agent_id, script_id=script_id, set_id=shown.id)
            append_message(session, conversation, said, now)
        if sends:
            record_mentions(session, row, decision.mentions)
        return Recorded(row.id, kind.value, conversation.version if conversation else None)

    def _earlier(self, session: Session, key: str | None, fingerprint: str) -> Recorded | None:
        """The answer already given for this key."""
        if key is None:
            return None
        query = select(IdempotentReply).where(
            col(IdempotentReply.tenant_id) == self.tenant_id, col(IdempotentReply.key) == key
        )
        kept = session.execute(query).scalar_one_or_none()
        if kept is None:
            return None
        if kept.request_sha256 != fingerprint:
            raise KeyReusedError(f"the Idempotency-Key {key!r} was used before for another request")
        row_id, kind, version = kept.body.split(" ")
        return Recorded(row_id, kind, int(version) if version else None)

    def _remember(self, session: Session, key: str | None, fingerprint: str, recorded: Recorded) -> None:
        if key is None:
            return
        version = "" if recorded.conversation_version is None else recorded.conversation_version
        session.add(
            IdempotentReply(
                tenant_id=self.tenant_id,
                key=key,
                request_sha256=fingerprint,
                body=f"{recorded.id} {recorded.kind} {version}",
                at=self.clock(),
            )
        )


def sent_text(decision: NewDecision, suggestion: Suggestion | None) -> str:
    """What goes to the customer: the agent's text, or the suggestion as it stood."""
    if decision.kind is DecisionKind.ACCEPT and suggestion is not None:
        return decision.sent_text or suggestion.text
    return decision.sent_text


def _is_stale(decision: NewDecision, shown: SuggestionSet, conversation: Conversation | None) -> bool:
    if conversation is None or decision.kind not in (DecisionKind.ACCEPT, DecisionKind.EDIT):
        return False
    return conversation.version != shown.conversation_version


def _fingerprint(request: NewDecision | NewOutcome) -> str:
    return hashlib.sha256(repr(request).encode()).hexdigest()


def _edit_distance(suggested: str, sent: str) -> int:
    """Characters to insert, delete or replace to make one text the other."""
    from rapidfuzz.distance import Levenshtein  # not needed to suggest, and dear to import

    return Levenshtein.distance(suggested, sent)
