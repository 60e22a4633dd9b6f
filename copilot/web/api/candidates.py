"""Candidates for the library: mined ones, and the ones agents ask for."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from copilot.engine.requests import ScriptRequest, request_script
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.idempotency import write_once
from copilot.web.reading import list_candidates
from copilot.web.schemas.common import Short
from copilot.web.schemas.library import CandidateOut, ScriptRequestIn
from copilot.web.services import IdempotencyKey, ServicesDep
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/candidates", tags=["library"])


@router.get("", responses=problems(*READS), summary="Candidates, newest first")
def get_candidates(
    services: ServicesDep, status: Short = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[CandidateOut]:
    """Scripts that were mined (`new`) or asked for (`requested`), waiting for an editor."""
    with services.database.read() as session:
        found = list_candidates(session, services.tenant_id, status, limit)
    return [CandidateOut.model_validate(candidate) for candidate in found]


@router.post("", status_code=201, responses=problems(*WRITES), summary="Ask for a script")
def post_candidate(wanted: ScriptRequestIn, services: ServicesDep, key: IdempotencyKey = None) -> CandidateOut:
    """Ask for a script that answers a message; asking again for the same message counts up."""

    def write(session: Session) -> CandidateOut:
        request = ScriptRequest(**wanted.model_dump())
        return CandidateOut.model_validate(request_script(session, services.tenant_id, request, utc_now()))

    return write_once(services, key, "POST /v1/candidates", wanted, CandidateOut, write).answer
