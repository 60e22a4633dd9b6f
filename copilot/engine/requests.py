"""Scripts that agents ask for, because nothing answered their customer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from copilot.engine.request import require_text
from copilot.errors import BadRequestError
from knowledge.tables import Candidate, CandidateSource, CandidateStatus
from knowledge.text import canonical


@dataclass(frozen=True)
class ScriptRequest:
    """A message for which a script is wanted, and where it came up."""

    message: str
    note: str = ""
    agent_id: str | None = None
    conversation_id: str | None = None
    set_id: str | None = None
    stage: str = ""
    scene: str = ""


def request_script(session: Session, tenant_id: str, wanted: ScriptRequest, now: datetime) -> Candidate:
    """The candidate that stands for this wish; asking again counts up, and does not reopen what was decided.

    Raises:
        BadRequestError: the message is empty, or message or note cannot be kept.
    """
    require_text("message", wanted.message)
    require_text("note", wanted.note)
    if not wanted.message.strip():
        raise BadRequestError("message", wanted.message, "the message that nothing answers")
    candidate_id = _request_id(wanted.message)
    candidate = session.get(Candidate, (tenant_id, candidate_id)) or Candidate(
        tenant_id=tenant_id,
        id=candidate_id,
        source=CandidateSource.REQUESTED,
        text="",
        triggers=[wanted.message.strip()],
        stage=wanted.stage,
        scene=wanted.scene,
        status=CandidateStatus.REQUESTED,
        created_at=now,
        updated_at=now,
    )
    candidate.evidence, candidate.updated_at = _evidence(candidate.evidence, wanted, now), now
    session.add(candidate)
    session.flush()
    return candidate


def _request_id(message: str) -> str:
    return "request-" + hashlib.sha256((canonical(message) or message).encode()).hexdigest()[:16]


def _evidence(earlier: dict[str, object], wanted: ScriptRequest, now: datetime) -> dict[str, object]:
    n_before = earlier.get("n_requests")
    return {
        "n_requests": (n_before if isinstance(n_before, int) else 0) + 1,
        "last_requested_at": now.isoformat(),
        "note": wanted.note or earlier.get("note", ""),
        "agent_id": wanted.agent_id,
        "conversation_id": wanted.conversation_id,
        "set_id": wanted.set_id,
    }
