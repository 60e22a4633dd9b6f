"""What an editor decides about a candidate: checked against the rules, then written once."""

from collections.abc import Callable

from sqlmodel import Session

from copilot.engine.rendering import FILLABLE
from copilot.errors import BadRequestError
from copilot.web.candidates import read_candidate
from copilot.web.idempotency import write_once
from copilot.web.schemas.candidates import ApproveIn, CandidateOut, MergeIn, RejectIn, ReviewIn
from copilot.web.services import Services
from knowledge.library import candidates as library
from knowledge.library.candidates import Review
from knowledge.library.wording import Wording
from knowledge.tables import Candidate
from knowledge.workspace import utc_now

_EDITED = {"text", "title", "triggers", "stage", "scene", "skus", "kind"}


def approve(services: Services, candidate_id: str, wanted: ApproveIn, key: str | None) -> CandidateOut:
    """Make a candidate a script that is live from now on.

    Raises:
        UnknownIdError: there is no such candidate.
        BadRequestError: a blocking rule fires on the text.
        InvalidValueError: the text is empty, or has slots that nothing fills.
        StaleVersionError: it was decided already.
        KeyReusedError: the key was used for another request.
    """

    def write(session: Session) -> Candidate:
        wording = _wording(services, read_candidate(session, services.tenant_id, candidate_id), wanted)
        review, chosen = _review(wanted), wanted.script_id
        return library.approve(session, services.tenant_id, candidate_id, wording, review, script_id=chosen)

    return _once(services, f"POST /v1/candidates/{candidate_id}/approve", wanted, key, write)


def merge(services: Services, candidate_id: str, wanted: MergeIn, key: str | None) -> CandidateOut:
    """Give a candidate's triggers or its text to a live script.

    Raises:
        UnknownIdError, NotFoundError: there is no such candidate or script.
        BadRequestError: a blocking rule fires on the text.
        InvalidValueError: the script is not live, or text or triggers break a rule.
        StaleVersionError: it was decided already.
        KeyReusedError: the key was used for another request.
    """

    def write(session: Session) -> Candidate:
        candidate, review = read_candidate(session, services.tenant_id, candidate_id), _review(wanted)
        target = (session, services.tenant_id, candidate_id, wanted.script_id)
        if wanted.how == "triggers":
            triggers = candidate.triggers if wanted.triggers is None else wanted.triggers
            return library.merge_as_triggers(*target, triggers, review)
        return library.merge_as_version(*target, _wording(services, candidate, wanted), review)

    return _once(services, f"POST /v1/candidates/{candidate_id}/merge", wanted, key, write)


def reject(services: Services, candidate_id: str, wanted: RejectIn, key: str | None) -> CandidateOut:
    """Reject a candidate, for good unless it is reopened.

    Raises:
        NotFoundError: there is no such candidate.
        InvalidValueError: no reason is given.
        StaleVersionError: it was decided already.
        KeyReusedError: the key was used for another request.
    """

    def write(session: Session) -> Candidate:
        return library.reject(session, services.tenant_id, candidate_id, _review(wanted))

    return _once(services, f"POST /v1/candidates/{candidate_id}/reject", wanted, key, write)


def reopen(services: Services, candidate_id: str, wanted: ReviewIn, key: str | None) -> CandidateOut:
    """Let a candidate wait again; a script that it became is retired.

    Raises:
        NotFoundError: there is no such candidate.
        InvalidValueError: it waits already, or was merged.
        StaleVersionError: the script it became was changed since.
        KeyReusedError: the key was used for another request.
    """

    def write(session: Session) -> Candidate:
        return library.reopen(session, services.tenant_id, candidate_id, _review(wanted))

    return _once(services, f"POST /v1/candidates/{candidate_id}/reopen", wanted, key, write)


def _once(
    services: Services, operation: str, wanted: ReviewIn, key: str | None, write: Callable[[Session], Candidate]
) -> CandidateOut:
    def answer(session: Session) -> CandidateOut:
        return CandidateOut.model_validate(write(session))

    return write_once(services, key, operation, wanted, CandidateOut, answer).answer


def _review(wanted: ReviewIn) -> Review:
    return Review(actor=wanted.author, now=utc_now(), reason=wanted.reason, reviewer=wanted.reviewer)


def _wording(services: Services, candidate: Candidate, wanted: ApproveIn | MergeIn) -> Wording:
    """The candidate with the editor's changes, when no rule forbids its text."""
    changes = wanted.model_dump(include=_EDITED, exclude_none=True)
    values = {name: getattr(candidate, name) for name in _EDITED if name != "kind"} | changes
    _check_allowed(services, values["text"])
    values |= {name: tuple(values[name]) for name in ("triggers", "skus")}
    return Wording(slots=FILLABLE, **values)


def _check_allowed(services: Services, text: str) -> None:
    for finding in services.runtime.desk.rules.check(text):
        if finding.severity == "block":
            raise BadRequestError("text", finding.words, f"a text that rule {finding.rule} allows: {finding.reason}")
