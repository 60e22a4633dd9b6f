"""The performance page, one script of it week by week, and its table as a file."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.responses import Response

from copilot.curation.exposures import Dimension, Turns
from copilot.curation.naming import names_of
from copilot.curation.performance import Performance, Row
from copilot.errors import NotReadyError, UnknownIdError
from copilot.web.api.reports import PATIENCE_S
from copilot.web.desk.performance.export import to_csv
from copilot.web.desk.performance.forms import PRESETS, RESTRICTING, PageQuery
from copilot.web.desk.performance.plots import plots_of
from copilot.web.desk.performance.views import (
    COLUMNS,
    in_order,
    name_of,
    performance_view,
    ranks_of,
    reason_of,
    row_view,
    weeks_of,
)
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.reports import Reports, ReportsDep
from copilot.web.schemas.common import Id
from copilot.web.services import Services
from knowledge.errors import InvalidValueError
from knowledge.tables import Script, Stage, Team, User

router = APIRouter(prefix="/desk/performance", include_in_schema=False)
QueryDep = Annotated[PageQuery, Query()]
CSV = "text/csv; charset=utf-8"


@router.get("")
def page(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """The table over a period, with its trend; a period that cannot be is told and the usual one shown."""
    refused = ""
    try:
        query.asking(reports)
    except InvalidValueError as error:
        refused, query = str(error), query.model_copy(update={"first": None, "last": None})
    return _draw_page(query, reports, visitor, "desk/performance/page.html", refused)


@router.get("/table")
def table(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """The table alone, asked for until it is there."""
    return visitor.draw("desk/performance/report.html", **_values(query, reports, visitor, wait_s=8.0))


@router.get("/export.csv")
def export(query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """The whole table in its order, as a file for spreadsheets."""
    found = _patiently(query, reports)
    names = _names(reports.services, query.by)

    def called(row: Row) -> str:
        if row is found.total:
            return visitor.words("performance.total")
        return name_of(row.key, query.by, names, visitor.words)

    period = found.asking.period
    file = f"performance-{query.by.value}-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{quote(file)}"', "Cache-Control": "no-store"}
    return Response(to_csv(found, in_order(found, query, names), called), media_type=CSV, headers=headers)


@router.get("/scripts/{script_id}")
def script(script_id: Id, query: QueryDep, reports: ReportsDep, visitor: VisitorDep) -> Response:
    """One script: its weeks, its ranks, why it was dismissed."""
    with reports.services.database.read() as session:
        known = session.get(Script, (reports.services.tenant_id, script_id))
    if known is None:
        raise UnknownIdError("script", script_id)
    wanted = query.model_copy(update={"by": Dimension.SCRIPT, "script": script_id})
    found = _patiently(wanted, reports)
    row = found.row(script_id)
    return visitor.draw_page(
        "desk/performance/script.html",
        place_key="performance",
        script=known,
        query=query,
        presets=PRESETS,
        all_turns=list(Turns),
        period=found.asking.period,
        view=row_view(row, known.title or script_id, visitor.words),
        ranks=ranks_of(row),
        weeks=weeks_of(row, found),
        reasons=[(reason_of(reason, visitor.words), n) for reason, n in row.reasons.items()],
        plots=plots_of(row, found.weeks, visitor.words),
        columns=COLUMNS,
    )


def _draw_page(query: PageQuery, reports: Reports, visitor: Visitor, template: str, refused: str) -> Response:
    with reports.services.database.read() as session:
        choices = _choices(session, reports.services.tenant_id)
    values = _values(query, reports, visitor)
    return visitor.draw_page(
        template,
        place_key="performance",
        presets=PRESETS,
        dimensions=list(Dimension),
        all_turns=list(Turns),
        choices=choices,
        refused=refused,
        restricting=RESTRICTING,
        **values,
    )


def _values(query: PageQuery, reports: Reports, visitor: Visitor, *, wait_s: float = 0.5) -> dict[str, object]:
    """What the report's template shows; no view while there is no report."""
    asking = query.asking(reports)
    latest = reports.performance_of(asking, wait_s=wait_s)
    names = _names(reports.services, query.by)
    view = performance_view(latest.report, query, names, visitor.words) if latest.report else None
    return {"view": view, "latest": latest, "query": query, "period": asking.period, "columns": COLUMNS}


def _patiently(query: PageQuery, reports: Reports) -> Performance:
    latest = reports.performance_of(query.asking(reports), wait_s=PATIENCE_S)
    if latest.report is None:
        raise NotReadyError("the report is still being computed; try again")
    return latest.report


def _names(services: Services, dimension: Dimension) -> dict[str, str]:
    with services.database.read() as session:
        return names_of(session, services.tenant_id, dimension)


def _choices(session: Session, tenant_id: str) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen to restrict the report to, with its name."""
    agents = select(col(User.id), col(User.name)).where(col(User.tenant_id) == tenant_id).order_by(col(User.name))
    teams = select(col(Team.id), col(Team.name)).where(col(Team.tenant_id) == tenant_id).order_by(col(Team.name))
    return {
        "stage": [(stage.value, stage.value) for stage in Stage],
        "team": [(key, name) for key, name in session.execute(teams)],
        "agent": [(key, name) for key, name in session.execute(agents)],
    }
