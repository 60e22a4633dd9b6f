"""The rows of a workspace that the health of its library is read from, in a few queries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlmodel import Session, col

from knowledge.health.rows import Asked, Exposure, LibraryScript, Tally, TwoWindows, Unanswered
from knowledge.tables import (
    EVERYONE,
    Conversation,
    Decision,
    DecisionKind,
    Outcome,
    Script,
    ScriptUse,
    ScriptVersion,
    Suggestion,
    SuggestionSet,
)

USED: Final = (DecisionKind.ACCEPT, DecisionKind.EDIT)
NOT_ASKED: Final = ("no_message", "no_content", "small_talk")
"""Reasons for silence that no script could have broken."""
PURCHASE: Final = "purchase"


def read_scripts(session: Session, tenant_id: str) -> list[LibraryScript]:
    """Every live script, ordered by id."""
    query = (
        select(Script, ScriptVersion)
        .join(
            ScriptVersion,
            (col(ScriptVersion.tenant_id) == col(Script.tenant_id))
            & (col(ScriptVersion.script_id) == col(Script.id))
            & (col(ScriptVersion.version) == col(Script.live_version)),
        )
        .where(col(Script.tenant_id) == tenant_id)
        .order_by(col(Script.id))
    )
    return [
        LibraryScript(
            script_id=script.id,
            text=version.text,
            title=script.title,
            triggers=tuple(version.triggers),
            skus=tuple(version.skus),
            published_at=version.published_at,
            valid_from=version.valid_from,
            valid_to=version.valid_to,
        )
        for script, version in session.execute(query)
    ]


def read_asked(session: Session, tenant_id: str, since: datetime, until: datetime) -> list[Asked]:
    """The customers' messages from `since` until before `until` that no suggestion served, in order of time.

    A message counts once, with the last set made for it. Sets that nobody decided on say nothing and are left out.
    """
    within = _within(tenant_id, since, until)
    decided = _decisions_by_set(session, within)
    bought = _sets_with_outcome(session, within, PURCHASE)
    query = (
        select(SuggestionSet, col(Conversation.converted), col(Conversation.amount_fen))
        .outerjoin(
            Conversation,
            (col(Conversation.tenant_id) == col(SuggestionSet.tenant_id))
            & (col(Conversation.id) == col(SuggestionSet.conversation_id)),
        )
        .where(*within)
        .order_by(col(SuggestionSet.at), col(SuggestionSet.id))
    )
    last: dict[tuple[str, int], Asked | None] = {}
    for row, converted, amount_fen in session.execute(query):
        why = _why(row.abstain_reason, decided.get(row.id, frozenset()))
        key = (row.conversation_id, row.conversation_version) if row.conversation_id else (f"\0{row.id}", 0)
        last.pop(key, None)
        has_bought = True if row.id in bought else converted
        last[key] = None if why is None else _asked(row, why, has_bought, amount_fen)
    return [asked for asked in last.values() if asked is not None]


def read_exposures(session: Session, tenant_id: str) -> list[Exposure]:
    """How often each script was shown and used since records began; what was inferred from the archive is use too."""
    uses = (
        select(col(Decision.item_id), func.count())
        .where(
            col(Decision.tenant_id) == tenant_id,
            col(Decision.kind).in_(USED),
            col(Decision.item_kind) == "reply",
            col(Decision.source) != "ui",
            col(Decision.undone_at).is_(None),
        )
        .group_by(col(Decision.item_id))
    )
    inferred = {script_id: n for script_id, n in session.execute(uses) if script_id}
    query = (
        select(ScriptUse)
        .where(col(ScriptUse.tenant_id) == tenant_id, col(ScriptUse.agent_id) == EVERYONE)
        .order_by(col(ScriptUse.script_id))
    )
    return [
        Exposure(use.script_id, use.n_shown, use.n_accepted + use.n_edited + inferred.get(use.script_id, 0))
        for use in session.execute(query).scalars()
    ]


def read_windows(
    session: Session, tenant_id: str, start: datetime, middle: datetime, end: datetime, *, outcome: str | None = None
) -> list[TwoWindows]:
    """Each script before and after `middle`: of the times it was shown, how often it was used.

    With an `outcome`, such as `purchase`: of the times it was used, how often that followed.
    """
    used = exists().where(
        col(Decision.tenant_id) == col(Suggestion.tenant_id),
        col(Decision.set_id) == col(Suggestion.set_id),
        col(Decision.item_kind) == "reply",
        col(Decision.item_id) == col(Suggestion.item_id),
        col(Decision.kind).in_(USED),
        col(Decision.undone_at).is_(None),
    )
    followed = exists().where(
        col(Outcome.tenant_id) == col(Suggestion.tenant_id),
        col(Outcome.set_id) == col(Suggestion.set_id),
        col(Outcome.kind) == outcome,
        col(Outcome.value) > 0,
    )
    is_recent = case((col(SuggestionSet.at) >= middle, 1), else_=0).label("is_recent")
    well = case((used if outcome is None else followed, 1), else_=0)
    query = (
        select(col(Suggestion.item_id), is_recent, func.count(), func.sum(well))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Suggestion.tenant_id))
            & (col(SuggestionSet.id) == col(Suggestion.set_id)),
        )
        .where(*_within(tenant_id, start, end), col(Suggestion.kind) == "reply", *([used] if outcome else []))
        .group_by(col(Suggestion.item_id), is_recent)
    )
    tallies: dict[str, dict[int, Tally]] = {}
    for script_id, recent, n, n_well in session.execute(query):
        tallies.setdefault(script_id, {})[recent] = Tally(n, int(n_well))
    nothing = Tally(0, 0)
    return [
        TwoWindows(script_id, found.get(0, nothing), found.get(1, nothing))
        for script_id, found in sorted(tallies.items())
    ]


def _within(tenant_id: str, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """Sets of that time that answer a message; what was suggested before anybody wrote is another matter."""
    made = col(SuggestionSet.at)
    return [col(SuggestionSet.tenant_id) == tenant_id, made >= since, made < until, col(SuggestionSet.message) != ""]


def _decisions_by_set(session: Session, within: Iterable[ColumnElement[bool]]) -> Mapping[str, frozenset[DecisionKind]]:
    query = (
        select(col(Decision.set_id), col(Decision.kind))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Decision.tenant_id)) & (col(SuggestionSet.id) == col(Decision.set_id)),
        )
        .where(*within, col(Decision.item_kind) == "reply", col(Decision.undone_at).is_(None))
    )
    kinds: dict[str, frozenset[DecisionKind]] = {}
    for set_id, kind in session.execute(query):
        kinds[set_id] = kinds.get(set_id, frozenset()) | {kind}
    return kinds


def _sets_with_outcome(session: Session, within: Iterable[ColumnElement[bool]], kind: str) -> frozenset[str]:
    query = (
        select(col(Outcome.set_id))
        .join(
            SuggestionSet,
            (col(SuggestionSet.tenant_id) == col(Outcome.tenant_id)) & (col(SuggestionSet.id) == col(Outcome.set_id)),
        )
        .where(*within, col(Outcome.kind) == kind, col(Outcome.value) > 0)
    )
    return frozenset(session.execute(query).scalars())


def _asked(row: SuggestionSet, why: Unanswered, converted: bool | None, amount_fen: int | None) -> Asked:
    return Asked(row.message, why, row.at, row.conversation_id, row.customer_id, converted, amount_fen, row.stage)


def _why(abstain_reason: str, decisions: frozenset[DecisionKind]) -> Unanswered | None:
    """Why a message counts as asked in vain; None when it was served, is still open, or asked nothing."""
    if abstain_reason:
        return None if abstain_reason.startswith(NOT_ASKED) else Unanswered.ABSTAINED
    if decisions & set(USED):
        return None
    if DecisionKind.DISMISS in decisions:
        return Unanswered.DISMISSED
    return Unanswered.IGNORED if decisions & {DecisionKind.IGNORE, DecisionKind.FREEHAND} else None
