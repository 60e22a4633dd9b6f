"""The console's pages, the fragments that keep them current, and the forms they send."""

import json
from collections.abc import Mapping
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Query
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from copilot.engine.context import CustomerContext, read_customer
from copilot.engine.conversations import NewConversation, NewMessage, get_conversation
from copilot.engine.decisions import NewDecision
from copilot.engine.requests import ScriptRequest, request_script
from copilot.errors import UnknownIdError
from copilot.web.console.forms import DecideForm, OpenForm, RequestForm, SendForm
from copilot.web.console.views import N_EVENTS, N_ORDER_LINES, answer_view, order_lines
from copilot.web.conversing import check_sendable, decide, write_conversation, write_message
from copilot.web.errors import BusyError
from copilot.web.idempotency import write_once
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.problems import kind_of
from copilot.web.reading import list_conversations, product_names, read_messages, search_customers
from copilot.web.schemas.common import Id, Short
from copilot.web.schemas.conversations import AppendedOut
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Conversation, Customer, Decision, DecisionKind, Message, MessageRole, Scene
from knowledge.workspace import utc_now

router = APIRouter(prefix="/console", include_in_schema=False)
N_CONVERSATIONS = 60
N_MESSAGES = 200
N_CUSTOMERS = 12


@router.get("")
def home(services: ServicesDep, visitor: VisitorDep) -> Response:
    """The console without a conversation."""
    return visitor.draw_page("console/page.html", place_key="console", conversation=None, **_page_values(services))


