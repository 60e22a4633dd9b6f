"""The list of scripts, the views people keep of it, and changes of many scripts with their undoing."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from copilot.curation import bulk
from copilot.curation.bulk import Action, Outcome
from copilot.curation.listed import ListedScript
from copilot.engine.library_search import LibraryHit, LibraryQuery
from copilot.errors import BadRequestError
from copilot.web.desk.scripts import saved
from copilot.web.desk.scripts.forms import BulkForm, ListQuery, UndoForm, ViewForm
from copilot.web.desk.scripts.publishing import publisher
from copilot.web.desk.scripts.views import list_view, shown_ids
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.reading import list_agents, product_names
from copilot.web.schemas.common import Id
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Stage
from knowledge.workspace import utc_now

router = APIRouter(prefix="/desk", include_in_schema=False)
N_HITS = 100
N_REFUSED = 20
STANDARD = (
    ("all", ""),
    ("drafts", "status=draft"),
    ("review", "status=review"),
    ("ending", "health=expiring&health=expired"),
    ("dead", "health=never_shown&health=never_accepted"),
)
"""Views that everybody has, with their filters as they stand in an address."""
QueryDep = Annotated[ListQuery, Query()]


@router.get("")
def home() -> Response:
    """The desk begins with the scripts."""
    return RedirectResponse("/desk/scripts")


@router.get("/scripts")
def page(query: QueryDep, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The list, narrowed down as the address says."""
    now = utc_now()
    with services.database.read() as session:
        scripts = services.script_list.read(session, services.tenant_id, now)
        views = saved.read_views(session, services.tenant_id, visitor.actor)
        changed = bulk.read_change(session, services.tenant_id, query.changed)
        names = _names(session, services.tenant_id, scripts)
    hits = _hits(services, query)
    view = list_view(scripts, query, hits=hits, names=names, now=now, words=visitor.words)
    return visitor.draw_page(
        "desk/scripts/page.html",
        place_key="scripts",
        view=view,
        query=query,
        views=views,
        standard=STANDARD,
        changed=changed,
        actions=list(Action),
        stages=[stage.value for stage in Stage],
        owners=sorted({script.owner for script in scripts if script.owner}),
        names=names,
    )


@router.post("/scripts/bulk")
def change_many(
    form: Annotated[BulkForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Do something to the chosen scripts; those that cannot be done are told with the reason."""
    now = utc_now()
    chosen = _all_found(services, query) if form.all_found else form.script_id
    if not chosen:
        raise BadRequestError("scripts", "", "at least one chosen script")
    with services.database.write() as session:
        order = form.order(visitor.actor, now, publisher(services, visitor, now))
        outcome = bulk.apply(session, services.tenant_id, chosen, order)
    return _told(services, visitor, query, outcome)


@router.post("/scripts/undo")
def undo(form: Annotated[UndoForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Take a change of many scripts back."""
    with services.database.write() as session:
        outcome = bulk.undo(session, services.tenant_id, form.change_id, actor=visitor.actor, now=utc_now())
    return _told(services, visitor, query, outcome)


@router.post("/scripts/views")
def save_view(
    form: Annotated[ViewForm, Form()], query: QueryDep, services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Keep the list as it stands under a name."""
    with services.database.write() as session:
        saved.save_view(session, services.tenant_id, visitor.actor, form.name, query.address())
    return _go(query.address())


@router.post("/scripts/views/{view_id}/delete")
def delete_view(view_id: Id, query: QueryDep, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Forget a view."""
    with services.database.write() as session:
        saved.delete_view(session, services.tenant_id, visitor.actor, view_id)
    return _go(query.address())


def _hits(services: Services, query: ListQuery) -> Sequence[LibraryHit]:
    """What a search by words, meaning, pinyin and initials finds."""
    if not query.q.strip():
        return []
    wanted = LibraryQuery(text=query.q, tenant_id=services.tenant_id, k=N_HITS, live_only=False, all_scopes=True)
    return services.runtime.engine.search_library(wanted)


def _names(session: Session, tenant_id: str, scripts: Sequence[ListedScript]) -> dict[str, str]:
    """The names of the people and products that scripts belong to."""
    people = {user.id: user.name for user in list_agents(session, tenant_id)}
    return people | product_names(session, tenant_id, sorted({sku for script in scripts for sku in script.skus}))


def _all_found(services: Services, query: ListQuery) -> list[str]:
    now = utc_now()
    with services.database.read() as session:
        scripts: list[ListedScript] = services.script_list.read(session, services.tenant_id, now)
    return shown_ids(scripts, query, _hits(services, query), now)


def _told(services: Services, visitor: Visitor, query: ListQuery, outcome: Outcome) -> Response:
    """The list drawn again with what was done on top; where scripts were refused, the reasons first."""
    if outcome.change_id and not outcome.refused:
        return _go(query.address(page=query.page, changed=outcome.change_id))
    with services.database.read() as session:
        changed = bulk.read_change(session, services.tenant_id, outcome.change_id or "")
    refused = outcome.refused[:N_REFUSED]
    return visitor.draw("desk/scripts/outcome.html", outcome=outcome, refused=refused, changed=changed, query=query)


def _go(address: str) -> Response:
    return Response(
        status_code=204, headers={"HX-Redirect": f"/desk/scripts?{address}" if address else "/desk/scripts"}
    )
