"""Scripts and products by the columns of their files."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel import Session, col

from knowledge.errors import InvalidValueError
from knowledge.imports.kinds import ImportKind
from knowledge.tables import Product, Script, ScriptVersion

ExportedRow = Mapping[str, object]
"""Texts, numbers, moments, lists of texts and JSON objects, by column."""
AT_A_TIME = 1_000


def exported_rows(
    session: Session, tenant_id: str, kind: ImportKind, ids: Collection[str] | None = None
) -> Iterator[ExportedRow]:
    """Every row of a kind by its id, or those with these ids; a script as it is live, else as it was written last.

    Raises:
        InvalidValueError: such rows cannot be exported.
    """
    if kind not in _READERS:
        raise InvalidValueError("kind", kind.value, f"one of {', '.join(EXPORTABLE)}")
    return _READERS[kind](session, tenant_id, None if ids is None else frozenset(ids))


def _scripts(session: Session, tenant_id: str, ids: frozenset[str] | None) -> Iterator[ExportedRow]:
    shown = func.coalesce(col(Script.live_version), col(Script.latest_version))
    is_shown = (
        (col(ScriptVersion.tenant_id) == col(Script.tenant_id))
        & (col(ScriptVersion.script_id) == col(Script.id))
        & (col(ScriptVersion.version) == shown)
    )
    query = select(Script, ScriptVersion).join(ScriptVersion, is_shown).where(col(Script.tenant_id) == tenant_id)
    for script, version in session.execute(query.order_by(col(Script.id)).execution_options(yield_per=AT_A_TIME)):
        if ids is None or script.id in ids:
            yield _script_row(script, version)


def _script_row(script: Script, version: ScriptVersion) -> ExportedRow:
    return {
        "id": script.id,
        "text": version.text,
        "kind": script.kind.value,
        "title": script.title,
        "triggers": version.triggers,
        "stage": version.stages,
        "scene": version.scenes,
        "channels": version.channels,
        "audience": version.audience,
        "skus": version.skus,
        "scope": version.scope,
        "owner": script.owner,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "status": version.status.value,
        "attachments": version.attachments,
    }


def _products(session: Session, tenant_id: str, ids: frozenset[str] | None) -> Iterator[ExportedRow]:
    query = select(Product).where(col(Product.tenant_id) == tenant_id).order_by(col(Product.sku))
    for product in session.execute(query.execution_options(yield_per=AT_A_TIME)).scalars():
        if ids is None or product.sku in ids:
            yield _product_row(product)


def _product_row(product: Product) -> ExportedRow:
    names = ("sku", "name", "category", "brand", "currency", "stock", "description", "attributes", "tags", "audience")
    price = None if product.price is None else product.price.quantize(Decimal("0.01"))
    return {name: getattr(product, name) for name in (*names, "replenish_days", "status", "url", "image")} | {
        "price": price
    }


_READERS: dict[ImportKind, Callable[[Session, str, frozenset[str] | None], Iterator[ExportedRow]]] = {
    ImportKind.SCRIPTS: _scripts,
    ImportKind.PRODUCTS: _products,
}
EXPORTABLE = tuple(_READERS)
