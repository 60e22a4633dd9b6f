"""What changes in the shop is seen in the very next answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.request import SuggestRequest
from copilot.errors import UnknownIdError
from knowledge.imports import ImportKind, import_file
from knowledge.library.changes import record_change
from knowledge.library.products import delete_product
from knowledge.tables import DEFAULT_TENANT, Customer, IndexKind

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MESSAGES = ("推荐一款面霜", "推荐一款精华", "有什么好推荐的")


def ask(shop, message: str, customer_id: str) -> SuggestionAnswer:
    return shop.engine.rehearse(SuggestRequest(message=message, customer_id=customer_id, at=NOON))[0]


def skus(shop, message: str, customer_id: str) -> list[str]:
    return [one.sku for one in ask(shop, message, customer_id).products]


def test_an_order_loaded_now_changes_the_very_next_suggestion(random_shop, tmp_path: Path) -> None:
    shop = random_shop
    n_bought = 0
    for person in shop.people.values():
        for sku in skus(shop, "推荐一款面霜", person.id)[:1]:
            file = tmp_path / "orders.csv"
            ordered_at = (NOON - timedelta(minutes=1)).isoformat()
            file.write_text(
                f"order_id,customer_id,sku,ordered_at,status\nnow-{person.id},{person.id},{sku},{ordered_at},paid\n",
                encoding="utf-8",
            )
            import_file(shop.workspace.database, DEFAULT_TENANT, ImportKind.ORDERS, file, now=lambda: NOON)
            assert sku not in skus(shop, "推荐一款面霜", person.id)
            n_bought += 1
    assert n_bought > 5


def test_a_product_that_is_removed_is_in_no_later_answer(random_shop) -> None:
    shop = random_shop
    seen = {sku for person in shop.people for message in MESSAGES for sku in skus(shop, message, person)}
    assert len(seen) >= 4
    for sku in sorted(seen):
        with shop.workspace.database.write() as session:
            delete_product(session, DEFAULT_TENANT, sku, actor="t", now=NOON)
        name = shop.products[sku]["name"]
        for person in shop.people:
            for message in (MESSAGES[0], f"推荐一款{name}"):
                answer = ask(shop, message, person)
                told = [why for one in answer.products for why in one.reasons]
                assert sku not in {one.sku for one in answer.products} | {one.item_id for one in answer.excluded}
                assert not any(name in why.text or f":{sku}+" in why.reference for why in told)


def test_a_customer_who_is_removed_is_known_to_nobody(random_shop) -> None:
    shop = random_shop
    skus(shop, "推荐一款面霜", "c1")  # now she is remembered
    with shop.workspace.database.write() as session:
        session.delete(session.get(Customer, (DEFAULT_TENANT, "c1")))
        record_change(session, DEFAULT_TENANT, IndexKind.CUSTOMER, "c1")
    with pytest.raises(UnknownIdError, match="c1"):
        skus(shop, "推荐一款面霜", "c1")
    for person in ("c2", "c3"):
        answer = ask(shop, "推荐一款面霜", person)
        assert not any("o1-" in why.reference for one in answer.products for why in one.reasons)
