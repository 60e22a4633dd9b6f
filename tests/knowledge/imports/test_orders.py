"""Orders: rows are lines, which together make orders."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

HEADER = "order_id,customer_id,sku,ordered_at,quantity,amount,status\n"
LINES = "SELECT order_id, sku, quantity, amount_fen FROM order_line ORDER BY 1, 2"
STATUSES = "SELECT at, status FROM order_status_change ORDER BY at"


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.n_added, report.n_changed, report.n_unchanged, report.n_rejected


def test_rows_of_one_order_may_stand_apart(load: Load, rows: Rows) -> None:
    report = load(
        "orders",
        f"{HEADER}o1,c1,A,2026-01-05 10:00,1,10,paid\n"
        "o2,c2,A,2026-01-06,1,10,paid\n"
        "o1,c1,B,2026-01-05 10:01,2,5.5,paid\n",
    )
    assert counts(report) == (3, 0, 0, 0)
    assert rows('SELECT id, customer_id, ordered_at, status FROM "order" ORDER BY id') == [
        ("o1", "c1", "2026-01-05 02:00:00.000000", "paid"),
        ("o2", "c2", "2026-01-05 16:00:00.000000", "paid"),
    ]
    assert rows(LINES) == [("o1", "A", 1.0, 1000), ("o1", "B", 2.0, 550), ("o2", "A", 1.0, 1000)]


def test_the_same_product_twice_in_an_order_adds_up_once(
    load: Load, rows: Rows, contents: Callable[[], object]
) -> None:
    content = f"{HEADER}o1,c1,A,2026-01-05,1,10,\no1,c1,A,2026-01-05,2,20,\no1,c1,A,2026-01-05,1,8,\n"
    assert counts(load("orders", content)) == (3, 0, 0, 0)
    assert rows(LINES) == [("o1", "A", 4.0, 3800)]
    before = contents()
    assert counts(load("orders", content)) == (0, 0, 3, 0)
    assert contents() == before


def test_a_row_repeated_with_another_status_is_the_same_line_later(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,已付款\no1,c1,A,2026-01-07,1,10,已发货\n")
    assert rows(LINES) == [("o1", "A", 1.0, 1000)]
    assert rows('SELECT ordered_at, status FROM "order"') == [("2026-01-04 16:00:00.000000", "shipped")]
    assert rows(STATUSES) == [("2026-01-04 16:00:00.000000", "paid"), ("2026-01-06 16:00:00.000000", "shipped")]


def test_a_new_status_in_a_later_file_is_added_to_the_history(load: Load, rows: Rows, clock: Any) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,paid\n")
    clock.now += timedelta(hours=1)
    assert counts(load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,refunded\n")) == (0, 1, 0, 0)
    assert rows(STATUSES) == [("2026-01-04 16:00:00.000000", "paid"), ("2026-11-21 05:00:00.000000", "refunded")]


def test_refunds_are_accepted_and_counted(load: Load, rows: Rows) -> None:
    report = load("orders", f"{HEADER}o1,c1,A,2026-01-05,2,20,paid\no1,c1,A,2026-02-05,-1,-10,refunded\n")
    assert rows(LINES) == [("o1", "A", 1.0, 1000)]
    assert ("refunds", 1, ("o1",)) in [(each.name, each.count, each.examples) for each in report.warnings]


def test_a_later_file_replaces_the_lines_it_names_and_keeps_the_others(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,\no1,c1,B,2026-01-05,1,10,\n")
    assert counts(load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,30,\no1,c1,C,2026-01-05,1,10,\n")) == (1, 1, 0, 0)
    assert rows(LINES) == [("o1", "A", 3.0, 3000), ("o1", "B", 1.0, 1000), ("o1", "C", 1.0, 1000)]


def test_a_missing_quantity_is_one_and_a_missing_amount_unknown(load: Load, rows: Rows) -> None:
    load("orders", "order_id,customer_id,sku,ordered_at\no1,c1,A,2026-01-05\n")
    assert rows(LINES) == [("o1", "A", 1.0, None)]


def test_an_order_has_one_customer(load: Load, rows: Rows) -> None:
    report = load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,1,\no1,c2,B,2026-01-05,1,1,\n")
    assert counts(report) == (1, 0, 0, 1)
    assert (report.rejected[0].line, report.rejected[0].column, report.rejected[0].value) == (3, "customer_id", "c2")
    assert rows(LINES) == [("o1", "A", 1.0, 100)]


def test_unknown_customers_and_products_are_accepted_and_named(load: Load) -> None:
    load("products", "sku,name\nA,x\n")
    load("customers", "id\nc1\n")
    report = load("orders", f"{HEADER}o1,c1,A,2026-01-05,,,\no2,c9,A,2026-01-05,,,\no2,c9,Z,2026-01-05,,,\n")
    assert report.n_added == 3
    assert [(each.name, each.count, each.examples) for each in report.warnings] == [
        ("unknown_customers", 2, ("c9",)),
        ("unknown_skus", 1, ("Z",)),
    ]


def test_a_customer_is_announced_once_for_all_orders(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,,,\no2,c1,B,2026-01-05,,,\no3,c2,B,2026-01-05,,,\n")
    assert rows("SELECT kind, item_id FROM index_change ORDER BY seq") == [("customer", "c1"), ("customer", "c2")]


def test_more_rows_than_one_transaction_holds_are_all_kept(load: Load, rows: Rows) -> None:
    content = HEADER + "".join(f"o{n % 7000},c{n % 100},S{n // 7000},2026-01-05,1,1,\n" for n in range(14_000))
    assert counts(load("orders", content)) == (14_000, 0, 0, 0)
    assert rows('SELECT (SELECT count(*) FROM "order"), (SELECT sum(quantity) FROM order_line)') == [(7000, 14000.0)]
    assert counts(load("orders", content)) == (0, 0, 14_000, 0)


def test_a_receipt_may_list_a_product_twice_with_something_that_tells_its_rows_apart(load: Load, rows: Rows) -> None:
    row = "o1,c1,A,2026-01-05,1,10,paid"
    report = load("orders", f"{HEADER}{row}\n{row}\n")
    assert ("repeated_rows", 1) in [(each.name, each.count) for each in report.warnings]
    assert rows(LINES) == [("o1", "A", 1.0, 1000)]
    header = HEADER.replace("\n", ",line_id\n")
    assert counts(load("orders", f"{header}{row},1\n{row},2\n")) == (0, 2, 0, 0)
    assert rows(LINES) == [("o1", "A", 2.0, 2000)]


def test_a_column_we_do_not_know_tells_rows_apart_too(load: Load, rows: Rows) -> None:
    header, row = HEADER.replace("\n", ",Till,item no\n"), "o1,c1,A,2026-01-05,1,10,paid"
    content = f"{header}{row},3,1\n{row},3,2\n{row},3,2\n{row},,\n"
    report = load("orders", content)
    assert counts(report) == (3, 0, 1, 0)
    assert (report.unknown_columns, rows(LINES)) == (("till", "item no"), [("o1", "A", 3.0, 3000)])
    assert counts(load("orders", content)) == (0, 0, 4, 0)


def test_a_row_repeated_with_another_status_is_the_same_line_whatever_an_unknown_column_says(
    load: Load, rows: Rows
) -> None:
    header, row = HEADER.replace("\n", ",updated\n"), "o1,c1,A,2026-01-05,1,10"
    assert counts(load("orders", f"{header}{row},paid,10:00\n{row},shipped,11:00\n")) == (2, 0, 0, 0)
    assert rows(LINES) == [("o1", "A", 1.0, 1000)]


def test_unknown_fields_of_json_lines_tell_rows_apart_unless_they_are_empty(load: Load, rows: Rows) -> None:
    row = {"order_id": "o1", "customer_id": "c1", "sku": "A", "ordered_at": "2026-01-05"}
    alike = [row, {**row, "till": None}, {**row, "till": ""}]
    apart = [{**row, "till": 1}, {**row, "till": 2}]
    content = "".join(json.dumps(each) + "\n" for each in alike + apart)
    assert counts(load("orders", content, "orders.jsonl")) == (3, 0, 2, 0)
    assert rows(LINES) == [("o1", "A", 3.0, None)]
