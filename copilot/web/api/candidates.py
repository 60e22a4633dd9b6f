"""Candidates for the library: mined ones, and the ones agents ask for; and what editors decide about them."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from copilot.engine.requests import ScriptRequest, request_script
from copilot.web import reviewing
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.candidates import list_candidates, read_candidate
from copilot.web.idempotency import write_once
from copilot.web.schemas.candidates import (
    ApproveIn,
    CandidateOut,
    CandidatePage,
    MergeIn,
    RejectIn,
    ReviewIn,
    ScriptRequestIn,
)
from copilot.web.schemas.common import Id
from copilot.web.services import IdempotencyKey, ServicesDep
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/candidates", tags=["library"])


@router.get("", responses=problems(*READS), summary="Candidates, the strongest evidence first")
def get_candidates(services: ServicesDep, page: Annotated[CandidatePage, Query()]) -> list[CandidateOut]:
    """What helps first, the largest effect leading; what harms last. The next page begins after the last id of this."""
    with services.database.read() as session:
        found = list_candidates(session, services.tenant_id, page, after=page.after, limit=page.limit)
    return [CandidateOut.model_validate(candidate) for candidate in found]


@router.post("", status_code=201, responses=problems(*WRITES), summary="Ask for a script")
def post_candidate(wanted: ScriptRequestIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Ask for a script that answers a message; asking again for the same message counts up."""

    def write(session: Session) -> CandidateOut:
        request = ScriptRequest(**wanted.model_dump())
        return CandidateOut.model_validate(request_script(session, services.tenant_id, request, utc_now()))

    return write_once(services, key, "POST /v1/candidates", wanted, CandidateOut, write).answer


@router.get("/{candidate_id}", responses=problems(*READS), summary="One candidate with its evidence")
def get_candidate(candidate_id: Id, services: ServicesDep) -> CandidateOut:
    """A candidate, its evidence as it was handed in, and what was decided."""
    with services.database.read() as session:
        return CandidateOut.model_validate(read_candidate(session, services.tenant_id, candidate_id))


@router.post("/{candidate_id}/approve", responses=problems(*WRITES), summary="Make it a script that is live")
def approve(candidate_id: Id, wanted: ApproveIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Publish the candidate, with the changes given, as a new script; a text that a rule blocks is refused."""
    return reviewing.approve(services, candidate_id, wanted, key)


@router.post("/{candidate_id}/merge", responses=problems(*WRITES), summary="Merge it into a live script")
def merge(candidate_id: Id, wanted: MergeIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Publish the script's next version, with the candidate's triggers added or with its text."""
    return reviewing.merge(services, candidate_id, wanted, key)


@router.post("/{candidate_id}/reject", responses=problems(*WRITES), summary="Reject it, with a reason")
def reject(candidate_id: Id, wanted: RejectIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Reject the candidate; it stays rejected when it is mined again, also under another id."""
    return reviewing.reject(services, candidate_id, wanted, key)


@router.post("/{candidate_id}/reopen", responses=problems(*WRITES), summary="Let it wait again")
def reopen(candidate_id: Id, wanted: ReviewIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Take back a rejection, or an approval: the script it made is retired."""
    return reviewing.reopen(services, candidate_id, wanted, key)
