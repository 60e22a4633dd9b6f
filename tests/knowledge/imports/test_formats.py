"""The same rows from every format and encoding."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

PRODUCTS = [
    {"sku": "1001", "name": "面霜", "price": 129.5, "tags": "保湿|敏感肌", "attributes": '{"size": "50 ml"}'},
    {"sku": "1002", "name": "=1+1", "price": 1299, "tags": "", "attributes": ""},
]
STORED = [
    ("1001", "面霜", 12950, ["保湿", "敏感肌"], {"size": "50 ml"}),
    ("1002", "=1+1", 129900, [], {}),
]


def delimited(delimiter: str = ",") -> str:
    lines = [delimiter.join(PRODUCTS[0])]
    for product in PRODUCTS:
        quoted = ('"' + str(value).replace('"', '""') + '"' for value in product.values())
        lines.append(delimiter.join(quoted))
    return "\r\n".join(lines) + "\r\n"


def stored_products(rows: Rows) -> list[tuple[object, ...]]:
    found = rows("SELECT sku, name, price_fen, tags, attributes FROM product ORDER BY sku")
    return [(*row[:3], json.loads(str(row[3])), json.loads(str(row[4]))) for row in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_understood_in_every_encoding(load: Load, rows: Rows, encoding: str) -> None:
    report = load("products", delimited().encode(encoding))
    assert (report.n_added, report.n_rejected, report.encoding) == (2, 0, encoding)
    assert stored_products(rows) == STORED


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_understood_with_every_delimiter(load: Load, rows: Rows, delimiter: str) -> None:
    load("products", delimited(delimiter))
    assert stored_products(rows) == STORED


def test_json_lines_are_understood(load: Load, rows: Rows) -> None:
    lines = [json.dumps(product, ensure_ascii=False) for product in PRODUCTS]
    report = load("products", "\ufeff" + "\n\n".join(lines), "products.jsonl")
    assert report.n_added == 2
    assert stored_products(rows) == STORED


def test_json_lines_may_hold_lists_and_objects(load: Load, rows: Rows) -> None:
    product = PRODUCTS[0] | {"tags": ["保湿", "敏感肌"], "attributes": {"size": "50 ml"}}
    load("products", json.dumps(product), "products.jsonl")
    assert stored_products(rows) == STORED[:1]


def test_a_workbook_is_understood_and_numbers_stay_ids(load: Load, rows: Rows, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(list(PRODUCTS[0]))
    for product in PRODUCTS:
        sheet.append([int(product["sku"]), *list(product.values())[1:]])  # type: ignore[call-overload]
    sheet["B3"].data_type = "s"  # the text =1+1, not the formula
    workbook.save(tmp_path / "products.xlsx")
    assert load("products", tmp_path / "products.xlsx").n_added == 2
    assert stored_products(rows) == STORED


def test_dates_of_a_workbook_are_in_the_zone_of_the_shop(load: Load, rows: Rows, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["order_id", "customer_id", "sku", "ordered_at", "amount"])
    sheet.append(["o1", "c1", "1001", dt.datetime(2026, 1, 5, 10, 30), 129.9])  # noqa: DTZ001  # as in a sheet
    sheet.append(["o2", "c1", "1001", dt.date(2026, 1, 6), 1])
    workbook.save(tmp_path / "orders.xlsx")
    load("orders", tmp_path / "orders.xlsx")
    assert rows('SELECT id, ordered_at FROM "order" ORDER BY id') == [
        ("o1", "2026-01-05 02:30:00.000000"),
        ("o2", "2026-01-05 16:00:00.000000"),
    ]


def test_a_long_number_that_a_workbook_has_rounded_is_no_id(load: Load, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["sku", "name"])
    sheet.append([12345678901234567890, "a"])
    workbook.save(tmp_path / "products.xlsx")
    report = load("products", tmp_path / "products.xlsx")
    assert (report.n_added, report.rejected[0].column) == (0, "sku")
    assert "15 digits" in report.rejected[0].expected


def test_parquet_is_understood_with_typed_columns(load: Load, rows: Rows, tmp_path: Path) -> None:
    table = pa.table(
        {
            "sku": ["1001", "1002"],
            "name": ["面霜", "=1+1"],
            "price": pa.array([129.5, 1299.0]),
            "tags": pa.array([["保湿", "敏感肌"], None]),
            "attributes": ['{"size": "50 ml"}', None],
        }
    )
    pq.write_table(table, tmp_path / "products.parquet", row_group_size=1)
    assert load("products", tmp_path / "products.parquet").n_added == 2
    assert stored_products(rows) == STORED


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xlsx", "parquet"])
def test_the_same_file_again_changes_nothing(
    load: Load, contents: Callable[[], object], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"products.{suffix}"
    write_products(path)
    load("products", path)
    before = contents()
    again = load("products", path)
    assert (again.n_added, again.n_changed, again.n_unchanged, again.n_rejected) == (0, 0, 2, 0)
    assert contents() == before


def write_products(path: Path) -> None:
    if path.suffix == ".csv":
        path.write_text(delimited(), encoding="utf-8", newline="")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(product) for product in PRODUCTS), encoding="utf-8")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(PRODUCTS), path)
    else:
        workbook = openpyxl.Workbook()
        assert workbook.active is not None
        for cells in (list(PRODUCTS[0]), *(list(product.values()) for product in PRODUCTS)):
            workbook.active.append(cells)
        workbook.active["B3"].data_type = "s"
        workbook.save(path)


def test_conversations_may_come_as_parquet(load: Load, rows: Rows, tmp_path: Path) -> None:
    said = [{"role": "customer", "text": "在吗", "at": dt.datetime(2026, 1, 5, 2, tzinfo=dt.UTC)}]
    pq.write_table(pa.Table.from_pylist([{"conversation_id": "k1", "messages": said}]), tmp_path / "k.parquet")
    assert load("conversations", tmp_path / "k.parquet").n_added == 1
    assert rows("SELECT position, role, text, at FROM message") == [
        (1, "customer", "在吗", "2026-01-05 02:00:00.000000")
    ]
