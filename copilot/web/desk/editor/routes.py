"""The editor's pages, and what stands against a script as it is typed."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from pydantic import BeforeValidator, Field
from starlette.responses import Response

from copilot.curation.history import read_history
from copilot.curation.preview import Reader, preview
from copilot.curation.saving import NEW, Description
from copilot.errors import UnknownIdError
from copilot.web.desk.editor import changing, trying
from copilot.web.desk.editor.drawing import CheckerDep, Tab, base_content, form_of, opened_script, surroundings
from copilot.web.desk.editor.forms import EditorForm
from copilot.web.desk.editor.reading import Opened, find_products
from copilot.web.desk.editor.views import check_view, compare
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.problems import kind_of
from copilot.web.reading import search_customers
from copilot.web.schemas.common import Id, Short, Wire
from copilot.web.services import Services, ServicesDep
from knowledge.library.content import ScriptContent
from knowledge.tables import Scene
from knowledge.workspace import utc_now

router = APIRouter(prefix="/desk", include_in_schema=False)
router.include_router(changing.router)
router.include_router(trying.router)
N_CUSTOMERS = 12
LongItem = Annotated[str, Field(max_length=20_000)]
OptionalVersion = Annotated[int | None, BeforeValidator(lambda value: None if value == "" else value), Field(ge=1)]


class NewQuery(Wire):
    """What a new script begins with."""

    trigger: Annotated[list[LongItem], Field(max_length=500)] = Field(default=[])
    stage: Annotated[list[Short], Field(max_length=20)] = Field(default=[])
    scene: Annotated[list[Short], Field(max_length=20)] = Field(default=[])
    sku: Annotated[list[Short], Field(max_length=200)] = Field(default=[])
    text: LongItem = ""
    title: Short = ""
    lang: Short = ""

    def content(self) -> ScriptContent:
        """The content of the form as it is opened."""
        triggers = tuple(line.strip() for one in self.trigger for line in one.splitlines() if line.strip())
        return ScriptContent(
            self.text.replace("\0", ""),
            tuple(dict.fromkeys(triggers)),
            tuple(self.stage),
            tuple(self.scene),
            skus=tuple(self.sku),
        )


@router.get("/scripts/new")
def new(query: Annotated[NewQuery, Query()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """An empty form, or one that begins with what somebody else has found."""
    form = EditorForm.of("", NEW, Description(title=query.title, owner=visitor.agent_id or ""), query.content())
    return _draw(services, visitor, form, None, "edit")


@router.get("/scripts/{script_id:path}")
def page(
    script_id: Id,
    services: ServicesDep,
    visitor: VisitorDep,
    tab: Tab = "edit",
    a: OptionalVersion = None,
    b: OptionalVersion = None,
) -> Response:
    """A script: the form, its versions with two of them compared, its history, or what finds it."""
    try:
        opened = opened_script(services, script_id)
    except UnknownIdError as error:
        missing = visitor.draw_page("desk/editor/missing.html", place_key="scripts", script_id=script_id)
        missing.status_code = kind_of(error).status
        return missing
    form = form_of(opened)
    return _draw(services, visitor, form, opened, tab, compared=(a, b))


@router.post("/editor/check")
def check(
    form: Annotated[EditorForm, Form()], services: ServicesDep, visitor: VisitorDep, checker: CheckerDep
) -> Response:
    """What stands against the script as it is written, and how a customer would read it."""
    tenant_id, now = services.tenant_id, utc_now()
    content = form.content(base_content(services, form))
    scene = Scene.GROUP if content.scenes == (Scene.GROUP.value,) else Scene.DIRECT
    reader = Reader(form.customer or None, form.sku or None, visitor.agent_id, scene)
    with services.database.read() as session:
        view = check_view(
            session, tenant_id, checker.objections(session, tenant_id, form.script_id, content), visitor.words
        )
        try:
            shown, unknown = preview(session, services.runtime.engine, content, reader, now), ""
        except UnknownIdError as error:
            shown, unknown = None, error.item_id
    return visitor.draw("desk/editor/checks.html", check=view, preview=shown, unknown=unknown)


@router.get("/editor/customers")
def customers(services: ServicesDep, visitor: VisitorDep, customer: Annotated[Short, Query()] = "") -> Response:
    """Customers to choose from, for a list of options."""
    with services.database.read() as session:
        found = search_customers(session, services.tenant_id, customer, N_CUSTOMERS)
    return visitor.draw("desk/editor/options.html", options=[(one.id, one.name) for one in found])


@router.get("/editor/products")
def products(services: ServicesDep, visitor: VisitorDep, q: Annotated[Short, Query()] = "") -> Response:
    """Products to choose from, as buttons."""
    with services.database.read() as session:
        found = find_products(session, services.tenant_id, q)
    return visitor.draw("desk/editor/products.html", products=found)


@router.get("/editor/skus")
def skus(services: ServicesDep, visitor: VisitorDep, sku: Annotated[Short, Query()] = "") -> Response:
    """Products to choose from, for a list of options."""
    with services.database.read() as session:
        found = find_products(session, services.tenant_id, sku)
    return visitor.draw("desk/editor/options.html", options=[(one.sku, one.name) for one in found])


def _draw(
    services: Services,
    visitor: Visitor,
    form: EditorForm,
    opened: Opened | None,
    tab: Tab,
    compared: tuple[int | None, int | None] = (None, None),
) -> Response:
    around = surroundings(services, visitor, form, opened)
    values, tenant_id = dict(around.values), services.tenant_id
    if opened is not None and tab == "versions":
        before, after = _to_compare(opened, *compared)
        values["comparison"] = compare(opened, before, after, around.choices.names, visitor.words)
    if opened is not None and tab == "history":
        with services.database.read() as session:
            values["deeds"] = read_history(session, tenant_id, opened.script.id)
    return visitor.draw_page("desk/editor/page.html", place_key="scripts", tab=tab, **values)


def _to_compare(opened: Opened, a: int | None, b: int | None) -> tuple[int, int]:
    """The versions to compare: those asked for, else the newest with what is live or came before it."""
    after = b or opened.newest.version
    live = opened.script.live_version
    before = a or (live if live is not None and live != after else max(1, after - 1))
    return (before, after) if before <= after else (after, before)
