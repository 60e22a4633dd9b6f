"""The script library."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from copilot.errors import UnknownIdError
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.idempotency import write_once
from copilot.web.reading import list_scripts, read_script_versions
from copilot.web.schemas.common import Id, Short
from copilot.web.schemas.library import (
    ScriptBody,
    ScriptIn,
    ScriptOut,
    ScriptRowOut,
    ScriptStep,
    ScriptVersionOut,
)
from copilot.web.services import IdempotencyKey, Services, ServicesDep
from knowledge.library import scripts as library
from knowledge.tables import Script
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/scripts", tags=["library"])
NEW = 0
"""The version a script has before it exists."""


@router.get("", responses=problems(*READS), summary="Scripts by id")
def get_scripts(
    services: ServicesDep, q: Short = "", after: Short = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[ScriptRowOut]:
    """Scripts whose id, title or text contains `q`; the next page begins after the last id of this one."""
    with services.database.read() as session:
        found = list_scripts(session, services.tenant_id, text=q, after=after, limit=limit)
    return [
        ScriptRowOut(**script.model_dump(exclude={"tenant_id"}), status=v.status, text=v.text) for script, v in found
    ]


@router.get("/{script_id}", responses=problems(*READS), summary="One script with its versions")
def get_script(script_id: Id, services: ServicesDep) -> ScriptOut:
    """A script with all its versions, newest first."""
    with services.database.read() as session:
        return _script_out(session, services.tenant_id, script_id)


@router.post("", status_code=201, responses=problems(*WRITES), summary="A new script, as a draft")
def post_script(script: ScriptIn, services: ServicesDep, key: IdempotencyKey = None) -> ScriptOut:
    """Make a script; it is suggested only once it is published. An id that exists is refused with 409."""

    def write(session: Session) -> ScriptOut:
        return _save(session, services, script.id, script, NEW)

    return write_once(services, key, "POST /v1/scripts", script, ScriptOut, write).answer


@router.put("/{script_id}", responses=problems(*WRITES), summary="A new version of a script, as a draft")
def put_script(script_id: Id, script: ScriptBody, services: ServicesDep, key: IdempotencyKey = None) -> ScriptOut:
    """Write the next version (or the first one of a new script); what is live stays live until this is published."""

    def write(session: Session) -> ScriptOut:
        return _save(session, services, script_id, script, script.expected_version)

    return write_once(services, key, f"PUT /v1/scripts/{script_id}", script, ScriptOut, write).answer


@router.post("/{script_id}/publish", responses=problems(*WRITES), summary="Make the newest version live")
def publish(script_id: Id, step: ScriptStep, services: ServicesDep, key: IdempotencyKey = None) -> ScriptOut:
    """Publish the newest version; the one that was live ends."""

    def write(session: Session) -> ScriptOut:
        library.publish_script(
            session,
            services.tenant_id,
            script_id,
            actor=step.author,
            now=utc_now(),
            expected_version=step.expected_version,
            reason=step.reason,
        )
        return _script_out(session, services.tenant_id, script_id)

    return write_once(services, key, f"POST /v1/scripts/{script_id}/publish", step, ScriptOut, write).answer


@router.post("/{script_id}/retire", responses=problems(*WRITES), summary="Suggest the script no more")
def retire(script_id: Id, step: ScriptStep, services: ServicesDep, key: IdempotencyKey = None) -> ScriptOut:
    """End the live version; does nothing when none is live."""

    def write(session: Session) -> ScriptOut:
        library.retire_script(
            session,
            services.tenant_id,
            script_id,
            actor=step.author,
            now=utc_now(),
            expected_version=step.expected_version,
            reason=step.reason,
        )
        return _script_out(session, services.tenant_id, script_id)

    return write_once(services, key, f"POST /v1/scripts/{script_id}/retire", step, ScriptOut, write).answer


def _save(
    session: Session, services: Services, script_id: str, body: ScriptBody, expected_version: int | None
) -> ScriptOut:
    now, tenant_id = utc_now(), services.tenant_id
    library.save_draft(
        session,
        tenant_id,
        script_id,
        body.content(),
        actor=body.author,
        now=now,
        expected_version=expected_version,
        reason=body.reason,
    )
    owner = body.owner or body.author
    library.describe_script(
        session, tenant_id, script_id, kind=body.kind, title=body.title, owner=owner, actor=body.author, now=now
    )
    return _script_out(session, tenant_id, script_id)


def _script_out(session: Session, tenant_id: str, script_id: str) -> ScriptOut:
    session.flush()
    script = session.get(Script, (tenant_id, script_id))
    if script is None:
        raise UnknownIdError("script", script_id)
    versions = read_script_versions(session, tenant_id, script_id)
    return ScriptOut(
        **script.model_dump(exclude={"tenant_id"}),
        versions=[ScriptVersionOut.model_validate(version) for version in versions],
    )
