"""Acceptance seen in the archive: what agents sent, matched to what they had been shown, as inferred decisions."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.acceptance import WINDOW, Match, Sent, Shown, Verdict, match_sent
from knowledge.database import Database
from knowledge.duplicates.near import Encode, remembering
from knowledge.errors import InvalidValueError
from knowledge.tables import INFERRED, Decision, DecisionKind, Message, MessageRole, Suggestion, SuggestionSet

LEAST_CONFIDENCE: Final = 0.5
IDS_AT_ONCE: Final = 500
"""Fewer than the number of variables any database takes in one statement."""
_KINDS: Final[Mapping[Verdict, DecisionKind]] = {
    Verdict.ACCEPTED: DecisionKind.ACCEPT,
    Verdict.EDITED: DecisionKind.EDIT,
    Verdict.INDEPENDENT: DecisionKind.FREEHAND,
}


@dataclass(frozen=True)
class ConversationMatches:
    """The matches of one conversation."""

    conversation_id: str
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Recording:
    """What became of the matches of many conversations."""

    n_conversations: int
    n_accepted: int
    n_edited: int
    n_independent: int
    n_recorded: int
    n_decided_before: int
    n_unsure: int

    def to_dict(self) -> dict[str, int]:
        """As the command prints it."""
        return asdict(self)


def match_archive(
    database: Database,
    tenant_id: str,
    encode: Encode,
    *,
    since: datetime | None = None,
    window: timedelta = WINDOW,
) -> Iterator[ConversationMatches]:
    """The matches of each conversation in which something was shown from `since` on, in order of conversation id.

    Messages that were sent through the console are left out, for the agent's own decision is known.

    Raises:
        InvalidValueError: the window is out of range, or the encoder gave vectors of a wrong shape.
    """
    with database.read() as session:
        shown = _shown(session, tenant_id, since)
        ids = sorted(shown)
        for start in range(0, len(ids), IDS_AT_ONCE):
            batch, encode_once = ids[start : start + IDS_AT_ONCE], remembering(encode)
            for conversation_id, sent in _sent(session, tenant_id, batch).items():
                matches = match_sent(sent, shown[conversation_id], encode_once, window=window)
                if matches:
                    yield ConversationMatches(conversation_id, tuple(matches))


def record_matches(
    database: Database,
    tenant_id: str,
    conversations: Iterable[ConversationMatches],
    *,
    now: datetime,
    least_confidence: float = LEAST_CONFIDENCE,
) -> Recording:
    """Write a decision with source `inferred` for each match that is sure enough, and say how many there were.

    A set that has any decision already, of the agent in the console or of an earlier run, is left alone: a second run
    writes nothing. An independent message counts against the last set shown before it. Decisions are dated by the
    message they were seen in, or by `now` where it has no time.

    Raises:
        InvalidValueError: the least confidence is not within 0 to 1.
    """
    if not 0 <= least_confidence <= 1:
        raise InvalidValueError("least_confidence", least_confidence, "a number from 0 to 1")
    found, n_unsure = list(conversations), 0
    counts: Counter[str] = Counter(match.verdict.value for one in found for match in one.matches)
    rows: list[Decision] = []
    for one in found:
        sure = [match for match in one.matches if match.confidence >= least_confidence]
        n_unsure += len(one.matches) - len(sure)
        rows += _decisions(tenant_id, one, sure, now)
    with database.write() as session:
        fresh = _not_decided(session, tenant_id, rows)
        session.add_all(fresh)
    return Recording(
        n_conversations=len(found),
        n_accepted=counts[Verdict.ACCEPTED.value],
        n_edited=counts[Verdict.EDITED.value],
        n_independent=counts[Verdict.INDEPENDENT.value],
        n_recorded=len(fresh),
        n_decided_before=len(rows) - len(fresh),
        n_unsure=n_unsure,
    )


def _shown(session: Session, tenant_id: str, since: datetime | None) -> dict[str, list[Shown]]:
    """The replies shown in each conversation."""
    query = (
        select(Suggestion, SuggestionSet)
        .join(
            Suggestion,
            (col(Suggestion.tenant_id) == col(SuggestionSet.tenant_id))
            & (col(Suggestion.set_id) == col(SuggestionSet.id)),
        )
        .where(
            col(SuggestionSet.tenant_id) == tenant_id,
            col(SuggestionSet.conversation_id).is_not(None),
            col(Suggestion.kind) == "reply",
        )
    )
    if since is not None:
        query = query.where(col(SuggestionSet.at) >= since)
    shown: dict[str, list[Shown]] = {}
    for one, made in session.execute(query):
        offer = Shown(one.set_id, one.rank, one.item_id, one.text, made.conversation_version, made.at)
        shown.setdefault(made.conversation_id, []).append(offer)
    return shown


def _sent(session: Session, tenant_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Sent]]:
    """The agents' messages of each conversation that no decision is known of."""
    query = (
        select(Message)
        .where(
            col(Message.tenant_id) == tenant_id,
            col(Message.conversation_id).in_(conversation_ids),
            col(Message.role) == MessageRole.AGENT,
            col(Message.set_id).is_(None),
            col(Message.withdrawn_at).is_(None),
        )
        .order_by(col(Message.conversation_id), col(Message.position))
    )
    rows = session.execute(query).scalars().all()
    return {
        conversation_id: [Sent(one.position, one.text, one.at) for one in messages]
        for conversation_id, messages in groupby(rows, key=lambda one: one.conversation_id)
    }


def _decisions(tenant_id: str, one: ConversationMatches, matches: Sequence[Match], now: datetime) -> Iterator[Decision]:
    """One decision a suggestion that was used; an independent message decides only on a set that was not used."""
    used = {match.shown.set_id for match in matches if match.shown is not None}
    for match in matches:
        set_id = match.shown.set_id if match.shown else match.last_set_id
        if match.shown is None and set_id in used:
            continue
        used.add(set_id)
        yield Decision(
            tenant_id=tenant_id,
            id=_decision_id(tenant_id, one.conversation_id, match.sent.position),
            set_id=set_id,
            kind=_KINDS[match.verdict],
            rank=match.shown.rank if match.shown else None,
            item_id=match.shown.item_id if match.shown else None,
            sent_text=match.sent.text,
            edit_distance=match.edit_distance,
            at=match.sent.at or now,
            source=INFERRED,
            confidence=round(match.confidence, 4),
        )


def _decision_id(tenant_id: str, conversation_id: str, position: int) -> str:
    """The same for the same message, so that it cannot be recorded twice."""
    return hashlib.sha256(f"{INFERRED}\0{tenant_id}\0{conversation_id}\0{position}".encode()).hexdigest()[:32]


def _not_decided(session: Session, tenant_id: str, rows: Sequence[Decision]) -> list[Decision]:
    """The decisions on sets that nothing is decided of."""
    known: set[str] = set()
    set_ids = sorted({row.set_id for row in rows})
    for start in range(0, len(set_ids), IDS_AT_ONCE):
        query = select(col(Decision.set_id)).where(
            col(Decision.tenant_id) == tenant_id,
            col(Decision.item_kind) == "reply",
            col(Decision.set_id).in_(set_ids[start : start + IDS_AT_ONCE]),
            col(Decision.undone_at).is_(None),
        )
        known.update(session.execute(query).scalars())
    return [row for row in rows if row.set_id not in known]
