from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from knowledge.database import Database
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library.content import ProductContent
from knowledge.library.products import change_product, change_stock, delete_product
from knowledge.tables import AuditEntry, IndexChange, Product

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
TENANT = "default"
CREAM = ProductContent("面霜", category="护肤", price_fen=9900, stock=3, tags=("保湿",), attributes={"容量": "50ml"})


def change(database: Database, content: ProductContent, now: datetime, expected_at: datetime | None = None) -> None:
    with database.write() as session:
        change_product(session, TENANT, "A1", content, actor="ann", now=now, expected_at=expected_at)


def product(database: Database) -> Product | None:
    with database.read() as session:
        return session.get(Product, (TENANT, "A1"))


def audit(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.read() as session:
        return [(entry.action, entry.detail) for entry in session.exec(select(AuditEntry).order_by(AuditEntry.seq))]


def n_changes(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(IndexChange)).all())


def test_a_new_product_is_kept_as_given(database: Database) -> None:
    change(database, CREAM, NOON)
    found = product(database)
    assert found is not None
    assert ProductContent.of(found) == CREAM
    assert found.updated_at == NOON
    assert n_changes(database) == 1


def test_the_same_content_again_changes_nothing(database: Database) -> None:
    change(database, CREAM, NOON)
    change(database, CREAM, LATER)
    assert product(database).updated_at == NOON  # type: ignore[union-attr]
    assert n_changes(database) == len(audit(database)) == 1


def test_the_audit_says_which_columns_changed(database: Database) -> None:
    change(database, CREAM, NOON)
    change(database, replace(CREAM, price_fen=8900, tags=("保湿", "新品")), LATER)
    assert audit(database)[-1] == ("product.change", {"changed": ["price_fen", "tags"]})


def test_stock_changes_alone(database: Database) -> None:
    change(database, CREAM, NOON)
    with database.write() as session:
        change_stock(session, TENANT, "A1", 0, actor="till", now=LATER)
    assert ProductContent.of(product(database)) == replace(CREAM, stock=0)  # type: ignore[arg-type]


def test_two_editors_cannot_overwrite_each_other(database: Database) -> None:
    change(database, CREAM, NOON)
    change(database, replace(CREAM, stock=2), LATER, expected_at=NOON)
    with pytest.raises(StaleVersionError, match="read it again"):
        change(database, replace(CREAM, stock=9), LATER, expected_at=NOON)
    assert product(database).stock == 2  # type: ignore[union-attr]


def test_a_deleted_product_is_gone_and_told_to_the_index(database: Database) -> None:
    change(database, CREAM, NOON)
    with database.write() as session:
        delete_product(session, TENANT, "A1", actor="ann", now=LATER)
    assert product(database) is None
    assert n_changes(database) == 2
    assert audit(database)[-1] == ("product.delete", {"name": "面霜"})
    with database.write() as session, pytest.raises(NotFoundError):
        delete_product(session, TENANT, "A1", actor="ann", now=LATER)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (ProductContent(""), "name"),
        (ProductContent("面霜", price_fen=-1), "price_fen"),
        (ProductContent("面霜", stock=-1), "stock"),
        (ProductContent("面霜", replenish_days=0), "replenish_days"),
        (ProductContent("面霜", audience={"x": 1}), "audience"),
    ],
)
def test_content_that_breaks_a_rule_is_refused(database: Database, content: ProductContent, field: str) -> None:
    with pytest.raises(InvalidValueError, match=field):
        change(database, content, NOON)
    assert product(database) is None
