"""Orders that are wrong or odd: counted in the report, never a crash, never silently wrong."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from knowledge.imports import ImportKind, ImportReport, import_file, import_folder
from knowledge.tables import OrderLine
from knowledge.workspace import Workspace

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]

HEADER = "order_id,customer_id,sku,ordered_at,quantity,amount,status\n"
LINES = "SELECT order_id, sku, quantity, amount_fen FROM order_line ORDER BY 1, 2"
ORDERS = 'SELECT id, ordered_at, status FROM "order" ORDER BY id'
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MIDNIGHT = "2026-01-04 16:00:00.000000"


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.n_added, report.n_changed, report.n_unchanged, report.n_rejected


def warnings(report: ImportReport) -> dict[str, tuple[int, tuple[str, ...]]]:
    unknown = {"unknown_customers", "unknown_skus"}
    return {each.name: (each.count, each.examples) for each in report.warnings if each.name not in unknown}


@pytest.mark.parametrize(
    "refund",
    ["-1,-10,", "-1,10,", "1,-10,", ",-10,", "-1,-¥10.00,", "1,10,refunded", ",10,已退货", "1,10,退款成功"],
)  # fmt: skip
def test_what_was_given_back_is_taken_off_what_was_bought(load: Load, rows: Rows, refund: str) -> None:
    bought = "o1,c1,A,2026-01-05,3,30,paid\no1,c1,B,2026-01-05,1,5,paid\n"
    report = load("orders", f"{HEADER}{bought}o1,c1,A,2026-01-09,{refund}\n")
    assert rows(LINES) == [("o1", "A", 2.0, 2000), ("o1", "B", 1.0, 500)]
    assert rows(ORDERS) == [("o1", MIDNIGHT, "paid")], "an order of which something was kept is not a refunded one"
    assert sum(warnings(report)[name][0] for name in ("refunds", "undone_lines") if name in warnings(report)) == 1
    assert sum(counts(report)) == 3


def test_a_product_given_back_leaves_the_others_of_its_order(load: Load, rows: Rows) -> None:
    content = f"{HEADER}o1,c1,A,2026-01-05,1,10,paid\no1,c1,B,2026-01-05,2,20,refunded\n"
    assert warnings(load("orders", content)) == {"undone_lines": (1, ("o1",))}
    assert rows(LINES) == [("o1", "A", 1.0, 1000), ("o1", "B", 0.0, 0)]
    assert rows(ORDERS) == [("o1", MIDNIGHT, "paid")]
    assert counts(load("orders", content)) == (0, 0, 2, 0)


def test_a_product_given_back_in_a_later_file_leaves_the_others_of_its_order(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,paid\no1,c1,B,2026-01-05,2,20,paid\n")
    later = f"{HEADER}o1,c1,B,2026-02-05,2,20,refunded\n"
    assert counts(load("orders", later)) == (0, 1, 0, 0)
    assert rows(LINES) == [("o1", "A", 1.0, 1000), ("o1", "B", 0.0, 0)]
    assert rows(ORDERS) == [("o1", MIDNIGHT, "paid")]
    assert counts(load("orders", later)) == (0, 0, 1, 0)
    load("orders", f"{HEADER}o1,c1,A,2026-02-06,1,10,refunded\n")
    assert rows(ORDERS) == [("o1", MIDNIGHT, "refunded")], "nothing of it is left"


@pytest.mark.parametrize("back", ["-1,-10,", "-1,-10,refunded", "1,-10,", "1,10,refunded", ",10,已退货"])
def test_a_part_given_back_in_a_later_file_leaves_the_purchase_and_is_named(load: Load, rows: Rows, back: str) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,30,paid\n")
    for _ in range(2):
        report = load("orders", f"{HEADER}o1,c1,A,2026-02-05,{back}\n")
        assert counts(report) == (0, 0, 1, 0)
        assert warnings(report)["unmatched_refunds"] == (1, ("o1 A",))
        assert rows(LINES) == [("o1", "A", 3.0, 3000)]
        assert rows(ORDERS) == [("o1", MIDNIGHT, "paid")]
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,30,paid\no1,c1,A,2026-02-05,{back}\n")
    assert rows(LINES) == [("o1", "A", 2.0, 2000)], "with the purchase beside it, it can be taken off"


@pytest.mark.parametrize("back", ["-3,-30,", "3,-30,", "-2,-20,\no1,c1,A,2026-02-06,-1,-10,", "-4,-40,"])
def test_a_purchase_given_back_whole_in_a_later_file_is_none(load: Load, rows: Rows, back: str) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,30,paid\no1,c1,B,2026-01-05,1,5,paid\n")
    refund = f"{HEADER}o1,c1,A,2026-02-05,{back}\n"
    n_rows = refund.count("o1")
    report = load("orders", refund)
    assert (counts(report), set(warnings(report))) == ((0, n_rows, 0, 0), {"refunds"})
    assert rows(LINES) == [("o1", "A", 0.0, 0), ("o1", "B", 1.0, 500)]
    assert counts(load("orders", refund)) == (0, 0, n_rows, 0), "the same file again changes nothing"


@pytest.mark.parametrize("back", ["-1,-10,refunded", "1,10,refunded", "-3,-30,refunded"])
def test_an_order_that_came_to_nothing_keeps_what_it_was_of(load: Load, rows: Rows, back: str) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,30,paid\n")
    load("orders", f"{HEADER}o1,c1,A,2026-02-05,3,30,refunded\n")
    report = load("orders", f"{HEADER}o1,c1,A,2026-02-05,{back}\n")
    assert counts(report) == (0, 0, 1, 0)
    assert (rows(LINES), rows(ORDERS)) == ([("o1", "A", 3.0, 3000)], [("o1", MIDNIGHT, "refunded")])


def test_an_order_of_unknown_amount_given_back_in_a_later_file_stays_of_unknown_amount(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,3,,paid\n")
    load("orders", f"{HEADER}o1,c1,A,2026-02-05,-3,-30,\n")
    assert rows(LINES) == [("o1", "A", 0.0, None)]


def test_what_is_given_back_to_the_last_gram_leaves_nothing(load: Load, rows: Rows) -> None:
    bought = "o1,c1,A,2026-01-05,0.1,1,\no1,c1,A,2026-01-05,0.2,2,\no1,c1,B,2026-01-05,1,5,\n"
    load("orders", f"{HEADER}{bought}o1,c1,A,2026-01-09,-0.3,-3,\n")
    assert rows(LINES) == [("o1", "A", 0.0, 0), ("o1", "B", 1.0, 500)]


def test_a_refund_that_nothing_was_bought_for_is_no_purchase_and_is_named(load: Load, rows: Rows) -> None:
    report = load("orders", f"{HEADER}r1,c1,A,2026-01-05,-1,-10,\n")
    assert rows(LINES) == [("r1", "A", -1.0, -1000)]
    assert warnings(report) == {"refunds": (1, ("r1",)), "unmatched_refunds": (1, ("r1 A",))}


def test_a_refund_written_twice_is_given_back_once(load: Load, rows: Rows) -> None:
    bought = "o1,c1,A,2026-01-05,2,20,paid\no1,c1,B,2026-01-05,1,5,paid\n"
    report = load("orders", f"{HEADER}{bought}o1,c1,A,2026-01-09,1,10,refunded\no1,c1,A,2026-01-09,-1,-10,\n")
    assert rows(LINES) == [("o1", "A", 1.0, 1000), ("o1", "B", 1.0, 500)]
    assert warnings(report) == {"undone_lines": (1, ("o1",)), "refunds": (1, ("o1",))}


def test_rows_exactly_alike_count_once(load: Load, rows: Rows) -> None:
    row = "o1,c1,A,2026-01-05,1,10,paid\n"
    report = load("orders", HEADER + row + "o2,c1,A,2026-01-05,1,10,paid\n" + row + row)
    assert counts(report) == (2, 0, 2, 0)
    assert warnings(report) == {"repeated_rows": (2, ("o1",))}
    assert rows(LINES) == [("o1", "A", 1.0, 1000), ("o2", "A", 1.0, 1000)]


def test_lines_with_ids_of_their_own_are_not_alike(load: Load, rows: Rows) -> None:
    header = "order_id,customer_id,sku,ordered_at,amount,line_id\n"
    report = load("orders", f"{header}o1,c1,A,2026-01-05,10,1\no1,c1,A,2026-01-05,10,2\no1,c1,A,2026-01-05,10,2\n")
    assert counts(report) == (2, 0, 1, 0)
    assert rows(LINES) == [("o1", "A", 2.0, 2000)]


def test_a_clock_that_is_ahead_is_counted_and_a_time_beyond_a_day_rejected(load: Load) -> None:
    times = ("2026-11-21 12:00", "2026-11-21 12:01", "2026-11-22 12:00", "2026-11-22 12:01", "2096-01-01")
    rows = [f"o{place},c1,A,{time},1,1,\n" for place, time in enumerate(times)]
    report = load("orders", HEADER + "".join(rows))  # it is noon in Shanghai
    assert counts(report) == (3, 0, 0, 2)
    assert warnings(report) == {"clock_skew": (2, ("o1", "o2"))}
    assert [(row.line, row.column, row.value) for row in report.rejected] == [
        (5, "ordered_at", "2026-11-22 12:01"),
        (6, "ordered_at", "2096-01-01"),
    ]
    assert report.rejected[0].expected == (
        "a time that is not in the future by more than a day (it is now 2026-11-21 04:00 UTC)"
    )


def test_an_order_has_one_time(load: Load, rows: Rows) -> None:
    report = load(
        "orders",
        f"{HEADER}o1,c1,A,2026-01-05 10:00,1,1,\no1,c1,B,2026-01-06 09:00,1,1,\no1,c1,C,2026-03-05 10:00,1,1,\n",
    )
    assert counts(report) == (2, 0, 0, 1)
    assert str(report.rejected[0]) == (
        "line 4, column ordered_at: ordered_at: got 2026-03-05 02:00+00:00, but the order 'o1' is of "
        "2026-01-05 02:00+00:00 on line 2, expected one time for each order, give or take a day"
    )
    assert rows('SELECT ordered_at FROM "order"') == [("2026-01-05 02:00:00.000000",)]


def test_refunds_and_later_statuses_come_when_they_come(load: Load, rows: Rows) -> None:
    report = load(
        "orders",
        f"{HEADER}o1,c1,A,2026-01-05,2,2,paid\no1,c1,A,2026-01-09,2,2,shipped\no1,c1,A,2026-03-05,-1,-1,paid\n",
    )
    assert report.n_rejected == 0
    assert rows(LINES) == [("o1", "A", 1.0, 100)]
    assert rows(ORDERS) == [("o1", MIDNIGHT, "shipped")]


def test_a_refund_in_a_later_file_moves_no_order_to_its_own_time(load: Load, rows: Rows) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,paid\n")
    refund = f"{HEADER}o1,c1,A,2026-03-05,-1,-10,refunded\n"
    load("orders", refund)
    assert rows(ORDERS) == [("o1", MIDNIGHT, "refunded")]
    assert counts(load("orders", refund)) == (0, 0, 1, 0)


def test_an_order_that_goes_over_to_another_customer_is_named(load: Load) -> None:
    load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,10,\n")
    report = load("orders", f"{HEADER}o1,c2,A,2026-01-05,1,10,\n")
    assert warnings(report) == {"moved_orders": (1, ("o1",))}


@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        ("10", 1000), ("¥10", 1000), ("10元", 1000), ("CNY 10", 1000), ("-￥10", -1000),
        ("$10", None), ("€10", None), ("10 USD", None), ("US$ 1,0", "rejected"), ("10美元", None),
        ("¥10 USD", "rejected"), ("10 XYZ", "rejected"),
    ],
)  # fmt: skip
def test_an_amount_in_another_currency_than_the_products_is_left_out_and_counted(
    load: Load, rows: Rows, amount: str, kept: object
) -> None:
    load("products", "sku,name\nA,x\n")
    report = load("orders", f'{HEADER}o1,c1,A,2026-01-05,1,"{amount}",\n')
    if kept == "rejected":
        assert (report.n_rejected, report.rejected[0].value) == (1, amount)
        return
    assert rows("SELECT amount_fen FROM order_line") == [(kept,)]
    assert ("other_currencies" in warnings(report)) == (kept is None)


def test_amounts_in_two_currencies_are_not_added_up(load: Load, rows: Rows) -> None:
    report = load("orders", f"{HEADER}o1,c1,A,2026-01-05,1,¥70,\no1,c1,A,2026-01-05,1,$10,\n")
    assert rows(LINES) == [("o1", "A", 2.0, None)]
    assert warnings(report) == {"other_currencies": (1, ("o1 A",))}


def test_a_product_says_what_its_orders_are_paid_in(load: Load, rows: Rows) -> None:
    load("products", "sku,name,currency\nA,x,USD\nB,x,USD\nC,x,CNY\n")
    header = "order_id,customer_id,sku,ordered_at,amount,currency\n"
    lines = [("A", "$1", ""), ("B", "1", "usd"), ("C", "1", "USD"), ("gone", "1", "USD"), ("A2", "¥1", "JPY")]
    content = header + "".join(f"o-{sku},c1,{sku},2026-01-05,{amount},{money}\n" for sku, amount, money in lines)
    report = load("orders", content)
    found = dict(rows("SELECT sku, amount_fen FROM order_line"))
    assert found == {"A": 100, "B": 100, "C": None, "gone": 100, "A2": None}, "most products are sold in dollars"
    assert warnings(report) == {"other_currencies": (2, ("o-A2 A2", "o-C C"))}


def test_an_amount_in_another_currency_than_its_column_says_is_rejected(load: Load) -> None:
    report = load("orders", "order_id,customer_id,sku,ordered_at,amount,currency\no1,c1,A,2026-01-05,€1,USD\n")
    assert report.n_rejected == 1
    assert report.rejected[0].expected == "an amount in USD, as the column currency says, not in EUR"


def test_a_dry_run_knows_what_products_of_the_same_folder_are_sold_in(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "products.csv").write_text("sku,name,currency\nA,x,USD\n", encoding="utf-8")
    orders = "order_id,customer_id,sku,ordered_at,amount\no1,c1,A,2026-01-05,$1\no2,c1,A,2026-01-05,€1\n"
    (tmp_path / "in" / "orders.csv").write_text(orders, encoding="utf-8")
    for is_rehearsal in (True, False):
        reports = import_folder(workspace.database, "default", tmp_path / "in", now=lambda: NOW, dry_run=is_rehearsal)
        assert warnings(reports[1]) == {"other_currencies": (1, ("o2 A",))}


def test_a_dry_run_knows_what_most_products_will_be_sold_in(workspace: Workspace, tmp_path: Path) -> None:
    def write(name: str, text: str) -> None:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "products.csv").write_text(text, encoding="utf-8")
        orders = "order_id,customer_id,sku,ordered_at,amount\no1,c1,gone,2026-01-05,$1\no2,c1,B,2026-01-05,¥1\n"
        (tmp_path / name / "orders.csv").write_text(orders, encoding="utf-8")

    def foreign(name: str, *, dry_run: bool) -> dict[str, tuple[int, tuple[str, ...]]]:
        reports = import_folder(workspace.database, "default", tmp_path / name, now=lambda: NOW, dry_run=dry_run)
        return {key: found for key, found in warnings(reports[1]).items() if key == "other_currencies"}

    write("first", "sku,name,currency\nA,x,USD\nB,x,USD\n")
    assert foreign("first", dry_run=True) == foreign("first", dry_run=False) == {"other_currencies": (1, ("o2 B",))}
    write("second", "sku,name,currency\nA,x,CNY\nB,x,CNY\n")
    assert (
        foreign("second", dry_run=True) == foreign("second", dry_run=False) == {"other_currencies": (1, ("o1 gone",))}
    )
    write("third", "sku,name,price\nA,x,US$1\nB,x,2\nC,x,US$1\n")
    assert foreign("third", dry_run=True) == foreign("third", dry_run=False) == {}


GOOD = st.tuples(st.integers(0, 9), st.sampled_from("ABC"), st.integers(1, 5), st.integers(1, 99))
"""An order, a product, a quantity and a price in whole yuan."""

BAD = st.sampled_from(
    [
        ",c1,A,2026-01-05,1,1,", "x1,,A,2026-01-05,1,1,", "x1,c1,,2026-01-05,1,1,", "x1,c1,A,,1,1,",
        "x1,c1,A,soon,1,1,",
        "x1,c1,A,1767571200,1,1,", "x1,c1,A,2096-01-05,1,1,", "x1,c1,A,2026-02-30,1,1,", "x1,c1,A,2026-01-05,two,1,",
        "x1,c1,A,2026-01-05,1,much,", "x1,c1,A,2026-01-05,1,¥1 USD,", "x1,c1,A,2026-01-05,1,1e300,",
        "x1,c1", "x1,c1,A,2026-01-05,1,1,,,more", "x1,c1,te\x07a,2026-01-05,1,1,",
    ]
)  # fmt: skip
ODD = st.sampled_from(
    [
        "y1,c1,gone,2026-01-05,1,1,", "y2,nobody,A,2026-01-05,1,1,", "y3,c1,A,2026-01-05,-1,-1,",
        "y4,c1,A,2026-01-05,1,-1,",
        "y5,c1,A,2026-11-22,1,1,", "y6,c1,A,2026-01-05,1,$1,", "y7,c1,A,2026-01-05,1,1,cancelled",
        "y8,c1,A,2026-01-05T10:00:00-05:00,,,", "y9,c1,A,2026-01-05,0,0,unheard of",
    ]
)  # fmt: skip
tenants = itertools.count()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(good=st.lists(GOOD, unique_by=lambda line: line[:2], min_size=1, max_size=12), others=st.data())
def test_among_bad_rows_every_good_one_is_kept_and_every_row_counted(
    workspace: Workspace, tmp_path: Path, good: list[tuple[int, str, int, int]], others: st.DataObject
) -> None:
    lines = [f"o{order},c{order},{sku},2026-01-05,{quantity},{price}.00,paid" for order, sku, quantity, price in good]
    bad, odd = (others.draw(st.lists(each, max_size=8)) for each in (BAD, ODD))
    contradicting = [
        f"o{good[0][0]},somebody else,A,2026-01-05,1,1,",
        f"o{good[0][0]},c{good[0][0]},A,2025-01-05,1,1,paid",
    ]
    shuffled = others.draw(st.permutations(lines + bad + odd)) + contradicting
    path, tenant = tmp_path / "orders.csv", f"t{next(tenants)}"
    path.write_text(HEADER + "".join(f"{line}\n" for line in shuffled), encoding="utf-8")

    def load_orders() -> ImportReport:
        return import_file(workspace.database, tenant, ImportKind.ORDERS, path, now=lambda: NOW)

    report = load_orders()
    assert sum(counts(report)) == report.n_rows == len(shuffled)
    assert report.n_rejected == len(bad) + len(contradicting)
    assert counts(report)[0] == len(good) + len(set(odd))
    assert warnings(report).get("repeated_rows", (0, ()))[0] == len(odd) - len(set(odd))
    with workspace.database.read() as session:
        stored = session.exec(select(OrderLine).where(OrderLine.tenant_id == tenant)).all()
    kept = {(line.order_id, line.sku, line.quantity, line.amount_fen) for line in stored if line.order_id[0] == "o"}
    assert kept == {(f"o{order}", sku, quantity, price * 100) for order, sku, quantity, price in good}
    again = load_orders()
    assert counts(again)[:2] == (0, 0), "the same file again changes nothing"
    assert again.n_unchanged == report.n_added + report.n_unchanged
