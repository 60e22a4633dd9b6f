"""Trying a message against a script, and keeping it as a case that has to go on finding it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form
from starlette.responses import Response

from copilot.curation.hit_test import engine_supposing, try_message
from copilot.curation.regression import add_case, read_cases, remove_case, run_cases
from copilot.engine.request import SuggestRequest
from copilot.errors import UnknownIdError
from copilot.web.console.why_not import fate_view
from copilot.web.desk.editor.forms import CaseForm, HitForm
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.schemas.common import Id
from copilot.web.services import Services, ServicesDep
from knowledge.tables import RegressionCase, Script, Stage
from knowledge.workspace import utc_now

router = APIRouter()
N_SHOWN = 3


@router.post("/editor/hits")
def hits(form: Annotated[HitForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """What the message finds, as an agent would be shown it, and where the script stands."""
    request = SuggestRequest(
        message=form.message,
        tenant_id=services.tenant_id,
        customer_id=form.customer,
        agent_id=visitor.agent_id,
        scene=form.scene,
        stage=Stage(form.stage) if form.stage in list(Stage) else None,
        max_replies=N_SHOWN,
    )
    engine, version = services.runtime.engine, None
    with services.database.read() as session:
        script = session.get(Script, (services.tenant_id, form.script_id))
        if script is None:
            raise UnknownIdError("script", form.script_id)
        if form.supposing:
            version = script.latest_version
            engine = engine_supposing(engine, services.runtime.index, session, script.id, version)
    hit = try_message(engine, request, form.script_id)
    first = hit.answer.replies[0] if hit.answer.replies else None
    fate = fate_view(hit.fate, first, visitor.words)
    return visitor.draw("desk/editor/hits.html", hit=hit, fate=fate, form=form, version=version, key=uuid4().hex)


@router.post("/editor/cases")
def keep(form: Annotated[CaseForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """Keep a tried message."""
    case = RegressionCase(
        tenant_id=services.tenant_id,
        id=form.key,
        message=form.message,
        script_id=form.script_id,
        within=form.within,
        scene=form.scene.value,
        customer_id=form.customer,
        note=form.note,
        author=visitor.actor,
        at=utc_now(),
    )
    with services.database.write() as session:
        add_case(session, case)
    return _cases(services, visitor, form.script_id)


@router.post("/editor/cases/remove")
def remove(
    case_id: Annotated[Id, Form()], services: ServicesDep, visitor: VisitorDep, script_id: Annotated[str, Form()] = ""
) -> Response:
    """Forget a case."""
    with services.database.write() as session:
        remove_case(session, services.tenant_id, case_id, actor=visitor.actor, now=utc_now())
    return _cases(services, visitor, script_id)


@router.get("/editor/cases")
def cases(services: ServicesDep, visitor: VisitorDep, script_id: str = "") -> Response:
    """How the cases of a script, or all of them, fare now."""
    return _cases(services, visitor, script_id)


@router.get("/regressions")
def regressions(services: ServicesDep, visitor: VisitorDep) -> Response:
    """All cases; the page asks for their results by itself."""
    with services.database.read() as session:
        n_cases = len(read_cases(session, services.tenant_id))
    return visitor.draw_page("desk/editor/regressions.html", place_key="scripts", n_cases=n_cases)


def _cases(services: Services, visitor: Visitor, script_id: str) -> Response:
    with services.database.read() as session:
        found = read_cases(session, services.tenant_id, script_id)
    report = run_cases(services.runtime.engine, found)
    return visitor.draw("desk/editor/cases.html", report=report, script_id=script_id)
