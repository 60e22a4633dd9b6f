"""Orders that are wrong or odd: left out and counted, or refused with their line; never silently wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.order_counts import OrderCounts
from eval.datasets.order_lines import Ids, OrderFile, read_order_file
from eval.datasets.purchases import read_purchases
from eval.errors import DataError

HEADER = "order_id,customer_id,sku,ordered_at,quantity,amount,status\n"
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

Read = Callable[..., OrderFile]
Lines = list[tuple[str, str, float, float | None]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str, name: str = "orders.csv", **options: bool | datetime) -> OrderFile:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_order_file(path, Ids(), **options)  # type: ignore[arg-type]

    return read_text


def lines_of(path: Path, **options: bool | datetime) -> tuple[OrderFile, Lines]:
    """The lines of a file by their ids: order, product, quantity and amount, empty where unknown."""
    ids = Ids()
    found = read_order_file(path, ids, **options)  # type: ignore[arg-type]
    lines = found.lines
    amounts = [None if np.isnan(amount) else amount for amount in lines.amount.tolist()]
    orders, skus = (
        [each.ids[code] for code in codes] for each, codes in ((ids.orders, lines.order), (ids.skus, lines.sku))
    )
    return found, list(zip(orders, skus, lines.quantity.tolist(), amounts, strict=True))


def kept(read: Read, text: str, **options: bool | datetime) -> Lines:
    return lines_of(read(text, **options).path, **options)[1]


@pytest.mark.parametrize("back", ["-1,-10,", "-1,,", "1,-10,", ",-10,", "1,10,refunded", ",10,已退货", "1,10,退款成功"])
def test_what_was_given_back_is_taken_off_what_was_bought_in_the_order(read: Read, back: str) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,3,30,paid\no1,c1,B,2026-01-05,1,5,paid\no2,c1,A,2026-01-05,3,30,paid\n"
    text += f"o1,c1,A,2026-03-09,{back}\n"
    assert kept(read, text) == [("o1", "A", 2.0, 20.0), ("o1", "B", 1.0, 5.0), ("o2", "A", 3.0, 30.0)]
    counts = read(text).counts
    assert (counts.n_kept, counts.n_refunds + counts.n_undone, counts.n_taken_back) == (3, 1, 0)


def test_a_purchase_that_was_given_back_whole_is_none(read: Read) -> None:
    text = (
        f"{HEADER}o1,c1,A,2026-01-05,1,5,\no1,c1,A,2026-01-05,2,9,\no1,c1,B,2026-01-05,1,1,\no1,c1,A,2026-01-09,-2,,\n"
    )
    assert kept(read, text) == [("o1", "A", 1.0, 4.5), ("o1", "B", 1.0, 1.0)]
    assert read(text).counts == OrderCounts(n_kept=2, n_refunds=1, n_taken_back=1)


def test_what_is_written_both_as_a_refund_and_as_a_status_was_given_back_once(read: Read) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,2,20,paid\no1,c1,A,2026-01-09,1,10,refunded\no1,c1,A,2026-01-09,-1,-10,\n"
    assert kept(read, text) == [("o1", "A", 1.0, 10.0)]


def test_what_is_given_back_to_the_last_gram_leaves_nothing(read: Read) -> None:
    for bought, back in ((("0.1", "0.2"), ("-0.3",)), (("2.2",), ("-0.1", "-2.1"))):
        rows = [f"o1,c1,A,2026-01-05,{n},1," for n in bought] + [f"o1,c1,A,2026-01-09,{n},-1," for n in back]
        text = HEADER + "\n".join([*rows, "o1,c1,B,2026-01-05,1,1,"]) + "\n"
        assert [sku for _, sku, *_ in kept(read, text)] == ["B"]


def test_a_quantity_of_nothing_is_no_purchase(read: Read) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,0,0,paid\no1,c1,B,2026-01-05,1,1,paid\n"
    assert kept(read, text) == [("o1", "B", 1.0, 1.0)]
    assert read(text).counts == OrderCounts(n_kept=1, n_taken_back=1)


def test_a_refund_counts_whenever_it_came(read: Read) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,1,10,\no2,c1,B,2026-01-06,1,10,\no1,c1,A,2026-09-06,-1,-10,\n"
    found, lines = lines_of(read(text).path)
    assert lines == [("o2", "B", 1.0, 10.0)]
    assert found.lines.ordered_at[-1] == np.datetime64("2026-01-05T16:00"), "and moves no cut"


def test_a_refund_of_another_order_or_customer_takes_nothing_back(read: Read) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,1,10,\no2,c1,A,2026-01-06,-1,-10,\no1,c2,A,2026-01-06,-1,-10,\n"
    assert kept(read, text) == [("o1", "A", 1.0, 10.0)]
    assert read(text).counts == OrderCounts(n_kept=1, n_refunds=2)


def test_a_refund_after_the_cut_changes_nothing_before_it(read: Read, tmp_path: Path) -> None:
    orders = read(f"{HEADER}o1,c1,A,2026-01-05,1,10,\n").path
    test = read(f"{HEADER}o1,c1,A,2026-01-06,-1,-10,\no2,c1,B,2026-01-07,1,1,\n", "test.csv").path
    data = read_purchases(orders, test)
    assert (len(data.train), data.counts) == (1, OrderCounts(n_kept=2, n_refunds=1))


def test_rows_alike_in_every_column_count_once(read: Read) -> None:
    row = "o1,c1,A,2026-01-05,1,10,paid\n"
    text = HEADER + row + "o1,c1,A,2026-01-05,1,9,paid\n" + row + "o1,c1,A,2026-01-05,1,10,paid\n"
    assert kept(read, text) == [("o1", "A", 1.0, 10.0), ("o1", "A", 1.0, 9.0)]
    assert read(text).counts == OrderCounts(n_kept=2, n_repeated=2)


def test_any_column_tells_rows_apart(read: Read) -> None:
    text = (
        "order_id,customer_id,sku,ordered_at,till\no1,c1,A,2026-01-05,1\no1,c1,A,2026-01-05,2\no1,c1,A,2026-01-05,2\n"
    )
    assert read(text).counts == OrderCounts(n_kept=2, n_repeated=1)


def test_a_row_repeated_with_a_later_status_is_the_same_line(read: Read) -> None:
    text = HEADER + "".join(
        f"o1,c1,A,2026-01-{day},1,10,{status}\n"
        for status, day in (("shipped", "09"), ("paid", "05"), ("completed", "12"))
    )
    found, lines = lines_of(read(text).path)
    assert lines == [("o1", "A", 1.0, 10.0)]
    assert found.lines.ordered_at[0] == np.datetime64("2026-01-04T16:00"), "when it was first heard of"
    assert found.counts == OrderCounts(n_kept=1, n_repeated=2)


def test_a_row_repeated_with_a_later_status_is_the_same_line_whatever_an_unknown_column_says(read: Read) -> None:
    rows = [("05", "paid", "10:00"), ("09", "shipped", "11:00"), ("05", "paid", "10:01"), ("09", "shipped", "11:01")]
    header = HEADER.replace("\n", ",updated\n")
    once, twice = (
        header + "".join(f"o1,c1,A,2026-01-{day},1,10,{status},{at}\n" for day, status, at in rows[:n]) for n in (2, 4)
    )
    assert read(once).counts == OrderCounts(n_kept=1, n_repeated=1)
    assert read(twice).counts == OrderCounts(n_kept=2, n_repeated=2), "bought twice, shipped twice"


def test_times_ahead_of_the_clock_are_counted_and_later_ones_refused(read: Read) -> None:
    text = HEADER + "".join(f"o{i},c1,A,{at},1,1,\n" for i, at in enumerate(("2026-11-21 12:00", "2026-11-22 12:00")))
    assert read(text, now=NOW).counts == OrderCounts(n_kept=2, n_skewed=1)
    text += "o9,c1,A,2026-11-22 12:01,1,1,\n"
    assert read(text).counts == OrderCounts(n_kept=3), "without a clock nothing is in the future"
    message = (
        "orders.csv, line 4: ordered_at is 2026-11-22T04:01:00Z; expected a time that is not in the future by more "
        "than a day (it is now 2026-11-21 04:00 UTC)"
    )
    with pytest.raises(DataError) as caught:
        read(text, now=NOW)
    assert str(caught.value).endswith(message)
    counts = read(text, now=NOW, is_strict=False).counts
    assert (counts.n_kept, counts.n_future, counts.n_rejected, counts.n_skewed) == (2, 1, 0, 1)
    assert counts.examples[0].endswith(message)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("o1,c9,B,2026-01-05,1,1,", "customer_id is 'c9', but order 'o1' is of 'c1' on line 2; expected one customer"),
        (
            "o1,c1,B,2026-03-05,1,1,",
            r"ordered_at is 2026-03-04T16:00:00Z, but order 'o1' is of 2026-01-04T16:00:00Z on line 2; expected one",
        ),
    ],
)
def test_an_order_is_of_one_customer_and_one_time(read: Read, row: str, problem: str) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,1,1,\no1,c1,C,2026-01-05 23:00,1,1,\n{row}\n"
    with pytest.raises(DataError, match=rf"orders\.csv, line 4: {problem}"):
        read(text)
    counts = read(text, is_strict=False).counts
    assert (counts.n_kept, counts.n_rejected, len(counts.examples)) == (2, 1, 1)


def test_statuses_began_when_they_began(read: Read) -> None:
    text = f"{HEADER}o1,c1,A,2026-01-05,1,1,paid\no1,c1,B,2026-02-05,1,1,shipped\n"
    assert read(text).counts == OrderCounts(n_kept=2)


def test_amounts_in_another_currency_than_most_are_unknown(read: Read) -> None:
    rows = (
        "o1,c1,A,2026-01-05,1,¥70,",
        "o2,c1,A,2026-01-05,1,8元,",
        "o3,c1,A,2026-01-05,1,$10,",
        "o4,c1,A,2026-01-05,1,9,",
    )
    text = HEADER + "\n".join(rows) + "\n"
    assert kept(read, text) == [
        ("o1", "A", 1.0, 70.0),
        ("o2", "A", 1.0, 8.0),
        ("o3", "A", 1.0, None),
        ("o4", "A", 1.0, 9.0),
    ]
    assert read(text).counts == OrderCounts(n_kept=4, n_other_currency=1)


def test_a_shop_may_sell_in_another_currency(read: Read) -> None:
    header = "order_id,customer_id,sku,ordered_at,amount,currency\n"
    text = f"{header}o1,c1,A,2026-01-05,$1,USD\no2,c1,A,2026-01-05,2,USD\no3,c1,A,2026-01-05,3,CNY\n"
    assert [amount for *_, amount in kept(read, text)] == [1.0, 2.0, None]
    assert read(text).unknown_columns == []
    with pytest.raises(DataError, match=r"line 5: amount is '€4', but currency is 'USD'; expected an amount in the"):
        read(f"{text}o4,c1,A,2026-01-05,€4,USD\n")


def test_the_first_few_bad_rows_are_named_in_the_order_of_the_file(read: Read) -> None:
    rows = ["o1,c1,A,2026-01-05,1,1,", *(f"o{i},c1,A,soon,1,1," for i in range(9)), "o1,c1", "o1,c1,,2026-01-05,1,1,"]
    counts = read(HEADER + "\n".join(rows[::-1]) + "\n", is_strict=False).counts
    assert (counts.n_kept, counts.n_rejected) == (1, 11)
    assert [example.split(", line ")[1].split(";")[0] for example in counts.examples[:3]] == [
        "2: sku is ''",
        "3: there are 2 cells: ['o1', 'c1']",
        "4: ordered_at is 'soon'",
    ]
    assert len(counts.examples) == 5


def test_a_file_of_bad_rows_only_is_refused_with_the_first(read: Read) -> None:
    problem = "nothing is left of its 2 rows; the first that is wrong: .*line 2: sku is ''; expected an id"
    with pytest.raises(DataError, match=problem):
        read(f"{HEADER}o1,c1,,2026-01-05,1,1,\no1,c1,A,soon,1,1,\n", is_strict=False)


@pytest.mark.parametrize("text", ['o1,c1,"tea,2026-01-05,1,1,\no2,c1,A,2026-01-05,1,1,\n', 'o1,"c1\no2,c2",A\n'])
def test_a_quotation_mark_left_open_swallows_no_rows_in_silence(read: Read, text: str) -> None:
    with pytest.raises(DataError, match=r"orders\.csv, line 2: "):
        read(HEADER + text + "o3,c1,A,2026-01-05,1,1,\n", is_strict=False)


def test_bad_lines_of_json_are_left_out_too(read: Read) -> None:
    good = '{"order_id": 1, "customer_id": 1, "sku": "A", "ordered_at": "2026-01-05"}\n'
    bad = '{"order_id": 1\n[1]\n{"order_id": 1, "sku": ["A"]}\n{"order_id": true, "ordered_at": 5}\n\x00\n'
    counts = read(bad + good + bad, "orders.jsonl", is_strict=False).counts
    assert (counts.n_kept, counts.n_rejected) == (1, 10)


GOOD = st.tuples(st.integers(0, 9), st.sampled_from("ABC"), st.integers(1, 5), st.integers(1, 99))
"""An order, a product, a quantity and a price in whole yuan."""

BAD = st.sampled_from(
    [
        ",c1,A,2026-01-05,1,1,", "x1,,A,2026-01-05,1,1,", "x1,c1,,2026-01-05,1,1,", "x1,c1,A,,1,1,",
        "x1,c1,A,soon,1,1,", "x1,c1,A,1767571200,1,1,", "x1,c1,A,2026-02-30,1,1,", "x1,c1,A,2026-01-05,two,1,",
        "x1,c1,A,2026-01-05,1,much,", "x1,c1,A,2026-01-05,1,¥1 USD,", "x1,c1,A,2026-01-05,1,1e300,",
        "x1,c1", "x1,c1,A,2026-01-05,1,1,,,more", "x1,c1,te\x07a,2026-01-05,1,1,", "x1,c1,te\x00a,2026-01-05,1,1,",
        'x1,c1,"te"a,2026-01-05,1,1,', "x1,c1,A,2026-01-05,1,1,paid\x00",
    ]
)  # fmt: skip
ODD = st.sampled_from(
    [
        "y1,c1,gone,2026-01-05,1,1,", "y2,nobody,A,2026-01-05,1,1,", "y3,c1,A,2026-01-05,-1,-1,",
        "y4,c1,A,2026-01-05,1,-1,", "y5,c1,A,2026-11-22,1,1,", "y6,c1,A,2026-01-05,1,$1,",
        "y7,c1,A,2026-01-05,1,1,cancelled", "y8,c1,A,2026-01-05T10:00:00-05:00,,,",
    ]
)  # fmt: skip
FUTURE = "z1,c1,A,2096-01-05,1,1,"


@settings(deadline=None)
@given(good=st.lists(GOOD, unique_by=lambda line: line[:2], min_size=1, max_size=12), others=st.data())
def test_among_bad_rows_every_good_one_is_kept_and_every_row_counted(
    tmp_path_factory: pytest.TempPathFactory, good: list[tuple[int, str, int, int]], others: st.DataObject
) -> None:
    lines = [f"o{order},c{order},{sku},2026-01-05,{quantity},{price},paid" for order, sku, quantity, price in good]
    bad, odd = (others.draw(st.lists(each, max_size=8)) for each in (BAD, ODD))
    n_future = others.draw(st.integers(0, 2))
    contradicting = [
        f"o{good[0][0]},somebody else,A,2026-01-05 00:01,1,1,", f"o{good[0][0]},c{good[0][0]},A,2026-03-05,1,1,paid"
    ]  # fmt: skip
    shuffled = others.draw(st.permutations(lines + bad + odd + contradicting + [FUTURE] * n_future))
    path = tmp_path_factory.getbasetemp() / "shuffled.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in shuffled), encoding="utf-8")
    found, read_back = lines_of(path, is_strict=False, now=NOW)
    counts = found.counts
    assert counts.n_rows == len(shuffled)
    assert counts.n_rejected == len(bad) + len(contradicting)
    assert counts.n_repeated == len(odd) - len(set(odd))
    assert counts.n_future == n_future
    assert counts.n_skewed == ("y5,c1,A,2026-11-22,1,1," in odd)
    ours = sorted(line for line in read_back if line[0].startswith("o"))
    assert ours == sorted((f"o{order}", sku, float(n), float(price)) for order, sku, n, price in good)
    assert all(example.startswith(f"{path}, line ") for example in counts.examples)
    if bad:
        with pytest.raises(DataError):
            read_order_file(path, Ids())
