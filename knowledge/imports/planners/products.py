"""Products: one row each, replaced when it differs."""

from collections.abc import Sequence

from sqlmodel import Session

from knowledge.imports.money import SHARED_MARKS
from knowledge.imports.plan import Plan, Values, differs, stored_by_id
from knowledge.imports.planners.agreement import agreed_row
from knowledge.imports.report import RejectedRow
from knowledge.imports.rows import ProductRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import IndexKind, Product

SAME_NAMES = (
    "name", "category", "brand", "stock", "description", "attributes", "tags", "audience",
    "replenish_days", "status", "url", "image",
)  # fmt: skip


def plan_products(session: Session, groups: Sequence[Group[ProductRow]], around: Surroundings) -> Plan:
    """What a batch of products changes."""
    plan = Plan()
    stored = stored_by_id(session, Product, around.tenant_id, "sku", [group.key for group in groups])
    for group in groups:
        row = agreed_row(group, "sku", plan)
        before = stored.get(group.key)
        currency = row.sold_in(None if before is None else before["currency"])
        if currency is None:
            plan.tally.reject(_of_several_currencies(group))
            continue
        given = _given(row) | {"currency": currency}
        if before is not None and not differs(given, before):
            plan.tally.n_unchanged += 1
            continue
        base = _new_product(around.tenant_id, row.sku) if before is None else dict(before)
        plan.upsert(Product, {**base, **given, "updated_at": around.now})
        plan.announce(IndexKind.PRODUCT, row.sku)
        plan.tally.n_added += before is None
        plan.tally.n_changed += before is not None
    return plan


def _of_several_currencies(group: Group[ProductRow]) -> RejectedRow:
    line, row = group.rows[0]
    *others, last = sorted(SHARED_MARKS[row.price_mark])
    price = f"{(row.price or 0) / 100:.2f}"
    reason = f"price: {price} in {row.price_mark}, which may be {', '.join(others)} or {last}"
    return RejectedRow(line, "price", price, reason, "its currency in the column currency")


def _given(row: ProductRow) -> Values:
    given = row.given(*SAME_NAMES)
    if "price" in row.model_fields_set:
        given["price_fen"] = row.price
    return given


def _new_product(tenant_id: str, sku: str) -> Values:
    empty = ProductRow.model_construct(sku=sku, name="")
    return {
        "tenant_id": tenant_id,
        "sku": sku,
        "price_fen": None,
        **{name: getattr(empty, name) for name in SAME_NAMES if name != "name"},
    }
