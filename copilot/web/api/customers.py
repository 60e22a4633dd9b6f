"""Customers: search, and one with everything known of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from copilot.engine.context import CustomerContext, read_customer
from copilot.errors import UnknownIdError
from copilot.web.api.documented import READS, problems
from copilot.web.reading import search_customers
from copilot.web.schemas.common import Id, Short
from copilot.web.schemas.customers import BoughtOut, CustomerOut, CustomerRowOut, EventOut, TagOut
from copilot.web.services import ServicesDep
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/customers", tags=["customers"], responses=problems(*READS))


@router.get("", summary="Find customers by name or id")
def list_customers(
    services: ServicesDep, q: Short = "", limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[CustomerRowOut]:
    """Customers whose name or id contains `q`, the latest changed first."""
    with services.database.read() as session:
        found = search_customers(session, services.tenant_id, q, limit)
    return [CustomerRowOut.model_validate(row) for row in found]


@router.get("/{customer_id}", summary="One customer")
def get_customer(customer_id: Id, services: ServicesDep) -> CustomerOut:
    """A customer with tags, orders and events."""
    with services.database.read() as session:
        found = read_customer(session, services.tenant_id, customer_id)
    if found is None:
        raise UnknownIdError("customer", customer_id)
    return customer_out(customer_id, found)


def customer_out(customer_id: str, found: CustomerContext) -> CustomerOut:
    """A customer as it goes over the wire."""
    return CustomerOut(
        id=customer_id,
        name=found.name,
        city=found.city,
        gender=found.gender,
        birthday=found.birthday,
        joined_at=found.joined_at,
        stage=found.stage(utc_now()).value,
        segments=sorted(found.segments),
        tags=[TagOut.model_validate(tag) for tag in found.tags],
        bought=[BoughtOut.model_validate(line) for line in found.bought],
        events=[EventOut.model_validate(event) for event in found.events],
    )
