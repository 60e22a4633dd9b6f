"""Changing the catalogue; every function works in the session it is given and keeps nothing unless that commits."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from knowledge.audit import append_entry
from knowledge.errors import NotFoundError, StaleVersionError
from knowledge.library.changes import record_change
from knowledge.library.content import ProductContent, columns_of
from knowledge.tables import IndexKind, Product


def change_product(
    session: Session,
    tenant_id: str,
    sku: str,
    content: ProductContent,
    *,
    actor: str,
    now: datetime,
    expected_at: datetime | None = None,
) -> Product:
    """The product with this content, made if it is new; does nothing when it says the same already.

    Raises:
        InvalidValueError: the content breaks a rule.
        StaleVersionError: the product was changed since `expected_at`, the `updated_at` its editor saw.
    """
    content.check()
    product = session.get(Product, (tenant_id, sku))
    if product is not None:
        _expect(product, expected_at)
        if ProductContent.of(product) == content:
            return product
    changed = _differences(product, content)
    product = product or Product(tenant_id=tenant_id, sku=sku, name=content.name, updated_at=now)
    for name, value in changed.items():
        setattr(product, name, value)
    product.updated_at = now
    session.add(product)
    record_change(session, tenant_id, IndexKind.PRODUCT, sku)
    detail: dict[str, object] = {"changed": sorted(changed)}
    append_entry(session, tenant_id, at=now, actor=actor, action="product.change", subject=sku, detail=detail)
    return product


def change_stock(
    session: Session, tenant_id: str, sku: str, stock: int | None, *, actor: str, now: datetime
) -> Product:
    """The product with this stock, unknown when empty.

    Raises:
        NotFoundError: there is no such product.
        InvalidValueError: the stock is negative.
    """
    content = replace(ProductContent.of(_product(session, tenant_id, sku)), stock=stock)
    return change_product(session, tenant_id, sku, content, actor=actor, now=now)


def delete_product(
    session: Session, tenant_id: str, sku: str, *, actor: str, now: datetime, expected_at: datetime | None = None
) -> None:
    """Remove the product; orders keep its number.

    Raises:
        NotFoundError: there is no such product.
        StaleVersionError: the product was changed since `expected_at`.
    """
    product = _product(session, tenant_id, sku)
    _expect(product, expected_at)
    detail: dict[str, object] = {"name": product.name}
    session.delete(product)
    record_change(session, tenant_id, IndexKind.PRODUCT, sku)
    append_entry(session, tenant_id, at=now, actor=actor, action="product.delete", subject=sku, detail=detail)


def _product(session: Session, tenant_id: str, sku: str) -> Product:
    product = session.get(Product, (tenant_id, sku))
    if product is None:
        raise NotFoundError("product", sku)
    return product


def _expect(product: Product, expected_at: datetime | None) -> None:
    if expected_at is not None and product.updated_at != expected_at:
        raise StaleVersionError(
            f"product {product.sku!r} was changed at {product.updated_at}, not {expected_at}: read it again"
        )


def _differences(product: Product | None, content: ProductContent) -> dict[str, object]:
    """The columns to write; all of them for a new product."""
    columns = columns_of(content)
    if product is None:
        return columns
    return {name: value for name, value in columns.items() if getattr(product, name) != value}
