"""Orders before and after a cut."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.columns import read_columns
from eval.datasets.order_counts import OrderCounts
from eval.datasets.purchases import PurchaseData, read_purchases
from eval.errors import DataError, LeakError

HEADER = "order_id,customer_id,sku,ordered_at,quantity,amount\n"
ORDERS = HEADER + (
    "o2,c2,tea,2026-01-06 09:00,1,29.90\n"
    'o1,c1,tea,2026-01-05 10:00,2,"¥1,059.80"\n'
    "o1,c1,cup,2026-01-05 10:00,,\n"
)  # fmt: skip
TEST = HEADER + "o4,c3,pot,2026-01-09T10:30:00Z,1,88\no3,c1,tea,2026-01-06 09:00,1,29.9\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write_text(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


Write = Callable[[str, str], Path]


def read(write: Write, orders: str = ORDERS, test: str = TEST) -> PurchaseData:
    return read_purchases(write("orders.csv", orders), write("test.csv", test))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def times(*moments: str) -> list[np.datetime64]:
    return [np.datetime64(moment, "us") for moment in moments]


def test_lines_are_numbered_arrays_oldest_first_in_utc(write: Write) -> None:
    data = read(write)
    assert data.order_ids == ("o1", "o2", "o3", "o4")
    assert data.customer_ids == ("c1", "c2", "c3")
    assert data.skus == ("tea", "cup", "pot")
    assert data.train.order.tolist() == [0, 0, 1]
    assert data.train.customer.tolist() == [0, 0, 1]
    assert data.train.sku.tolist() == [0, 1, 0]
    assert list(data.train.ordered_at) == times("2026-01-05T02:00", "2026-01-05T02:00", "2026-01-06T01:00")
    assert data.train.quantity.tolist() == [2, 1, 1]
    np.testing.assert_array_equal(data.train.amount, np.array([1059.8, np.nan, 29.9], np.float32))
    assert (data.test.order.tolist(), data.test.customer.tolist(), data.test.sku.tolist()) == ([2, 3], [0, 2], [0, 2])
    assert list(data.test.ordered_at) == times("2026-01-06T01:00", "2026-01-09T10:30")
    assert data.cut == np.datetime64("2026-01-06T01:00")
    assert (data.counts, data.unknown_fields, data.customers, data.products) == (OrderCounts(5), (), None, None)


def test_arrays_are_compact(write: Write) -> None:
    lines = read(write).train
    kinds = [array.dtype for array in (lines.order, lines.customer, lines.sku, lines.quantity, lines.amount)]
    assert kinds == [np.int32, np.int32, np.int32, np.float32, np.float32]
    assert lines.ordered_at.dtype == np.dtype("datetime64[us]")


def test_quantity_and_amount_may_be_missing(write: Write) -> None:
    orders = "sku,Ordered_At , customer_id,order_id,colour\ntea,2026-01-05,c1,o1,red\n"
    data = read(write, orders)
    assert data.train.quantity.tolist() == [1]
    assert np.isnan(data.train.amount).all()
    assert data.unknown_fields == ("colour",)


def test_what_came_to_nothing_is_left_out_and_counted(write: Write) -> None:
    orders = HEADER.replace("\n", ",status\n") + (
        "o1,c1,tea,2026-01-05,1,10,delivered\n"
        "o2,c1,cup,2026-01-05,1,10,Refunded\n"
        "o3,c1,cup,2026-01-05,1,10,已取消\n"
        "o4,c1,cup,2026-01-05,-1,10,\n"
        "o5,c1,cup,2026-01-05,1,-10,\n"
        "o6,c1,bag,2026-01-05,0,0,\n"
        "o7,c1,cup,2026-01-07,1,10,returned\n"
    )
    data = read(write, orders)
    assert [data.skus[sku] for sku in data.train.sku] == ["tea"]
    assert data.counts == OrderCounts(n_kept=3, n_undone=3, n_refunds=2, n_taken_back=1), "of no bag nothing was bought"
    assert data.cut == np.datetime64("2026-01-04T16:00"), "an order that was returned moves no cut"
    assert "cup" not in data.skus


def test_the_formats_give_the_same_data(tmp_path: Path, write: Write) -> None:
    expected = read(write)
    for suffix, save in (("jsonl", to_json_lines), ("tsv", to_tsv), ("parquet", to_parquet), ("xlsx", to_workbook)):
        orders, test = tmp_path / f"orders.{suffix}", tmp_path / f"test.{suffix}"
        save(orders, rows_of(ORDERS))
        save(test, rows_of(TEST))
        assert_same(read_purchases(orders, test), expected)


def test_a_table_may_be_saved_as_chinese_spreadsheets_do(tmp_path: Path, write: Write) -> None:
    orders = ORDERS.replace("tea", "茶叶").replace("cup", "茶杯")
    (tmp_path / "gbk.csv").write_bytes(orders.encode("gb18030"))
    test = write("test.csv", TEST)
    data = read_purchases(tmp_path / "gbk.csv", test)
    assert data.skus[:2] == ("茶叶", "茶杯")
    assert_same(data, read_purchases(write("orders.csv", orders), test))


def test_numbers_that_a_spreadsheet_has_rounded_are_no_ids(tmp_path: Path, write: Write) -> None:
    book = openpyxl.Workbook()
    for cells in (["order_id", "customer_id", "sku", "ordered_at"], [7, 12345678901234567, 1.0, "2026-01-05"]):
        book.active.append(cells)
    book.save(tmp_path / "orders.xlsx")
    with pytest.raises(DataError, match=r"orders\.xlsx, line 2: cell 2 is 1\.23.*; expected at most 15 digits"):
        read_purchases(tmp_path / "orders.xlsx", write("test.csv", TEST))


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(write: Write) -> None:
    assert_same(read(write, "\ufeff" + ORDERS.replace("\n", "\r\n")), read(write))


def to_json_lines(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("\n".join(json.dumps({key: cell or None for key, cell in row.items()}) for row in rows))


def to_tsv(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("\t".join(rows[0]) + "\n" + "".join("\t".join(row.values()) + "\n" for row in rows))


def to_workbook(path: Path, rows: Sequence[dict[str, str]]) -> None:
    book = openpyxl.Workbook()
    book.active.append([*rows[0], None])
    book.active.append([None])
    for row in rows:
        book.active.append([as_in_a_sheet(name, cell) for name, cell in row.items()])
    book.active.cell(1, 20).value = " "
    book.save(path)


def as_in_a_sheet(name: str, cell: str) -> object:
    if name == "ordered_at" and "T" not in cell:
        return datetime.fromisoformat(cell)
    return float(cell) if name == "quantity" and cell else cell or None


def to_parquet(path: Path, rows: Sequence[dict[str, str]]) -> None:
    pq.write_table(pa.Table.from_pylist([{key: cell or None for key, cell in row.items()} for row in rows]), path)


def assert_same(one: PurchaseData, other: PurchaseData) -> None:
    assert (one.order_ids, one.customer_ids, one.skus) == (other.order_ids, other.customer_ids, other.skus)
    assert one.cut == other.cut
    for name in ("order", "customer", "sku", "ordered_at", "quantity", "amount"):
        for side in ("train", "test"):
            np.testing.assert_array_equal(getattr(getattr(one, side), name), getattr(getattr(other, side), name))


def table(**columns: object) -> pa.Table:
    some = {"order_id": [1, 2], "customer_id": [7, 8], "sku": ["tea", "cup"], "ordered_at": ["2026-01-05"] * 2}
    return pa.table({**some, **columns})


@pytest.mark.parametrize(
    ("column", "utc"),
    [
        (pa.array([datetime(2026, 1, 5, 10)] * 2, pa.timestamp("ns")), "2026-01-05T02:00"),  # noqa: DTZ001
        (pa.array([datetime(2026, 1, 5, 10)] * 2, pa.timestamp("s")), "2026-01-05T02:00"),  # noqa: DTZ001
        (pa.array([datetime(2026, 1, 5, 10)] * 2, pa.timestamp("us", "UTC")), "2026-01-05T10:00"),  # noqa: DTZ001
        (pa.array([datetime(2026, 1, 5, 10)] * 2, pa.timestamp("ms", "Asia/Shanghai")), "2026-01-05T10:00"),  # noqa: DTZ001
        (pa.array([date(2026, 1, 5)] * 2), "2026-01-04T16:00"),
        (pa.array([date(2026, 1, 5)] * 2, pa.date64()), "2026-01-04T16:00"),
        (pa.array(["2026-01-05 10:00"] * 2, pa.large_string()), "2026-01-05T02:00"),
        (pa.array(["2026-01-05 10:00"] * 2).dictionary_encode(), "2026-01-05T02:00"),
    ],
)
def test_times_of_parquet_may_be_of_any_type(tmp_path: Path, write: Write, column: pa.Array, utc: str) -> None:
    pq.write_table(table(ordered_at=column), tmp_path / "orders.parquet")
    data = read_purchases(tmp_path / "orders.parquet", write("test.csv", TEST))
    assert list(data.train.ordered_at) == times(utc, utc)
    assert data.customer_ids[:2] == ("7", "8")


def test_text_and_times_of_parquet_that_cannot_be_read_are_refused(tmp_path: Path, write: Write) -> None:
    pq.write_table(table(ordered_at=pa.array([2**62] * 2, pa.timestamp("us"))), tmp_path / "orders.parquet")
    with pytest.raises(DataError, match=r"orders\.parquet: cannot be read .*; expected a Parquet file"):
        read_purchases(tmp_path / "orders.parquet", write("test.csv", TEST))


def test_numbers_of_parquet_may_be_of_any_type(tmp_path: Path, write: Write) -> None:
    columns = table(
        customer_id=pa.array([7.0, 8.0]),
        quantity=pa.array([float("nan"), 3.0]),
        amount=pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)),
    )
    pq.write_table(columns, tmp_path / "orders.parquet")
    data = read_purchases(tmp_path / "orders.parquet", write("test.csv", TEST))
    assert data.customer_ids[:2] == ("7", "8")
    assert data.train.quantity.tolist() == [1, 3]
    np.testing.assert_array_equal(data.train.amount, np.array([1.25, np.nan], np.float32))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",c1,tea,2026-01-05,1,1", "order_id is ''; expected an id that is not empty"),
        ("o9,  ,tea,2026-01-05,1,1", "customer_id is '  '; expected an id"),
        ("o9,c1,,2026-01-05,1,1", "sku is ''; expected an id"),
        ("o9,c1,tea,,1,1", "ordered_at is ''; expected a time such as"),
        ("o9,c1,tea,2026-02-30,1,1", "ordered_at is '2026-02-30'; expected a time"),
        ("o9,c1,tea,1767571200,1,1", "ordered_at is '1767571200'; expected a time"),
        ("o9,c1,tea,2026-01-05,two,1", "quantity is 'two'; expected a number such as"),
        ("o9,c1,tea,2026-01-05,nan,1", "quantity is 'nan'"),
        ("o9,c1,tea,2026-01-05,1,inf", "amount is 'inf'; expected an amount such as"),
        ("o9,c1,tea,2026-01-05,1,1e99", "amount is '1e99'; expected a number below 10,000,000,000,000"),
        ("o9,c1,tea,2026-01-05,1,1_000", "amount is '1_000'"),
        ("o9,c1,tea,2026-01-05,1", "there are 5 cells: .*; expected 6, as in the header"),
        ("o9,c1,tea,2026-01-05,1,1,1", "there are 7 cells"),
        ("o9,c1,te\x00a,2026-01-05,1,1", "a NUL character at byte"),
        ("o2,c9,tea,2026-01-06 09:00,1,1", "customer_id is 'c9', but order 'o2' is of 'c2' on line 2; expected one"),
        ('o9,c1,"tea', "cannot be read .*; is a quotation mark left open"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(write: Write, row: str, problem: str) -> None:
    blank_and_broken_lines = '\no8,c1,"te""a",2026-01-05,1,1\n'
    with pytest.raises(DataError, match=rf"orders\.csv, line 7: {problem}"):
        read(write, ORDERS + blank_and_broken_lines + row + "\n")


def test_an_id_with_a_line_break_is_refused_on_the_line_where_its_row_begins(write: Write) -> None:
    orders = HEADER + 'o1,c1,"te\na",2026-01-05,1,1\no2,c1,tea,soon,1,1\n'
    with pytest.raises(DataError, match=r"line 4: ordered_at is 'soon'"):
        read(write, orders)
    with pytest.raises(DataError, match=r"line 2: sku is 'te\\na'; expected an id without line breaks"):
        read(write, orders.replace("soon", "2026-01-05"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"customer_id": None}, "customer_id is None; expected an id"),
        ({"customer_id": True}, "customer_id is True"),
        ({"sku": ["tea"]}, r"sku is \['tea'\]"),
        ({"ordered_at": 1767571200}, "ordered_at is 1767571200; expected a time"),
        ({"quantity": True}, "quantity is True; expected a number"),
    ],
)
def test_a_wrong_json_object_is_refused_with_its_line(
    tmp_path: Path, write: Write, row: dict[str, object], problem: str
) -> None:
    rows = [*rows_of(ORDERS), {**rows_of(ORDERS)[0], **row}]
    path = write("orders.jsonl", "\n\n".join(json.dumps(one) for one in rows))
    with pytest.raises(DataError, match=rf"orders\.jsonl, line 7: {problem}"):
        read_purchases(path, write("test.csv", TEST))


def test_a_wrong_row_of_parquet_is_counted_from_1(tmp_path: Path, write: Write) -> None:
    pq.write_table(table(sku=["tea", None]), tmp_path / "orders.parquet")
    with pytest.raises(DataError, match=r"orders\.parquet, line 2: sku is None; expected an id"):
        read_purchases(tmp_path / "orders.parquet", write("test.csv", TEST))


@pytest.mark.parametrize(
    ("orders", "problem"),
    [
        ("order_id,sku,when\n1,2,3\n", "there is no column customer_id, ordered_at, only order_id, sku, when"),
        ("order_id,sku,sku\n1,2,3\n", "line 1: the column 'sku' stands twice"),
        (HEADER, "there are no rows in it"),
        ("", "there are no rows in it"),
        (HEADER + "o1,c1,tea,2026-01-05,-1,1\n", "nothing is left of its 1 rows; expected orders that were kept"),
        (HEADER + "\n\n", "there are no rows in it"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(write: Write, orders: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"orders\.csv(, |: ){problem}"):
        read(write, orders)
    with pytest.raises(DataError, match=rf"test\.csv(, |: ){problem}"):
        read(write, ORDERS, orders)


def test_other_kinds_of_files_are_refused(tmp_path: Path, write: Write) -> None:
    good = write("test.csv", TEST)
    with pytest.raises(DataError, match=r"the suffix is '\.xls'; expected one of \.parquet, \.csv"):
        read_purchases(write("orders.xls", "x"), good)
    with pytest.raises(DataError, match=r"cannot be read .*; expected an XLSX workbook"):
        read_purchases(write("orders.xlsx", "x"), good)
    with pytest.raises(DataError, match=r"cannot be read .*; expected a Parquet file"):
        read_purchases(write("orders.parquet", "x"), good)
    with pytest.raises(DataError, match=r"cannot be read \(No such file"):
        read_purchases(tmp_path / "gone.csv", good)
    (tmp_path / "latin.csv").write_bytes((HEADER + "o1,c1,th\xe9 vert,2026-01-05,1,1\n").encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.csv, line 2: byte 9 of the line .* is not UTF-8"):
        read_purchases(tmp_path / "latin.csv", good)


def test_a_test_order_before_the_cut_is_a_leak(write: Write) -> None:
    problem = (
        r"test\.csv, line 3: ordered_at is 2026-01-06T00:59:59Z; expected a time from 2026-01-06T01:00:00Z on, "
        r"the last order of .*orders\.csv, line 2"
    )
    with pytest.raises(LeakError, match=problem):
        read(write, test=TEST.replace("2026-01-06 09:00,", "2026-01-06 08:59:59,"))


def test_a_test_order_at_the_cut_is_none(write: Write) -> None:
    assert read(write).test.ordered_at[0] == np.datetime64("2026-01-06T01:00") == read(write).cut


def test_where_the_test_has_days_only_the_day_of_the_cut_will_do(write: Write) -> None:
    days = HEADER + "o3,c1,tea,2026-01-06,1,1\no4,c1,tea,2026-01-07,1,1\n"
    assert len(read(write, test=days).test) == 2
    with pytest.raises(LeakError, match="line 2: ordered_at is 2026-01-04T16:00:00Z"):
        read(write, test=days.replace("2026-01-06", "2026-01-05"))
    with pytest.raises(LeakError, match="line 2"):
        read(write, test=days.replace("2026-01-07", "2026-01-07 10:00"))


def test_an_order_on_both_sides_of_the_cut_is_a_leak(write: Write) -> None:
    problem = r"test\.csv, line 3: order_id is 'o1', as in .*orders\.csv, line 3; expected every order on one side"
    with pytest.raises(LeakError, match=problem):
        read(write, test=TEST.replace("o3,", "o1,"))


def test_customers_and_products_carry_their_other_columns_as_text(write: Write) -> None:
    data = read_purchases(
        write("orders.csv", ORDERS),
        write("test.csv", TEST),
        write("customers.csv", "id,city,tags\nc1,上海,a|b\nc9,,\n"),
        write(
            "products.jsonl",
            '{"sku": 5, "price": 29.0, "tags": ["a", "b"]}\n{"sku": "tea", "live": true, "price": 1.5}',
        ),
    )
    assert data.customers is not None
    assert data.products is not None
    assert (data.customers.ids, dict(data.customers.attributes)) == (
        ("c1", "c9"),
        {"city": ("上海", ""), "tags": ("a|b", "")},
    )
    assert (data.products.ids, len(data.products)) == (("5", "tea"), 2)
    assert dict(data.products.attributes) == {"price": ("29", "1.5"), "tags": ("a|b", ""), "live": ("", "true")}


@pytest.mark.parametrize(
    ("customers", "problem"),
    [
        ("id,city\nc1,a\nc2,b\nc1,c\n", "line 4: id is 'c1', as on line 2; expected every id once"),
        ("id,city\n,a\n", "line 2: id is ''"),
        ("customer,city\nc1,a\n", "there is no column id, only customer, city"),
    ],
)
def test_a_wrong_customers_file_is_refused(write: Write, customers: str, problem: str) -> None:
    with pytest.raises(DataError, match=rf"customers\.csv(, |: ){problem}"):
        read_purchases(write("orders.csv", ORDERS), write("test.csv", TEST), write("customers.csv", customers))


def test_the_hash_depends_on_every_file_and_its_role(write: Write) -> None:
    orders, test = write("orders.csv", ORDERS), write("test.csv", TEST)
    customers, products = write("c.csv", "id,sku\n1,1\n"), write("p.csv", "id,sku\n1,1\n")
    hashes = [
        read_purchases(orders, test).sha256,
        read_purchases(orders, test, customers).sha256,
        read_purchases(orders, test, None, products).sha256,
        read_purchases(orders, write("test2.csv", TEST + "o5,c1,tea,2026-01-09,1,1\n")).sha256,
    ]
    assert len(set(hashes)) == 4
    assert read_purchases(write("copy.csv", ORDERS), test).sha256 == hashes[0]


def test_a_file_of_ever_new_fields_is_refused(write: Write) -> None:
    path = write("odd.jsonl", "\n".join(json.dumps({f"x{i}": 1}) for i in range(600)))
    with pytest.raises(DataError, match=r"odd\.jsonl, line 600: there are 600 fields by now; expected at most 500"):
        read_columns(path, [])


def test_values_that_are_equal_in_python_stay_apart(write: Write) -> None:
    path = write(
        "mixed.jsonl", '{"a": 1}\n{"a": true}\n{"a": 1.0}\n{"b": 2}\n{"a": 1, "b": [1]}\n{"a": "1", "b": [1]}\n'
    )
    a, b = (read_columns(path, ["a"]).columns[name] for name in ("a", "b"))
    assert [(type(value), value) for value in a.values] == [
        (int, 1),
        (bool, True),
        (float, 1.0),
        (type(None), None),
        (str, "1"),
    ]
    assert a.codes.tolist() == [0, 1, 2, 3, 0, 4]
    assert b.values == [None, 2, [1]]
    assert b.codes.tolist() == [0, 0, 0, 1, 2, 2]


LINES = st.tuples(st.integers(0, 4), st.sampled_from(["tea", "cup", "茶壶"]), st.integers(0, 10_000), st.integers(1, 3))


@settings(deadline=None)
@given(known=st.lists(LINES, min_size=1, max_size=30), later=st.lists(LINES, min_size=1, max_size=30))
def test_every_line_is_found_again_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory,
    known: list[tuple[int, str, int, int]],
    later: list[tuple[int, str, int, int]],
) -> None:
    folder = tmp_path_factory.mktemp("purchases")
    start = np.datetime64("2026-01-01T00:00:00")
    middle = start + np.timedelta64(10_000, "m")

    def write_lines(name: str, begin: np.datetime64, lines: list[tuple[int, str, int, int]]) -> Path:
        rows = [
            f"{name}{i},c{customer},{sku},{begin + np.timedelta64(minute, 'm')}Z,{quantity},{minute}.5"
            for i, (customer, sku, minute, quantity) in enumerate(lines)
        ]
        path = folder / f"{name}.csv"
        path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
        return path

    data = read_purchases(write_lines("a", start, known), write_lines("b", middle, later))
    for name, begin, lines, found in (("a", start, known, data.train), ("b", middle, later, data.test)):
        expected = sorted(((m, i, c, s, q) for i, (c, s, m, q) in enumerate(lines)), key=lambda line: line[:2])
        assert [data.order_ids[code] for code in found.order] == [f"{name}{i}" for _, i, *_ in expected]
        assert [data.customer_ids[code] for code in found.customer] == [f"c{c}" for _, _, c, _, _ in expected]
        assert [data.skus[code] for code in found.sku] == [sku for *_, sku, _ in expected]
        assert found.quantity.tolist() == [q for *_, q in expected]
        assert found.amount.tolist() == [m + 0.5 for m, *_ in expected]
        assert list(found.ordered_at) == [begin + np.timedelta64(m, "m") for m, *_ in expected]
    assert data.cut == data.train.ordered_at.max()
