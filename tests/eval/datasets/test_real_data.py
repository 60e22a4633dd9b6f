"""Public data of realistic size, from the folder in COPILOT_DATA, written in our formats and read back."""

import json
import os
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from eval.datasets.purchases import PurchaseData, read_purchases
from eval.datasets.rerank import read_rerank
from eval.datasets.turns import read_turns

DATA = Path(os.environ.get("COPILOT_DATA", Path(__file__).parents[4] / "shared" / "data"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data: {DATA} does not exist (set COPILOT_DATA)")


def json_rows(name: str) -> list[dict]:
    with (DATA / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split(folder: Path, orders: pa.Table, is_known: pa.ChunkedArray) -> PurchaseData:
    pq.write_table(orders.filter(is_known), folder / "orders.parquet")
    pq.write_table(orders.filter(pc.invert(is_known)), folder / "test.parquet")
    return read_purchases(folder / "orders.parquet", folder / "test.parquet")


def per_customer(table: pa.Table) -> dict[str, float]:
    sums = table.group_by("customer_id").aggregate([("quantity", "sum")])
    return dict(zip(map(str, sums["customer_id"].to_pylist()), sums["quantity_sum"].to_pylist(), strict=True))


def assert_holds(data: PurchaseData, orders: pa.Table, is_known: pa.ChunkedArray) -> None:
    assert data.counts.n_rows == len(orders)
    assert data.counts.n_left_out == data.counts.n_repeated + data.counts.n_taken_back
    for lines, whole in ((data.train, orders.filter(is_known)), (data.test, orders.filter(pc.invert(is_known)))):
        bought = whole.filter(pc.greater(whole["quantity"], 0))
        table = bought.group_by(whole.column_names).aggregate([])  # rows alike in every column count once
        assert len(lines) == len(table)
        sums = np.bincount(lines.customer, lines.quantity, len(data.customer_ids))
        assert {data.customer_ids[i]: sums[i] for i in np.unique(lines.customer)} == per_customer(table)
        assert len(np.unique(lines.sku)) == pc.count_distinct(table["sku"]).as_py()
        assert len(np.unique(lines.order)) == pc.count_distinct(table["order_id"]).as_py()
    assert data.train.ordered_at[-1] == data.cut <= data.test.ordered_at[0]


@pytest.mark.slow
def test_a_million_lines_with_times_are_read_whole(tmp_path: Path) -> None:
    lines = pq.read_table(DATA / "completejourney" / "transactions_w01_48.parquet")
    names = {
        "basket_id": "order_id",
        "household_id": "customer_id",
        "product_id": "sku",
        "transaction_timestamp": "ordered_at",
        "quantity": "quantity",
        "sales_value": "amount",
    }
    orders = lines.select(list(names)).rename_columns(list(names.values()))
    is_known = pc.less_equal(lines["week"], 44)
    data = split(tmp_path, orders, is_known)
    assert len(data.train) > 1_000_000
    assert_holds(data, orders, is_known)
    latest = pc.max(orders.filter(is_known)["ordered_at"]).as_py()
    assert data.cut == np.datetime64(latest.replace(tzinfo=None), "us") - np.timedelta64(8, "h")


@pytest.mark.slow
def test_days_written_as_text_are_read_whole(tmp_path: Path) -> None:
    lines = pq.read_table(DATA / "tafeng" / "nov_jan.parquet")
    orders = pa.table(
        {
            "order_id": pc.binary_join_element_wise(
                pc.cast(lines["CUSTOMER_ID"], pa.string()), pc.cast(lines["date"], pa.string()), "@"
            ),
            "customer_id": lines["CUSTOMER_ID"],
            "sku": lines["PRODUCT_SUBCLASS"],
            "ordered_at": lines["date"],
            "quantity": lines["AMOUNT"],
            "amount": lines["SALES_PRICE"],
        }
    )
    is_known = pc.less(lines["date"], "2001-01")
    data = split(tmp_path, orders, is_known)
    assert_holds(data, orders, is_known)
    assert data.cut == np.datetime64("2000-12-30T16:00")


def test_every_labelled_reply_is_read(write_rows: Callable[..., Path]) -> None:
    rows = json_rows("beike/train.jsonl")
    path = write_rows(
        "rerank.jsonl", [{"id": row["id"], "message": row["query"], "candidates": row["replies"]} for row in rows]
    )
    data = read_rerank(path)
    labels = [[reply["label"] for reply in row["replies"]] for row in rows]
    assert [[candidate.label for candidate in row.candidates] for row in data.rows] == labels
    assert any(not any(row) for row in labels), "some questions have no answer"


def test_every_answered_burst_of_real_talk_is_a_turn(write_rows: Callable[..., Path]) -> None:
    sessions = json_rows("jddc/sessions_dev.jsonl")
    path = write_rows(
        "conversations.jsonl",
        [
            {
                "conversation_id": session["session"],
                "messages": [{"role": turn["role"], "text": turn["text"]} for turn in session["turns"]],
            }
            for session in sessions
        ],
    )
    expected = []
    for session in sessions:
        bursts = [
            (role, " ".join(turn["text"].strip() for turn in burst if turn["text"].strip()))
            for role, burst in groupby(session["turns"], key=lambda turn: turn["role"])
        ]
        for (role, message), (_, sent) in pairwise(bursts):
            if role == "customer" and message and sent:
                expected.append((message, sent))
    data = read_turns(path)
    assert [(turn.message, turn.sent) for turn in data.turns()] == expected
    assert data.n_turns == len(expected) > 1_000
