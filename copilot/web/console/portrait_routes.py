"""The customer panel beside a conversation, and the tags given and taken away there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from sqlmodel import Session
from starlette.responses import Response

from copilot.engine.conversations import get_conversation
from copilot.errors import BadRequestError, UnknownIdError
from copilot.portrait.portrait import read_portrait
from copilot.portrait.timeline import timeline
from copilot.web.console.members import members_of
from copilot.web.console.portrait import entry_views, panel_view, skus_of
from copilot.web.newsroom import Part
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.reading import product_names, read_messages
from copilot.web.schemas.common import Id, Short
from copilot.web.services import Services, ServicesDep
from knowledge.imports.planners.customers import split_tag
from knowledge.library.tags import ADDED, REMOVED, add_tag, end_tag, last_change, restore_tag
from knowledge.tables import Conversation, CustomerTag, Scene
from knowledge.workspace import utc_now

router = APIRouter()
N_ENTRIES = 15
N_MESSAGES = 200
UNDOABLE = timedelta(minutes=2)
TagId = Annotated[int, Form(ge=1, le=2**53)]


@router.get("/c/{conversation_id}/customer")
def customer_panel(conversation_id: Id, services: ServicesDep, visitor: VisitorDep) -> Response:
    """What is known of the customer; of a group who is in it, and nothing else of anybody."""
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        if conversation.scene is Scene.GROUP:
            messages = read_messages(session, conversation, N_MESSAGES)
            members = members_of(session, conversation, messages, visitor.words)
            return visitor.draw("console/portrait/group.html", members=members)
        values = _values(session, services, conversation, visitor)
    return visitor.draw("console/customer.html", conversation=conversation, **values)


@router.get("/c/{conversation_id}/timeline")
def older_entries(conversation_id: Id, services: ServicesDep, visitor: VisitorDep, after: Short = "") -> Response:
    """The next page of the timeline."""
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        customer_id = _customer_of(conversation)
        values = _timeline(session, services, customer_id, visitor, after)
    return visitor.draw("console/portrait/timeline.html", conversation=conversation, **values)


@router.post("/c/{conversation_id}/tags")
def give_tag(
    conversation_id: Id, tag: Annotated[Short, Form()], services: ServicesDep, visitor: VisitorDep
) -> Response:
    """Give the customer a tag, written `name` or `name:value`."""
    name, value = split_tag(tag)

    def change(session: Session, customer_id: str, now: datetime) -> None:
        add_tag(session, services.tenant_id, customer_id, name, value, actor=visitor.actor, now=now)

    return _changed(conversation_id, services, visitor, change)


@router.post("/c/{conversation_id}/tags/remove")
def take_tag(conversation_id: Id, tag_id: TagId, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Take a tag away; taking away what is gone already changes nothing."""

    def change(session: Session, customer_id: str, now: datetime) -> None:
        tag = _tag(session, services, customer_id, tag_id)
        if tag.valid_to is None:
            end_tag(session, services.tenant_id, customer_id, tag.tag, tag.value, actor=visitor.actor, now=now)

    return _changed(conversation_id, services, visitor, change)


@router.post("/c/{conversation_id}/tags/undo")
def undo_tag(
    conversation_id: Id,
    tag_id: TagId,
    did: Annotated[Literal["tag.add", "tag.remove"], Form()],
    services: ServicesDep,
    visitor: VisitorDep,
) -> Response:
    """Take back what was done to a tag: end it when it was given, give it back when it was taken away."""

    def change(session: Session, customer_id: str, now: datetime) -> None:
        tag = _tag(session, services, customer_id, tag_id)
        if did == REMOVED and tag.valid_to is not None:
            restore_tag(session, services.tenant_id, tag_id, actor=visitor.actor, now=now)
        if did == ADDED and tag.valid_to is None:
            end_tag(session, services.tenant_id, customer_id, tag.tag, tag.value, actor=visitor.actor, now=now)

    return _changed(conversation_id, services, visitor, change)


def _changed(
    conversation_id: str,
    services: Services,
    visitor: Visitor,
    change: Callable[[Session, str, datetime], None],
) -> Response:
    """Change a tag of the customer of a direct conversation and draw the tags again."""
    with services.database.write() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        change(session, _customer_of(conversation), utc_now())
    services.newsroom.tell_change(conversation_id, Part.CUSTOMER, visitor.agent_id)
    with services.database.read() as session:
        values = _values(session, services, conversation, visitor)
    return visitor.draw("console/portrait/tags.html", conversation=conversation, is_done=True, **values)


def _values(session: Session, services: Services, conversation: Conversation, visitor: Visitor) -> dict[str, object]:
    """What the panel of a direct conversation is drawn from; nothing for somebody unknown."""
    now, customer_id = utc_now(), conversation.customer_id
    zone = ZoneInfo(services.runtime.engine.setup.product_rules.time_zone)
    portrait = read_portrait(session, services.tenant_id, customer_id, now=now, zone=zone) if customer_id else None
    if portrait is None or customer_id is None:
        return {"view": None}
    since = now - UNDOABLE
    done = last_change(session, services.tenant_id, customer_id, actor=visitor.actor, since=since)
    return {
        "view": panel_view(portrait, conversation.stage, visitor.words),
        "done": done,
        **_timeline(session, services, customer_id, visitor),
    }


def _timeline(
    session: Session, services: Services, customer_id: str, visitor: Visitor, after: str = ""
) -> dict[str, object]:
    page = timeline(session, services.tenant_id, customer_id, now=utc_now(), after=after, limit=N_ENTRIES)
    names = product_names(session, services.tenant_id, skus_of(page))
    return {"entries": entry_views(page, names, visitor.words), "next": page.next}


def _customer_of(conversation: Conversation) -> str:
    if conversation.scene is Scene.GROUP or conversation.customer_id is None:
        raise BadRequestError("conversation_id", conversation.id, "a one-to-one conversation with a known customer")
    return conversation.customer_id


def _tag(session: Session, services: Services, customer_id: str, tag_id: int) -> CustomerTag:
    tag = session.get(CustomerTag, tag_id)
    if tag is None or (tag.tenant_id, tag.customer_id) != (services.tenant_id, customer_id):
        raise UnknownIdError("tag", str(tag_id))
    return tag
