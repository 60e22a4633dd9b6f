"""The forms that change a script: saving, the steps of its life, and remarks."""

import hashlib
import json
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from copilot.curation.checks import Checker
from copilot.curation.review import Order, Step, take_step
from copilot.curation.saving import NEW, Description, Edit, save_edit
from copilot.web.desk.editor.drawing import CheckerDep, address_of, base_content, form_of, opened_script, surroundings
from copilot.web.desk.editor.forms import CommentForm, EditorForm, ResolveForm, StepForm
from copilot.web.desk.editor.reading import open_script
from copilot.web.desk.editor.views import conflict_view
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.problems import kind_of
from copilot.web.services import Services, ServicesDep
from knowledge.errors import StaleVersionError
from knowledge.library import comments as remarks
from knowledge.library.content import ScriptContent
from knowledge.tables import Script, ScriptVersion
from knowledge.workspace import utc_now

router = APIRouter()


@router.post("/editor/save")
def save(
    form: Annotated[EditorForm, Form()], services: ServicesDep, visitor: VisitorDep, checker: CheckerDep
) -> Response:
    """Save what the form says, unless somebody else has saved something; then take the step asked for, if any."""
    script_id = form.script_id.strip() or _new_id(form)
    edit = form.edit(script_id, base_content(services, form), visitor.actor)
    try:
        with services.database.write() as session:
            version = save_edit(session, services.tenant_id, edit, actor=visitor.actor, now=utc_now())
            if form.then is not None:
                order = Order(form.then, visitor.agent_id, visitor.actor, utc_now(), version.version, form.reason)
                _step(session, services, checker, script_id, order)
    except StaleVersionError:
        if not _is_saved(services, edit):
            return _conflict(services, visitor, form, script_id)
    if form.then is not None or "hx-request" not in visitor.request.headers:
        return _go(visitor, script_id)
    return _saved(services, visitor, script_id)


@router.post("/editor/step")
def step(
    form: Annotated[StepForm, Form()], services: ServicesDep, visitor: VisitorDep, checker: CheckerDep
) -> Response:
    """Take a step in a script's life."""
    order = Order(
        step=form.step,
        person=visitor.agent_id,
        actor=visitor.actor,
        now=utc_now(),
        expected_version=form.base,
        reason=form.reason,
        version=form.version,
        key=form.key,
    )
    with services.database.write() as session:
        _step(session, services, checker, form.script_id, order)
    return _go(visitor, form.script_id)


@router.post("/editor/comment")
def comment(form: Annotated[CommentForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """Add a remark."""
    with services.database.write() as session:
        remarks.add_comment(
            session,
            services.tenant_id,
            form.key,
            script_id=form.script_id,
            version=form.version,
            text=form.text,
            actor=visitor.actor,
            now=utc_now(),
        )
    return _remarks(services, visitor, form.script_id)


@router.post("/editor/resolve")
def resolve(form: Annotated[ResolveForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """Resolve a remark, or open it again."""
    change = remarks.reopen_comment if form.is_open else remarks.resolve_comment
    with services.database.write() as session:
        script_id = change(session, services.tenant_id, form.comment_id, actor=visitor.actor, now=utc_now()).script_id
    return _remarks(services, visitor, script_id)


def _saved(services: Services, visitor: Visitor, script_id: str) -> Response:
    """The parts of the page that change when a version is saved; the form itself stays as it is."""
    opened = opened_script(services, script_id)
    form = form_of(opened)
    told = visitor.words("editor.saved", version=opened.newest.version)
    values = surroundings(services, visitor, form, opened).values
    response = visitor.draw("desk/editor/saved.html", tab="edit", **values)
    response.headers["HX-Trigger"] = json.dumps({"done": told, "saved": script_id})
    return response


def _conflict(services: Services, visitor: Visitor, form: EditorForm, script_id: str) -> Response:
    """What somebody else has saved, beside what is in the form."""
    opened = opened_script(services, script_id)
    around = surroundings(services, visitor, form, opened)
    conflict = conflict_view(opened, form, around.choices.names, visitor.words)
    is_taken = form.base == NEW and bool(form.script_id.strip())
    response = visitor.draw("desk/editor/conflict.html", conflict=conflict, is_taken=is_taken, **around.values)
    response.status_code = kind_of(StaleVersionError()).status
    response.headers["HX-Retarget"] = "#conflict"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _is_saved(services: Services, edit: Edit) -> bool:
    """Whether what was to be saved is there already, because the answer to an earlier try was lost."""
    with services.database.read() as session:
        script = session.get(Script, (services.tenant_id, edit.script_id))
        if script is None:
            return False
        newest = session.get(ScriptVersion, (services.tenant_id, script.id, script.latest_version))
        is_same = newest is not None and ScriptContent.of(newest) == edit.content
        return is_same and Description.of(script) == edit.description


def _step(session: Session, services: Services, checker: Checker, script_id: str, order: Order) -> None:
    """Take a step; what will be live is checked first."""
    session.flush()
    opened = open_script(session, services.tenant_id, script_id, services.runtime.shop)
    chosen = opened.version(order.version) if order.step is Step.ROLL_BACK and order.version else opened.newest
    objections = checker.blocking(ScriptContent.of(chosen))
    take_step(session, services.tenant_id, opened.stand, order, objections)


def _remarks(services: Services, visitor: Visitor, script_id: str) -> Response:
    opened = opened_script(services, script_id)
    return visitor.draw("desk/editor/remarks.html", opened=opened, key=uuid4().hex)


def _new_id(form: EditorForm) -> str:
    """A number for a script that was given none; the same when the form is sent again."""
    key = form.key or uuid4().hex
    return f"S-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _go(visitor: Visitor, script_id: str) -> Response:
    """Open the script's page; a form sent before the page's scripts were there is told so by HTTP itself."""
    address = address_of(script_id)
    if "hx-request" not in visitor.request.headers:
        return RedirectResponse(address, status_code=303)
    return Response(status_code=204, headers={"HX-Redirect": address})
