"""The console's pages, the fragments that keep them current, and the forms they send."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Query
from sqlmodel import Session
from starlette.responses import Response

from copilot.engine.conversations import NewConversation, get_conversation
from copilot.errors import UnknownIdError
from copilot.web.console import advising, deciding, listing, portrait_routes, searching, simulating, undoing, why_not
from copilot.web.console.forms import OpenForm
from copilot.web.console.keys import HINTS, help_rows
from copilot.web.console.listing import RowView
from copilot.web.console.live import routes as live
from copilot.web.console.members import members_of
from copilot.web.console.simulating import simulates
from copilot.web.conversing import write_conversation
from copilot.web.newsroom import Part
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.problems import kind_of
from copilot.web.reading import read_messages, search_customers
from copilot.web.schemas.common import Id, Short
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Conversation, Customer, Scene, Stage
from knowledge.workspace import utc_now

router = APIRouter(prefix="/console", include_in_schema=False)
for part in (live, advising, deciding, portrait_routes, searching, simulating, undoing, why_not):
    router.include_router(part.router)
N_CONVERSATIONS = 60
N_MESSAGES = 200
N_CUSTOMERS = 12


@router.get("")
def home(services: ServicesDep, visitor: VisitorDep) -> Response:
    """The console without a conversation."""
    values = _page_values(services, visitor)
    return visitor.draw_page("console/page.html", place_key="console", conversation=None, **values)


@router.get("/c/{conversation_id}")
def page(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The console on a conversation; suggestions follow as a fragment."""
    values = _page_values(services, visitor)
    try:
        shown = _thread_values(services, visitor, conversation_id)
    except UnknownIdError as error:
        missing = visitor.draw_page("console/page.html", place_key="console", conversation=None, missing=True, **values)
        missing.status_code = kind_of(error).status
        return missing
    return visitor.draw_page("console/page.html", place_key="console", **values, **shown, key=uuid4().hex)


@router.get("/list")
def conversation_list(services: ServicesDep, visitor: VisitorDep, current: Short = "") -> Response:
    """The list of conversations."""
    return visitor.draw("console/list.html", rows=_rows(services, visitor), current=current)


@router.get("/c/{conversation_id}/thread")
def thread(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The messages of a conversation."""
    return visitor.draw("console/thread.html", **_thread_values(services, visitor, conversation_id))


@router.get("/customers")
def customers(services: ServicesDep, visitor: VisitorDep, q: Annotated[Short, Query()] = "") -> Response:
    """Customers to choose from."""
    with services.database.read() as session:
        found = search_customers(session, services.tenant_id, q, N_CUSTOMERS)
    return visitor.draw("console/customers.html", customers=found)


@router.post("/conversations")
def open_conversation(form: Annotated[OpenForm, Form()], services: ServicesDep, visitor: VisitorDep) -> Response:
    """Open a conversation and go there."""
    with services.database.write() as session:
        new = NewConversation(form.customer_id, visitor.agent_id, "web", form.scene)
        conversation = write_conversation(session, services, new)
    services.newsroom.tell_change(conversation.id, Part.CONVERSATION, visitor.agent_id)
    return Response(status_code=204, headers={"HX-Redirect": f"/console/c/{conversation.id}"})


def _page_values(services: Services, visitor: Visitor) -> dict[str, object]:
    keys = {"help_rows": help_rows(), "hints": HINTS}
    choices = {"scenes": list(Scene), "stages": list(Stage), "simulates": simulates(visitor)}
    seen = services.hub.last_id  # before anything is read, so that nothing falls between the page and its stream
    return {"seen": seen, "rows": _rows(services, visitor), **keys, **choices}


def _rows(services: Services, visitor: Visitor) -> list[RowView]:
    with services.database.read() as session:
        return listing.rows(session, services.tenant_id, visitor.agent_id, now=utc_now(), limit=N_CONVERSATIONS)


def _thread_values(services: Services, visitor: Visitor, conversation_id: str) -> dict[str, object]:
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        messages = read_messages(session, conversation, N_MESSAGES)
        name = _customer_name(session, conversation)
        members = members_of(session, conversation, messages, visitor.words)
    shown = {"conversation": conversation, "customer_name": name, "current": conversation_id}
    return {**shown, "messages": messages, "members": members}


def _customer_name(session: Session, conversation: Conversation) -> str:
    if conversation.customer_id is None:
        return ""
    customer = session.get(Customer, (conversation.tenant_id, conversation.customer_id))
    return customer.name if customer else ""
