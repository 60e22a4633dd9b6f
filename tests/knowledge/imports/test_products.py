"""Products: added, changed, unchanged."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.n_added, report.n_changed, report.n_unchanged, report.n_rejected


def test_products_are_counted_as_added_changed_and_unchanged(load: Load, rows: Rows, clock: Any) -> None:
    assert counts(load("products", "sku,name,price\nA,面霜,1\nB,乳液,2\n")) == (2, 0, 0, 0)
    clock.now += timedelta(hours=1)
    assert counts(load("products", "sku,name,price\nA,面霜,1\nB,乳液,3\nC,精华,4\n")) == (1, 1, 1, 0)
    assert rows("SELECT sku, price_fen, updated_at FROM product") == [
        ("A", 100, "2026-11-21 04:00:00.000000"),
        ("B", 300, "2026-11-21 05:00:00.000000"),
        ("C", 400, "2026-11-21 05:00:00.000000"),
    ]


def test_only_what_changed_is_announced(load: Load, rows: Rows) -> None:
    load("products", "sku,name\nA,x\nB,y\n")
    load("products", "sku,name\nA,x\nB,z\n")
    load("products", "sku,name\nA,x\nB,z\n")
    assert rows("SELECT kind, item_id FROM index_change ORDER BY seq") == [
        ("product", "A"),
        ("product", "B"),
        ("product", "B"),
    ]


def test_a_missing_column_leaves_values_alone_and_an_empty_cell_clears_them(load: Load, rows: Rows) -> None:
    load("products", "sku,name,price,stock,tags\nA,x,1,5,a|b\n")
    assert counts(load("products", "sku,name\nA,x\n")) == (0, 0, 1, 0)
    load("products", "sku,name,stock,tags\nA,x,,\n")
    assert rows("SELECT price_fen, stock, tags FROM product") == [(100, None, "[]")]


def test_a_sku_that_stands_twice_is_unchanged_or_rejected(load: Load, rows: Rows) -> None:
    report = load("products", "sku,name\nA,x\nA,x\nA,y\n")
    assert counts(report) == (1, 0, 1, 1)
    assert (report.rejected[0].line, report.rejected[0].value) == (4, "A")
    assert "already stands on line 2" in report.rejected[0].reason
    assert rows("SELECT name FROM product") == [("x",)]


def test_a_dry_run_counts_and_writes_nothing(load: Load, contents: Callable[[], object], rows: Rows) -> None:
    load("products", "sku,name\nA,x\nB,y\n")
    before, n_runs = contents(), rows("SELECT count(*) FROM import_run")
    assert counts(load("products", "sku,name\nA,x\nB,z\nC,c\nD,\n", dry_run=True)) == (1, 1, 1, 1)
    assert contents() == before
    assert rows("SELECT count(*) FROM import_run") == n_runs


def test_every_import_is_noted_with_its_counts(load: Load, rows: Rows) -> None:
    load("products", "sku,name\nA,x\nB,\n")
    assert rows(
        "SELECT kind, file_name, length(sha256), n_added, n_changed, n_unchanged, n_rejected, finished_at "
        "FROM import_run"
    ) == [("products", "products.csv", 64, 1, 0, 0, 1, "2026-11-21 04:00:00.000000")]


def test_another_tenants_rows_are_not_seen(load: Load, rows: Rows, workspace: Any, clock: Any, tmp_path: Any) -> None:
    from knowledge.imports import ImportKind, import_file

    load("products", "sku,name\nA,x\n")
    other = import_file(workspace.database, "other", ImportKind.PRODUCTS, tmp_path / "products.csv", now=clock)
    assert counts(other) == (1, 0, 0, 0)
    assert rows("SELECT tenant_id, sku FROM product ORDER BY 1") == [("default", "A"), ("other", "A")]


PRICES = "SELECT price_fen, currency FROM product"


@pytest.mark.parametrize(
    ("price", "currency"),
    [
        ("10", "CNY"),
        ("¥10", "CNY"),
        ("10元", "CNY"),
        ("US$10", "USD"),
        ("10 USD", "USD"),
        ("€10", "EUR"),
        ("HK$10", "HKD"),
    ],
)
@pytest.mark.parametrize("header", ["sku,name,price", "sku,name,price,currency"])
def test_a_price_says_what_it_is_in(load: Load, rows: Rows, header: str, price: str, currency: str) -> None:
    empty = "," if header.endswith("currency") else ""
    assert counts(load("products", f"{header}\nA,x,{price}{empty}\n")) == (1, 0, 0, 0)
    assert rows(PRICES) == [(1000, currency)]


def test_a_price_with_a_sign_of_several_currencies_needs_the_column(load: Load, rows: Rows) -> None:
    report = load("products", "sku,name,price\nA,x,1\nB,y,$10\n")
    assert counts(report) == (1, 0, 0, 1)
    assert str(report.rejected[0]) == (
        "line 3, column price: price: 10.00 in $, which may be AUD, CAD, HKD, MOP, NZD, SGD, TWD or USD, expected its "
        "currency in the column currency"
    )
    for content in ("sku,name,price,currency\nB,y,$10,USD\n", "sku,name,price\nB,y,$12\n"):
        assert load("products", content).n_rejected == 0
    assert rows(PRICES + " WHERE sku = 'B'") == [(1200, "USD")], "the shop is known to sell it in dollars"
    assert load("products", "sku,name,price,currency\nB,y,$12,\n").n_rejected == 1, "no longer known"


def test_a_price_in_another_currency_than_its_column_says_is_rejected(load: Load) -> None:
    report = load("products", "sku,name,price,currency\nA,x,$10,CNY\nB,y,¥10,USD\nC,z,¥10,JPY\n")
    assert (report.n_added, [row.value for row in report.rejected]) == (1, ["", ""])
    assert report.rejected[0].expected == "a price in CNY, as the column currency says, not in $"
