"""Names and deeds from files and from a workspace."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from copilot.mining.inputs import Deed, Files, Known, add_files, known_of_workspace
from knowledge.errors import ImportFileError
from knowledge.imports.cells import CHINA_TIME, ReadingRules
from knowledge.tables import DEFAULT_TENANT

RULES = ReadingRules(CHINA_TIME, datetime(2026, 11, 1, tzinfo=UTC))


def file(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_files_say_names_and_what_customers_did(tmp_path: Path) -> None:
    files = Files(
        products=file(tmp_path, "products.csv", "sku,name\nP1,舒缓面霜\n"),
        customers=file(tmp_path, "customers.csv", "id,name\nc1,陈小国\nc2,\n"),
        orders=file(tmp_path, "orders.csv", "order_id,customer_id,sku,ordered_at\no1,c1,P1,2026-01-01 08:00\n"),
        events=file(tmp_path, "events.csv", "customer_id,kind,at\nc2,complaint,2026-01-01T00:00:01Z\n"),
    )
    known = Known(products={"舒缓面霜": "old", "水光精华": "P2"})
    add_files(known, files, RULES)
    assert known.products == {"舒缓面霜": "P1", "水光精华": "P2"}
    assert known.customers == {"c1": "陈小国"}
    assert known.deeds == [Deed("c1", "purchase", 1_767_225_600.0), Deed("c2", "complaint", 1_767_225_601.0)]


def test_what_was_given_back_or_came_to_nothing_is_no_deed(tmp_path: Path) -> None:
    rows = ["1,10,paid", "1,10,已取消", "1,10,refunded", "-1,-10,paid", "-1,10,", "1,-10,", ",,"]
    header = "order_id,customer_id,sku,ordered_at,quantity,amount,status\n"
    content = "".join(f"o{n},c{n},P1,2026-01-01 08:00,{row}\n" for n, row in enumerate(rows))
    known = Known()
    add_files(known, Files(orders=file(tmp_path, "orders.csv", header + content)), RULES)
    assert [deed.customer_id for deed in known.deeds] == ["c0", "c6"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("order_id,customer_id,sku\no1,c1,P1\n", r"orders\.csv: line 1: .*ordered_at"),
        (
            "order_id,customer_id,sku,ordered_at\no1,c1,P1,bald\n",
            r"orders\.csv: line 2, ordered_at: got 'bald', expected a",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_value(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(ImportFileError, match=told):
        add_files(Known(), Files(orders=file(tmp_path, "orders.csv", content)), RULES)


def test_a_workspace_knows_its_products_and_customers(shop: Any) -> None:
    shop.add_product("P1", "舒缓面霜")
    shop.add_customer("c1", name="陈小国")
    shop.add_customer("c2")
    known = known_of_workspace(shop.workspace, DEFAULT_TENANT, {"a1": "温若宁", "a2": ""}, "栖白集")
    assert (known.products, known.customers) == ({"舒缓面霜": "P1"}, {"c1": "陈小国"})
    texts = ["栖白集的温若宁推荐舒缓面霜"]
    assert known.names().with_slots(texts) == ["{{shop.name}}的{{agent.name}}推荐{{product.name}}"]


def test_nothing_known_has_no_names() -> None:
    assert Known().names().slot_of == {}