@router.get("/c/{conversation_id}")
def page(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The console on a conversation; suggestions follow as a fragment."""
    values = _page_values(services)
    try:
        shown = _thread_values(services, conversation_id)
    except UnknownIdError as error:
        missing = visitor.draw_page("console/page.html", place_key="console", conversation=None, missing=True, **values)
        missing.status_code = kind_of(error).status
        return missing
    return visitor.draw_page("console/page.html", place_key="console", **values, **shown, key=uuid4().hex)


@router.get("/list")
def conversation_list(services: ServicesDep, visitor: VisitorDep, current: Short = "") -> Response:
    """The list of conversations."""
    return visitor.draw("console/list.html", rows=_rows(services), current=current)


@router.get("/c/{conversation_id}/thread")
def thread(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The messages of a conversation."""
    return visitor.draw("console/thread.html", **_thread_values(services, conversation_id))


@router.get("/c/{conversation_id}/customer")
def customer_panel(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """What is known of the customer."""
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        found = None
        if conversation.customer_id:
            found = read_customer(session, services.tenant_id, conversation.customer_id)
        skus = sorted(_skus(found)) if found else []
        names = product_names(session, services.tenant_id, skus)
    if found is None:
        return visitor.draw("console/customer.html", customer=None, conversation=conversation)
    stage = conversation.stage or found.stage(utc_now()).value
    return visitor.draw(
        "console/customer.html",
        customer=found,
        conversation=conversation,
        stage=stage,
        lines=order_lines(found, names, visitor.words),
        n_more=max(0, len(found.bought) - N_ORDER_LINES),
        events=[(one, names.get(one.object.removeprefix("product:"), one.object)) for one in found.events[:N_EVENTS]],
    )


@router.get("/c/{conversation_id}/suggestions")
async def suggestions(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """The suggestions for the conversation as it stands, made now when there are none yet."""
    shared: dict[str, object] = {"conversation_id": conversation_id, "is_busy": False, "view": None}
    try:
        answer = await services.board.current(conversation_id, visitor.agent_id)
    except BusyError:
        return visitor.draw("console/suggestions.html", **{**shared, "is_busy": True})
    if answer is None:
        return visitor.draw("console/suggestions.html", **shared)
    dismissed = await run_in_threadpool(_dismissed, services, answer.set_id)
    view = answer_view(answer, dismissed, visitor.words)
    return visitor.draw("console/suggestions.html", **{**shared, "view": view})


@router.post("/c/{conversation_id}/decide")
def post_decision(
    conversation_id: Id, form: Annotated[DecideForm, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Accept or dismiss a suggestion."""
    decision = NewDecision(
        form.set_id, form.kind, form.item_kind, form.rank, reason=form.reason, agent_id=visitor.agent_id
    )
    decide(services, decision, form.key)
    is_sent = form.kind is DecisionKind.ACCEPT
    return _done({"said" if is_sent else "dismissed": {"conversation_id": conversation_id}})


@router.post("/c/{conversation_id}/send")
def post_reply(
    conversation_id: Id, form: Annotated[SendForm, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Send what the agent wrote or changed."""
    if form.set_id is not None:
        decision = NewDecision(
            form.set_id, form.decision_kind, form.item_kind, form.rank, form.text, agent_id=visitor.agent_id
        )
        decide(services, decision, form.key)
    else:
        _send_alone(services, conversation_id, form, visitor)
    return _done({"said": {"conversation_id": conversation_id, "from": "composer", "key": uuid4().hex}})


@router.post("/c/{conversation_id}/request-script")
def post_request(
    conversation_id: Id, form: Annotated[RequestForm, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Ask for a script that answers the customer's message."""
    with services.database.write() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        wanted = ScriptRequest(
            message=form.message,
            agent_id=visitor.agent_id,
            conversation_id=conversation_id,
            set_id=form.set_id,
            stage=conversation.stage,
            scene=conversation.scene.value,
        )
        request_script(session, services.tenant_id, wanted, utc_now())
    return visitor.draw("console/requested.html")


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
    return Response(status_code=204, headers={"HX-Redirect": f"/console/c/{conversation.id}"})


def _page_values(services: Services) -> dict[str, object]:
    return {"rows": _rows(services), "scenes": list(Scene)}


def _rows(services: Services) -> list[object]:
    with services.database.read() as session:
        return [*list_conversations(session, services.tenant_id, N_CONVERSATIONS)]


def _thread_values(services: Services, conversation_id: str) -> dict[str, object]:
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        messages = read_messages(session, conversation, N_MESSAGES)
        name = _customer_name(session, conversation)
    return {"conversation": conversation, "messages": messages, "customer_name": name, "current": conversation_id}


def _customer_name(session: Session, conversation: Conversation) -> str:
    if conversation.customer_id is None:
        return ""
    customer = session.get(Customer, (conversation.tenant_id, conversation.customer_id))
    return customer.name if customer else ""


def _skus(customer: CustomerContext) -> set[str]:
    bought = {line.sku for line in customer.bought[:N_ORDER_LINES]}
    return bought | {event.object.removeprefix("product:") for event in customer.events[:N_EVENTS]}


def _dismissed(services: Services, set_id: str) -> frozenset[tuple[str, int | None]]:
    """What an agent has dismissed of a set, by kind and rank; without a rank, all of that kind."""
    query = select(col(Decision.item_kind), col(Decision.rank)).where(
        col(Decision.tenant_id) == services.tenant_id,
        col(Decision.set_id) == set_id,
        col(Decision.kind) == DecisionKind.DISMISS,
    )
    with services.database.read() as session:
        return frozenset((kind, rank) for kind, rank in session.execute(query))


def _send_alone(services: Services, conversation_id: str, form: SendForm, visitor: Visitor) -> None:
    """Send a text to which no suggestion set belongs."""
    check_sendable(services, form.text)
    written: list[Message] = []

    def write(session: Session) -> AppendedOut:
        said = NewMessage(MessageRole.AGENT, form.text, author_id=visitor.agent_id)
        row = write_message(session, services, conversation_id, said)
        written.append(row)
        return AppendedOut(conversation_id=conversation_id, position=row.position, conversation_version=row.position)

    write_once(services, form.key, f"console send {conversation_id}", form, AppendedOut, write)
    for message in written:
        services.newsroom.tell_message(message)


def _done(news: Mapping[str, Mapping[str, str]]) -> Response:
    """An empty answer that tells the page what has happened."""
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(news)})
