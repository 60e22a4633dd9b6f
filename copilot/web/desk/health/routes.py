"""The health page, the parts that keep it current, and what is done with one key."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlmodel import Session
from starlette.responses import Response

from copilot.curation import tending
from copilot.curation.library_health import Finding
from copilot.errors import UnknownIdError
from copilot.web.desk.health.forms import DeedForm, FineForm, HealthQuery, UndoForm
from copilot.web.desk.health.views import health_view
from copilot.web.idempotency import write_once
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.reports import Reports, ReportsDep
from copilot.web.schemas.common import Wire
from knowledge.tables import BulkChange, Stage
from knowledge.workspace import utc_now

router = APIRouter(prefix="/desk/health", include_in_schema=False)
QueryDep = Annotated[HealthQuery, Query()]


class Done(Wire):
    """What was done just now, and can be undone."""

    id: str
    action: str
    name: str
    is_undone: bool = False


@router.get("")
def page(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """What is wrong with the library, as far as it is known at once."""
    report = reports.library_health()
    view = health_view(report, query)
    stages = [stage.value for stage in Stage]
    return visitor.draw_page(
        "desk/health/page.html", place_key="health", view=view, query=query, stages=stages, done=None
    )


@router.get("/list")
def listed(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """The list alone, as it is now."""
    return _list(query, reports, visitor)


@router.post("/refresh")
def refresh(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """Compute everything anew."""
    reports.health.renew()
    return _list(query, reports, visitor)


@router.post("/retire")
def retire(form: Annotated[DeedForm, Form()], query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """Take a script out of use."""

    def do(session: Session, now: datetime) -> BulkChange:
        target = (session, reports.services.tenant_id, form.script_id)
        return tending.retire(*target, expected_version=form.version, actor=visitor.actor, now=now)

    return _do(reports, visitor, query, form, form.script_id, do)


@router.post("/extend")
def extend(form: Annotated[DeedForm, Form()], query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """Let a script be valid for longer."""

    def do(session: Session, now: datetime) -> BulkChange:
        return tending.extend(
            session,
            reports.services.tenant_id,
            form.script_id,
            days=form.days,
            expected_version=form.version,
            actor=visitor.actor,
            now=now,
        )

    return _do(reports, visitor, query, form, form.script_id, do)


@router.post("/fine")
def fine(form: Annotated[FineForm, Form()], query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """Keep a finding out of sight for a while."""
    finding = _finding(reports, form.finding)
    ids = finding.script_ids

    def do(session: Session, now: datetime) -> BulkChange:
        tenant_id = reports.services.tenant_id
        return tending.call_fine(session, tenant_id, form.finding, ids, days=form.days, actor=visitor.actor, now=now)

    return _do(reports, visitor, query, form, "、".join(ids), do)


@router.post("/undo")
def undo(form: Annotated[UndoForm, Form()], query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """Take a change back."""

    def do(session: Session, now: datetime) -> BulkChange:
        tenant_id = reports.services.tenant_id
        return tending.undo(session, tenant_id, form.change_id, actor=visitor.actor, now=now)

    return _do(reports, visitor, query, form, "", do, is_undone=True)


def _do(
    reports: Reports,
    visitor: Visitor,
    query: HealthQuery,
    form: DeedForm | FineForm | UndoForm,
    name: str,
    deed: Callable[[Session, datetime], BulkChange],
    *,
    is_undone: bool = False,
) -> Response:
    """Do it once, and draw what is left of the list."""

    def write(session: Session) -> Done:
        change = deed(session, utc_now())
        return Done(id=change.id, action=change.action, name=name, is_undone=is_undone)

    operation = f"POST {visitor.request.url.path}"
    done = write_once(reports.services, form.key, operation, form, Done, write).answer
    return _list(query, reports, visitor, done=done)


def _list(query: HealthQuery, reports: Reports, visitor: Visitor, *, done: Done | None = None) -> Response:
    view = health_view(reports.library_health(wait_s=0.1), query)
    return visitor.draw("desk/health/list.html", view=view, query=query, done=done)


def _finding(reports: Reports, finding_id: str) -> Finding:
    report = reports.library_health()
    found = next((one for one in report.findings if report.library.id_of(one) == finding_id), None)
    if found is None:
        raise UnknownIdError("finding", finding_id)
    return found
