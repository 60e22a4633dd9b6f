"""The portrait of a customer as of any moment; tags given and taken away."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from sqlmodel import Session

from copilot.errors import BadRequestError, UnknownIdError
from copilot.portrait.lately import stage_of
from copilot.portrait.portrait import read_portrait
from copilot.portrait.timeline import timeline
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.idempotency import write_once
from copilot.web.schemas.common import Id, Short
from copilot.web.schemas.customers import TagOut
from copilot.web.schemas.portrait import PortraitOut, PortraitQuery, TagIn, TagRemoval, TagsOut
from copilot.web.services import IdempotencyKey, Services, ServicesDep
from knowledge.library.tags import add_tag, end_tag, tags_of
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/customers", tags=["customers"])


@router.get("/{customer_id}/portrait", responses=problems(*READS), summary="The portrait of a customer")
def get_portrait(customer_id: Id, services: ServicesDep, wanted: Annotated[PortraitQuery, Query()]) -> PortraitOut:
    """Purchase and connection RFM, intent with what moved it, preferences with evidence, orders and timeline."""
    now = utc_now()
    at = wanted.at or now
    if at > now:
        raise BadRequestError("at", at.isoformat(), "a moment that has come")
    zone = ZoneInfo(services.runtime.engine.setup.product_rules.time_zone)
    with services.database.read() as session:
        portrait = read_portrait(session, services.tenant_id, customer_id, now=at, zone=zone)
        if portrait is None:
            raise UnknownIdError("customer", customer_id)
        page = timeline(session, services.tenant_id, customer_id, now=at, after=wanted.after, limit=wanted.limit)
    return PortraitOut.of(portrait, stage_of(portrait.facts, at).value, page, wanted.limit)


@router.post("/{customer_id}/tags", status_code=201, responses=problems(*WRITES), summary="Give a tag")
def post_tag(customer_id: Id, tag: TagIn, services: ServicesDep, key: IdempotencyKey = None) -> TagsOut:
    """Give the customer a tag; one held already stays as it is. The next suggestion sees it."""

    def write(session: Session) -> TagsOut:
        add_tag(session, services.tenant_id, customer_id, tag.tag, tag.value, actor=tag.author, now=utc_now())
        return _tags(session, services, customer_id)

    return write_once(services, key, f"POST /v1/customers/{customer_id}/tags", tag, TagsOut, write).answer


@router.delete("/{customer_id}/tags/{tag:path}", responses=problems(*WRITES), summary="Take a tag away")
def delete_tag(
    customer_id: Id,
    tag: Id,
    services: ServicesDep,
    value: Short = "",
    author: Short = "api",
    key: IdempotencyKey = None,
) -> TagsOut:
    """End the tag with this name and value; its history stays. A tag the customer does not have answers 404."""
    removal = TagRemoval(tag=tag, value=value, author=author)

    def write(session: Session) -> TagsOut:
        end_tag(session, services.tenant_id, customer_id, tag, value, actor=author, now=utc_now())
        return _tags(session, services, customer_id)

    return write_once(services, key, f"DELETE /v1/customers/{customer_id}/tags", removal, TagsOut, write).answer


def _tags(session: Session, services: Services, customer_id: str) -> TagsOut:
    held = tags_of(session, services.tenant_id, customer_id)
    tags = [
        TagOut(tag=one.tag, value=one.value, source=one.source, confidence=one.confidence, since=one.valid_from)
        for one in held
    ]
    return TagsOut(customer_id=customer_id, tags=tags)
