"""The catalogue."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from copilot.errors import UnknownIdError
from copilot.web.api.documented import READS, WRITES, problems
from copilot.web.idempotency import write_once
from copilot.web.reading import list_products
from copilot.web.schemas.common import Id, Short
from copilot.web.schemas.library import CatalogueProductOut, ProductIn
from copilot.web.services import IdempotencyKey, ServicesDep
from knowledge.library.products import change_product, delete_product
from knowledge.tables import Product
from knowledge.workspace import utc_now

router = APIRouter(prefix="/v1/products", tags=["catalogue"])


@router.get("", responses=problems(*READS), summary="Products by sku")
def get_products(
    services: ServicesDep, q: Short = "", after: Short = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[CatalogueProductOut]:
    """Products whose sku or name contains `q`; the next page begins after the last sku of this one."""
    with services.database.read() as session:
        found = list_products(session, services.tenant_id, text=q, after=after, limit=limit)
    return [CatalogueProductOut.model_validate(product) for product in found]


@router.get("/{sku}", responses=problems(*READS), summary="One product")
def get_product(sku: Id, services: ServicesDep) -> CatalogueProductOut:
    """A product of the catalogue."""
    with services.database.read() as session:
        product = session.get(Product, (services.tenant_id, sku))
    if product is None:
        raise UnknownIdError("product", sku)
    return CatalogueProductOut.model_validate(product)


@router.put("/{sku}", responses=problems(*WRITES), summary="Make or change a product")
def put_product(sku: Id, product: ProductIn, services: ServicesDep, key: IdempotencyKey = None) -> CatalogueProductOut:
    """Make or change a product; suggestions use it within a moment."""

    def write(session: Session) -> CatalogueProductOut:
        changed = change_product(
            session, services.tenant_id, sku, product.content(), actor=product.author, now=utc_now()
        )
        return CatalogueProductOut.model_validate(changed)

    return write_once(services, key, f"PUT /v1/products/{sku}", product, CatalogueProductOut, write).answer


@router.delete("/{sku}", status_code=204, responses=problems(*WRITES), summary="Remove a product")
def remove_product(sku: Id, services: ServicesDep, author: Short = "api") -> None:
    """Remove a product from the catalogue; orders keep its number. A second time answers 404."""
    with services.database.write() as session:
        delete_product(session, services.tenant_id, sku, actor=author, now=utc_now())
