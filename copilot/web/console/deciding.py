"""What an agent does with a suggestion: takes it, changes it, refuses it, or asks for one that is missing."""

import json
from collections.abc import Mapping
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form
from sqlmodel import Session
from starlette.responses import Response

from copilot.engine.conversations import NewMessage, get_conversation
from copilot.engine.decisions import NewDecision
from copilot.engine.rendering import SLOT
from copilot.engine.requests import ScriptRequest, request_script
from copilot.errors import BadRequestError, UnknownIdError
from copilot.web.console.forms import DecideForm, RequestForm, SendForm
from copilot.web.conversing import check_sendable, decide, write_message
from copilot.web.idempotency import write_once
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.schemas.common import Id
from copilot.web.schemas.conversations import AppendedOut
from copilot.web.services import Services, ServicesDep
from knowledge.tables import DecisionKind, Message, MessageRole, Script
from knowledge.workspace import utc_now

router = APIRouter()


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
    return done({"said" if is_sent else "dismissed": {"conversation_id": conversation_id}})


@router.post("/c/{conversation_id}/send")
def post_reply(
    conversation_id: Id, form: Annotated[SendForm, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Send what the agent wrote, changed or put together."""
    _require_filled(form.text)
    if form.set_id is not None:
        decide(services, _decision(form.set_id, form, visitor), form.key)
    else:
        _send_alone(services, conversation_id, form, visitor)
    return done({"said": {"conversation_id": conversation_id, "from": "composer", "key": uuid4().hex}})


@router.post("/c/{conversation_id}/request-script")
def post_request(
    conversation_id: Id, form: Annotated[RequestForm, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Ask for a script that answers the customer's message."""
    with services.database.write() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        wanted = ScriptRequest(
            message=form.message,
            note=form.note,
            agent_id=visitor.agent_id,
            conversation_id=conversation_id,
            set_id=form.set_id,
            stage=conversation.stage,
            scene=conversation.scene.value,
        )
        request_script(session, services.tenant_id, wanted, utc_now())
    return done({"requested": {"conversation_id": conversation_id}})


def _decision(set_id: str, form: SendForm, visitor: Visitor) -> NewDecision:
    """The reply it began with comes first; without one, the first of the products it mentions."""
    products = form.product_ranks
    is_product = form.rank is None and bool(products)
    return NewDecision(
        set_id,
        form.decision_kind,
        "product" if is_product else "reply",
        products[0] if is_product else form.rank,
        form.text,
        agent_id=visitor.agent_id,
        script_id=None if form.rank else form.script_id,
        mentions=tuple(products[1:] if is_product else products),
    )


def _require_filled(text: str) -> None:
    """Check that no slot of a script is still open.

    Raises:
        BadRequestError: one is.
    """
    if found := SLOT.search(text):
        raise BadRequestError("text", found.group(), "a value in its place")


def _send_alone(services: Services, conversation_id: str, form: SendForm, visitor: Visitor) -> None:
    """Send a text to which no suggestion set belongs."""
    check_sendable(services, form.text)
    written: list[Message] = []

    def write(session: Session) -> AppendedOut:
        if form.script_id and session.get(Script, (services.tenant_id, form.script_id)) is None:
            raise UnknownIdError("script", form.script_id)
        said = NewMessage(MessageRole.AGENT, form.text, author_id=visitor.agent_id, script_id=form.script_id)
        row = write_message(session, services, conversation_id, said)
        written.append(row)
        return AppendedOut(conversation_id=conversation_id, position=row.position, conversation_version=row.position)

    write_once(services, form.key, f"console send {conversation_id}", form, AppendedOut, write)
    for message in written:
        services.newsroom.tell_message(message)


def done(news: Mapping[str, Mapping[str, str]]) -> Response:
    """An empty answer that tells the page what has happened."""
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(news)})
