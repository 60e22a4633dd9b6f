"""The life of a candidate: proposed, then approved, merged into a script, or rejected, and remembered.

Every function works in the session it is given (`Database.write()`); nothing is kept unless that commits. What is
approved or merged is published in the same transaction, and every process reads it from the feed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library.content import ScriptContent
from knowledge.library.proposals import Proposal, ProposalCounts
from knowledge.library.scripts import describe_script, publish_script, retire_script, save_draft
from knowledge.library.wording import Wording, distinct_triggers
from knowledge.tables import Candidate, CandidateSource, CandidateStatus, Script, ScriptVersion

OPEN = (CandidateStatus.NEW, CandidateStatus.REQUESTED)
"""What waits for an editor."""
NEW_SCRIPT = 0
"""The version a script has before it exists."""
_ACTIONS: Final = {
    CandidateStatus.APPROVED: "approve",
    CandidateStatus.MERGED: "merge",
    CandidateStatus.REJECTED: "reject",
}
_HEX: Final = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Review:
    """Who decides about a candidate, when and why; `reviewer` is whom it is kept under, the actor when empty."""

    actor: str
    now: datetime
    reason: str = ""
    reviewer: str = ""


def propose(session: Session, tenant_id: str, proposals: Iterable[Proposal], now: datetime) -> ProposalCounts:
    """Keep candidates by their id, and by what they say.

    What waits gets the new evidence. What was rejected stays rejected, also when the same words come back under another
    id, and only its evidence is kept up to date. What is in the library already is left as it was decided.
    """
    fates = Counter(_propose_one(session, tenant_id, proposal, now) for proposal in proposals)
    return ProposalCounts(
        n_added=fates[None],
        n_refreshed=sum(fates[status] for status in OPEN),
        n_still_rejected=fates[CandidateStatus.REJECTED],
        n_already_decided=fates[CandidateStatus.APPROVED] + fates[CandidateStatus.MERGED],
    )


def approve(
    session: Session,
    tenant_id: str,
    candidate_id: str,
    wording: Wording,
    review: Review,
    *,
    script_id: str | None = None,
) -> Candidate:
    """The candidate, now a script of its own that is live.

    Raises:
        NotFoundError: there is no such candidate.
        StaleVersionError: it was decided already, or a script has this id.
        InvalidValueError: the wording breaks a rule.
    """
    candidate = _undecided(session, tenant_id, candidate_id)
    chosen = script_id or _free_script_id(session, candidate)
    reason = review.reason or f"candidate {candidate.id}"
    actor, now = review.actor, review.now
    content = wording.content()
    save_draft(session, tenant_id, chosen, content, actor=actor, now=now, expected_version=NEW_SCRIPT, reason=reason)
    describe_script(
        session, tenant_id, chosen, kind=wording.kind, title=wording.title, owner=actor, actor=actor, now=now
    )
    publish_script(session, tenant_id, chosen, actor=actor, now=now)
    is_edited = wording.text != candidate.text
    detail: dict[str, object] = {"script_id": chosen, "version": 1, "is_edited": is_edited}
    return _decide(session, candidate, CandidateStatus.APPROVED, review, chosen, detail)


def merge_as_triggers(
    session: Session, tenant_id: str, candidate_id: str, script_id: str, triggers: Sequence[str], review: Review
) -> Candidate:
    """The candidate, its triggers now among those of a live script; those the script has already are left out.

    Raises:
        NotFoundError: there is no such candidate or script.
        StaleVersionError: the candidate was decided already.
        InvalidValueError: the script is not live, or there are no triggers.
    """
    candidate = _undecided(session, tenant_id, candidate_id)
    live = _live_version(session, tenant_id, script_id)
    if not distinct_triggers(triggers):
        raise InvalidValueError("triggers", list(triggers), "at least one thing that customers say")
    content = replace(ScriptContent.of(live), triggers=distinct_triggers([*live.triggers, *triggers]))
    return _merge(session, candidate, live, content, review, "triggers")


def merge_as_version(
    session: Session, tenant_id: str, candidate_id: str, script_id: str, wording: Wording, review: Review
) -> Candidate:
    """The candidate, its text now what a live script says; when and to whom the script is shown stays.

    Raises:
        NotFoundError: there is no such candidate or script.
        StaleVersionError: the candidate was decided already.
        InvalidValueError: the script is not live, or the text breaks a rule.
    """
    candidate = _undecided(session, tenant_id, candidate_id)
    live = _live_version(session, tenant_id, script_id)
    wording.check_text()
    content = replace(ScriptContent.of(live), text=wording.text)
    return _merge(session, candidate, live, content, review, "version")


def reject(session: Session, tenant_id: str, candidate_id: str, review: Review) -> Candidate:
    """The candidate, rejected; it stays so when it is mined again.

    Raises:
        NotFoundError: there is no such candidate.
        StaleVersionError: it was decided already.
        InvalidValueError: no reason is given.
    """
    candidate = _undecided(session, tenant_id, candidate_id)
    if not review.reason.strip():
        raise InvalidValueError("reason", review.reason, "why it is rejected, for whoever asks later")
    return _decide(session, candidate, CandidateStatus.REJECTED, review, None, {})


def reopen(session: Session, tenant_id: str, candidate_id: str, review: Review) -> Candidate:
    """The candidate, waiting again; the script that an approval made is retired.

    Raises:
        NotFoundError: there is no such candidate.
        InvalidValueError: it waits already, or was merged into a script, which is changed there.
        StaleVersionError: the script it became was changed since.
    """
    candidate = _candidate(session, tenant_id, candidate_id)
    if candidate.status not in (CandidateStatus.REJECTED, CandidateStatus.APPROVED):
        raise InvalidValueError("status", candidate.status.value, "a candidate that was rejected or approved")
    if candidate.status == CandidateStatus.APPROVED and candidate.script_id:
        _take_back(session, candidate, candidate.script_id, review)
    detail: dict[str, object] = {"was": candidate.status.value, "script_id": candidate.script_id}
    is_wish = candidate.source == CandidateSource.REQUESTED
    candidate.status = CandidateStatus.REQUESTED if is_wish else CandidateStatus.NEW
    candidate.reason, candidate.decided_by, candidate.decided_at, candidate.script_id = "", "", None, None
    candidate.updated_at = review.now
    _note(session, candidate, "reopen", review, detail)
    return candidate


def _propose_one(session: Session, tenant_id: str, proposal: Proposal, now: datetime) -> CandidateStatus | None:
    """The status of the candidate that says this already; nothing when it is new."""
    columns = _columns_of(proposal)
    known = session.get(Candidate, (tenant_id, proposal.id)) or _with_fingerprint(session, tenant_id, proposal)
    if known is None:
        session.add(Candidate(tenant_id=tenant_id, id=proposal.id, created_at=now, updated_at=now, **columns))
        session.flush()
        return None
    if known.status in OPEN:
        _write(known, columns, now)
    elif known.status == CandidateStatus.REJECTED:
        _write(known, {"evidence": columns["evidence"]}, now)
    return known.status


def _with_fingerprint(session: Session, tenant_id: str, proposal: Proposal) -> Candidate | None:
    """The candidate that says the same under another id, a rejected one before all others."""
    if not proposal.fingerprint:
        return None
    is_same = (col(Candidate.tenant_id) == tenant_id, col(Candidate.fingerprint) == proposal.fingerprint)
    found = session.execute(select(Candidate).where(*is_same).order_by(col(Candidate.id))).scalars().all()
    return min(found, key=lambda one: one.status != CandidateStatus.REJECTED, default=None)


def _columns_of(proposal: Proposal) -> dict[str, Any]:
    return {
        "source": proposal.source,
        "text": proposal.text,
        "title": proposal.title,
        "triggers": list(proposal.triggers),
        "stage": proposal.stage,
        "scene": proposal.scene,
        "skus": list(proposal.skus),
        "evidence": dict(proposal.evidence),
        "fingerprint": proposal.fingerprint,
    }


def _write(candidate: Candidate, columns: Mapping[str, object], now: datetime) -> None:
    changed = {name: value for name, value in columns.items() if getattr(candidate, name) != value}
    for name, value in changed.items():
        setattr(candidate, name, value)
    if changed:
        candidate.updated_at = now


def _merge(
    session: Session, candidate: Candidate, live: ScriptVersion, content: ScriptContent, review: Review, how: str
) -> Candidate:
    script_id, version = live.script_id, live.version
    if content != ScriptContent.of(live):
        reason, actor, now = review.reason or f"candidate {candidate.id}", review.actor, review.now
        draft = save_draft(session, live.tenant_id, script_id, content, actor=actor, now=now, reason=reason)
        publish_script(session, live.tenant_id, script_id, actor=actor, now=now, version=draft.version)
        version = draft.version
    detail: dict[str, object] = {"script_id": script_id, "version": version, "how": how}
    return _decide(session, candidate, CandidateStatus.MERGED, review, script_id, detail)


def _decide(
    session: Session,
    candidate: Candidate,
    status: CandidateStatus,
    review: Review,
    script_id: str | None,
    detail: Mapping[str, object],
) -> Candidate:
    candidate.status, candidate.reason, candidate.script_id = status, review.reason, script_id
    candidate.decided_by, candidate.decided_at = review.reviewer or review.actor, review.now
    candidate.updated_at = review.now
    _note(session, candidate, _ACTIONS[status], review, detail)
    return candidate


def _take_back(session: Session, candidate: Candidate, script_id: str, review: Review) -> None:
    script = session.get(Script, (candidate.tenant_id, script_id))
    if script is None or script.live_version is None:
        return
    if script.latest_version != 1:
        raise StaleVersionError(
            f"script {script_id!r} was changed since candidate {candidate.id!r} was approved: retire it in the library"
        )
    reason = review.reason or f"candidate {candidate.id} reopened"
    retire_script(session, candidate.tenant_id, script_id, actor=review.actor, now=review.now, reason=reason)


def _note(session: Session, candidate: Candidate, action: str, review: Review, detail: Mapping[str, object]) -> None:
    told = dict(detail)
    if review.reason:
        told["reason"] = review.reason
    if review.reviewer:
        told["reviewer"] = review.reviewer
    session.flush()
    append_entry(
        session,
        candidate.tenant_id,
        at=review.now,
        actor=review.actor,
        action=f"candidate.{action}",
        subject=candidate.id,
        detail=told,
    )


def _undecided(session: Session, tenant_id: str, candidate_id: str) -> Candidate:
    candidate = _candidate(session, tenant_id, candidate_id)
    if candidate.status not in OPEN:
        raise StaleVersionError(
            f"candidate {candidate_id!r} was {candidate.status.value} by {candidate.decided_by!r}: read it again"
        )
    return candidate


def _candidate(session: Session, tenant_id: str, candidate_id: str) -> Candidate:
    candidate = session.get(Candidate, (tenant_id, candidate_id))
    if candidate is None:
        raise NotFoundError("candidate", candidate_id)
    return candidate


def _live_version(session: Session, tenant_id: str, script_id: str) -> ScriptVersion:
    script = session.get(Script, (tenant_id, script_id))
    if script is None:
        raise NotFoundError("script", script_id)
    live = session.get(ScriptVersion, (tenant_id, script_id, script.live_version)) if script.live_version else None
    if live is None:
        raise InvalidValueError("script_id", script_id, "a script that is live")
    return live


def _free_script_id(session: Session, candidate: Candidate) -> str:
    """`M-` and eight digits of the candidate's id; with a number after it when the candidate was approved before."""
    tail = _HEX.match(candidate.id.rpartition("-")[2])
    digits = tail.group() if tail else sha256(candidate.id.encode()).hexdigest()[:8]
    chosen, n_before = f"M-{digits}", 1
    while session.get(Script, (candidate.tenant_id, chosen)) is not None:
        n_before += 1
        chosen = f"M-{digits}-{n_before}"
    return chosen
