import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.index.items import IndexItem, count_items, read_items, without_slots
from knowledge.tables import IndexKind


def items(shop: Any, kind: IndexKind, ids: list[str] | None = None) -> list[IndexItem]:
    with shop.workspace.database.read() as session:
        found = list(read_items(session, shop.tenant_id, kind, ids))
        if ids is None:
            assert count_items(session, shop.tenant_id, kind) == len(found)
    return found


def test_a_published_script_becomes_an_item_with_its_texts_and_rule(shop: Any) -> None:
    shop.publish(
        "hello",
        "{{customer.name}}您好，{{product.name}}今天有货。",
        "在吗",
        " 在吗 ",
        "",
        "有人吗",
        scenes=("direct",),
        audience={"all": ["会员"]},
        skus=("A1",),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    (found,) = items(shop, IndexKind.SCRIPT)
    assert (found.item_id, found.version) == ("hello", 1)
    assert found.texts == {"trigger": ("在吗", "有人吗"), "reply": ("您好， 今天有货。",)}
    assert found.labels["kind"] == "script"
    assert json.loads(found.labels["rule"]) == {
        "audience": {"all": ["会员"]},
        "scenes": ["direct"],
        "channels": [],
        "scope": "organisation",
    }
    assert found.numbers == {"valid_from": 1767225600.0, "valid_to": math.inf}


def test_only_the_live_version_is_an_item(shop: Any) -> None:
    shop.publish("s", "第一版")
    shop.publish("s", "第二版")
    shop.publish("t", "已下架")
    shop.retire("t")
    assert [(item.item_id, item.version, item.texts["reply"]) for item in items(shop, IndexKind.SCRIPT)] == [
        ("s", 2, ("第二版",))
    ]


def test_a_product_that_is_not_sold_is_no_item(shop: Any) -> None:
    shop.product("A1", "面霜", price_fen=9900, stock=0, brand="花间", tags=("保湿",), attributes={"肤质": ["干", "中"]})
    shop.product("A2", "乳液", status="discontinued")
    shop.product("A3", "精华")
    first, second = items(shop, IndexKind.PRODUCT)
    assert first.texts == {"text": ("面霜", "面霜 花间 保湿 肤质 干 中")}
    assert first.numbers == {"stock": 0.0, "price_fen": 9900.0}
    assert second.item_id == "A3"
    assert second.texts == {"text": ("精华",)}
    assert second.numbers["stock"] == math.inf
    assert math.isnan(second.numbers["price_fen"])


def test_a_passage_carries_its_heading(shop: Any) -> None:
    shop.passage("m#1", "七天内可退。", heading="退货")
    (found,) = items(shop, IndexKind.PASSAGE)
    assert found.texts == {"text": ("退货\n七天内可退。",)}


def test_asking_for_ids_gives_only_those_that_are_live(shop: Any) -> None:
    for number in range(3):
        shop.publish(f"s{number}", f"回复{number}")
    shop.retire("s1")
    assert [item.item_id for item in items(shop, IndexKind.SCRIPT, ["s2", "s1", "s0", "none"])] == ["s0", "s2"]
    assert items(shop, IndexKind.SCRIPT, []) == []


def test_another_tenants_items_are_not_read(shop: Any) -> None:
    shop.other_tenant("other").publish("s", "别家的")
    assert items(shop, IndexKind.SCRIPT) == []


def test_customers_are_not_searched(shop: Any) -> None:
    assert items(shop, IndexKind.CUSTOMER, ["c1"]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {{customer.name}}, your order {{order.id}} is here.", "Hi, your order is here."),
        ("亲{{customer.name}}，在的", "亲，在的"),
        ("{{a}}{{b}}", ""),
        ("没有空位", "没有空位"),
        ("第一行\n\n第二行", "第一行\n\n第二行"),
    ],
)
def test_slots_leave_no_gap(text: str, expected: str) -> None:
    assert without_slots(text) == expected


def test_the_texts_hash_tells_texts_and_fields_apart() -> None:
    def hash_of(**texts: tuple[str, ...]) -> bytes:
        return IndexItem("a", 1, texts, {}, {}).texts_hash

    assert hash_of(trigger=("a", "b")) == hash_of(trigger=("a", "b"))
    assert len({hash_of(trigger=("a", "b")), hash_of(trigger=("ab",)), hash_of(trigger=("a",), reply=("b",))}) == 3
