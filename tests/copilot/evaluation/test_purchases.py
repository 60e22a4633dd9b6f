from pathlib import Path

import pytest

from copilot.errors import BadRequestError
from copilot.evaluation.purchases import ProductMode, ProductOptions, measure_products
from eval.datasets.purchases import PurchaseData, read_purchases

HEADER = "order_id,customer_id,sku,ordered_at,quantity,amount\n"
BEFORE = """o1,c1,milk,2026-01-01,1,3
o2,c1,milk,2026-01-08,1,3
o3,c1,tea,2026-01-09,1,9
o4,c2,tea,2026-01-10,1,9
o5,c2,bread,2026-01-11,1,2
o6,c3,tea,2026-01-12,1,9
"""
AFTER = """o7,c1,milk,2026-02-01,1,3
o8,c1,bread,2026-02-02,1,2
o9,c2,tea,2026-02-03,1,9
o10,c9,tea,2026-02-04,1,9
"""


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


@pytest.fixture
def data(tmp_path: Path) -> PurchaseData:
    (tmp_path / "orders.csv").write_text(HEADER + BEFORE)
    (tmp_path / "later.csv").write_text(HEADER + AFTER)
    return read_purchases(tmp_path / "orders.csv", tmp_path / "later.csv")


def first(data: PurchaseData, **options: object) -> dict[str, list[str]]:
    run = measure_products(data, ProductOptions(**options), quiet)
    replies = run.table["replies"].to_pylist()
    return {customer: [one["item_id"] for one in items] for customer, items in zip(run.query_ids, replies, strict=True)}


def test_personal_frequency_recommends_what_was_bought_most_then_what_is_popular(data: PurchaseData) -> None:
    assert first(data, model="frequency", k=3) == {"c1": ["milk", "tea", "bread"], "c2": ["tea", "bread", "milk"]}


def test_popularity_is_the_same_for_everybody(data: PurchaseData) -> None:
    assert first(data, model="popularity", k=1) == {"c1": ["tea"], "c2": ["tea"]}


def test_only_what_was_never_bought_counts_as_new(data: PurchaseData) -> None:
    """c2 bought nothing new, so there is one customer to measure."""
    assert first(data, model="popularity", mode=ProductMode.NEW, k=3) == {"c1": ["bread"]}


def test_metrics_are_means_over_customers(data: PurchaseData) -> None:
    run = measure_products(data, ProductOptions("frequency", k=1), quiet)
    # c1 bought milk and bread, milk comes first: recall 1/2. c2 bought tea, which comes first: recall 1.
    assert run.values("R@1").tolist() == [0.5, 1.0]
    assert run.values("Success@1").tolist() == [1.0, 1.0]


def test_an_unknown_model_is_refused_with_those_there_are(data: PurchaseData) -> None:
    with pytest.raises(BadRequestError, match="got 'oracle', expected one of popularity, frequency, co-purchase"):
        measure_products(data, ProductOptions("oracle"), quiet)
