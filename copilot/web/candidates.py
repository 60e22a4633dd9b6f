"""Candidates as lists: filtered, the strongest evidence first, read page by page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, String, case, cast, func, or_, select, tuple_, type_coerce
from sqlmodel import Session, col

from copilot.errors import UnknownIdError
from copilot.web.schemas.candidates import CandidateQuery
from knowledge.library.candidates import OPEN
from knowledge.tables import Candidate, CandidateStatus, Conversation, Script, ScriptVersion

UNKNOWN_EFFECT = -2.0
"""Below every difference of probabilities."""


@dataclass(frozen=True)
class LiveScript:
    """A script and what it says now."""

    script: Script
    version: ScriptVersion


def list_candidates(
    session: Session, tenant_id: str, wanted: CandidateQuery, *, after: str = "", limit: int
) -> list[Candidate]:
    """Candidates that fit: those that help first, the largest effect leading; those that harm last.

    Raises:
        UnknownIdError: no candidate has the id `after`.
    """
    query = select(Candidate).where(*_fitting(tenant_id, wanted))
    if after:
        is_last = (col(Candidate.tenant_id) == tenant_id, col(Candidate.id) == after)
        place = session.execute(select(*_order()).where(*is_last)).one_or_none()
        if place is None:
            raise UnknownIdError("candidate", after)
        query = query.where(tuple_(*_order()) > tuple_(*place))
    return list(session.execute(query.order_by(*_order()).limit(limit)).scalars())


def candidate_ids(session: Session, tenant_id: str, wanted: CandidateQuery) -> list[str]:
    """The ids of all candidates that fit, in the order of the list."""
    query = select(col(Candidate.id)).where(*_fitting(tenant_id, wanted))
    return list(session.execute(query.order_by(*_order())).scalars())


def read_candidates(session: Session, tenant_id: str, candidate_ids: Sequence[str]) -> list[Candidate]:
    """The candidates with these ids, in their order."""
    query = select(Candidate).where(col(Candidate.tenant_id) == tenant_id, col(Candidate.id).in_(candidate_ids))
    found = {candidate.id: candidate for candidate in session.execute(query).scalars()}
    return [found[one] for one in candidate_ids if one in found]


def read_candidate(session: Session, tenant_id: str, candidate_id: str) -> Candidate:
    """One candidate.

    Raises:
        UnknownIdError: there is no such candidate.
    """
    candidate = session.get(Candidate, (tenant_id, candidate_id))
    if candidate is None:
        raise UnknownIdError("candidate", candidate_id)
    return candidate


def outcomes_and_stages(session: Session, tenant_id: str) -> tuple[list[str], list[str]]:
    """The outcomes that verdicts are about, and the stages of candidates."""
    outcomes, stages = (
        session.execute(select(column).where(col(Candidate.tenant_id) == tenant_id).distinct()).scalars()
        for column in (_word("outcome"), col(Candidate.stage))
    )
    return sorted(filter(None, outcomes)), sorted(filter(None, stages))


def live_scripts(session: Session, tenant_id: str, script_ids: Sequence[str]) -> dict[str, LiveScript]:
    """Those of the scripts that are live, by id."""
    query = _live(tenant_id).where(col(Script.id).in_(script_ids))
    return {row[0].id: LiveScript(row[0], row[1]) for row in session.execute(query)}


def search_live_scripts(session: Session, tenant_id: str, text: str, limit: int) -> list[LiveScript]:
    """Live scripts whose id, title or text contains the text, by id."""
    query = _live(tenant_id)
    if text:
        places = (col(Script.id), col(Script.title), col(ScriptVersion.text))
        query = query.where(or_(*(place.contains(text, autoescape=True) for place in places)))
    return [LiveScript(row[0], row[1]) for row in session.execute(query.order_by(col(Script.id)).limit(limit))]


def known_conversations(session: Session, tenant_id: str, conversation_ids: Sequence[str]) -> set[str]:
    """Those of the conversations that the database holds."""
    query = select(col(Conversation.id)).where(
        col(Conversation.tenant_id) == tenant_id, col(Conversation.id).in_(conversation_ids)
    )
    return set(session.execute(query).scalars())


def _fitting(tenant_id: str, wanted: CandidateQuery) -> list[ColumnElement[bool]]:
    """The conditions of a query."""
    statuses: tuple[CandidateStatus, ...] = ()
    if wanted.status is not None:
        statuses = OPEN if wanted.status == "open" else (CandidateStatus(wanted.status),)
    return [
        col(Candidate.tenant_id) == tenant_id,
        *([col(Candidate.status).in_(statuses)] if statuses else []),
        *([_word("verdict") == wanted.verdict] if wanted.verdict else []),
        *([_word("outcome") == wanted.outcome] if wanted.outcome else []),
        *([col(Candidate.stage) == wanted.stage] if wanted.stage else []),
        *([col(Candidate.source) == wanted.source] if wanted.source else []),
        *([_says(wanted.q)] if wanted.q else []),
    ]


def _order() -> tuple[ColumnElement[Any], ...]:
    """What helps, what cannot be told, what harms; then the larger effect, the more uses, the id."""
    verdict = _word("verdict")
    rank = case((verdict == "helps", 0), (verdict == "harms", 2), else_=1)
    effect = func.coalesce(_number("shrunk"), UNKNOWN_EFFECT)
    uses = func.coalesce(_number("n"), _number("n_requests"), 0)
    return rank, -effect, -uses, type_coerce(col(Candidate.id), String)


def _says(text: str) -> ColumnElement[bool]:
    """Whether a text is part of what the candidate says, of its title or of a trigger."""
    in_json = json.dumps(text)[1:-1]  # the column holds JSON, in which characters are escaped
    triggers = cast(col(Candidate.triggers), String)
    in_text = (col(place).contains(text, autoescape=True) for place in (Candidate.text, Candidate.title))
    return or_(*in_text, triggers.contains(in_json, autoescape=True))


def _word(name: str) -> ColumnElement[str]:
    word: ColumnElement[str] = type_coerce(col(Candidate.evidence), JSON)[name].as_string()
    return word


def _number(name: str) -> ColumnElement[float]:
    number: ColumnElement[float] = type_coerce(col(Candidate.evidence), JSON)[name].as_float()
    return number


def _live(tenant_id: str) -> Select[Script, ScriptVersion]:
    is_live = (
        (col(ScriptVersion.tenant_id) == col(Script.tenant_id))
        & (col(ScriptVersion.script_id) == col(Script.id))
        & (col(ScriptVersion.version) == col(Script.live_version))
    )
    return select(Script, ScriptVersion).join(ScriptVersion, is_live).where(col(Script.tenant_id) == tenant_id)
