from pathlib import Path

import numpy as np
import pytest

from copilot.errors import BadRequestError
from copilot.evaluation.order_history import OrderHistory, read_history
from copilot.evaluation.purchases import ProductMode, ProductOptions, measure_next_basket, measure_products
from eval.datasets.purchases import PurchaseData, read_purchases
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.trained import TrainedRecommender

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


def quiet(done: int, total: int | None, what: str) -> None:
    """Nobody watches."""


@pytest.fixture
def data(tmp_path: Path) -> PurchaseData:
    (tmp_path / "orders.csv").write_text(HEADER + BEFORE)
    (tmp_path / "later.csv").write_text(HEADER + AFTER)
    return read_purchases(tmp_path / "orders.csv", tmp_path / "later.csv")


@pytest.fixture
def history(tmp_path: Path) -> OrderHistory:
    (tmp_path / "orders.csv").write_text(HEADER + BEFORE)
    return read_history(tmp_path / "orders.csv")


def test_an_order_is_of_its_first_moment_whenever_its_lines_were_rung_up(tmp_path: Path) -> None:
    rows = "o1,c1,milk,2026-01-01 23:50,1,3\no1,c1,tea,2026-01-02 00:10,1,9\no2,c1,tea,2026-01-02 00:05,1,9\n"
    (tmp_path / "orders.csv").write_text(HEADER + rows)
    found = read_history(tmp_path / "orders.csv")
    first = found.lines.days[0]
    assert found.lines.baskets.tolist() == [0, 1, 0]
    assert found.lines.days.tolist() == [first, pytest.approx(first + 15 / 1440), first]


@pytest.mark.parametrize("model", RECOMMENDERS)
def test_the_next_basket_can_be_predicted_though_an_earlier_one_has_lines_after_it(tmp_path: Path, model: str) -> None:
    long = "p1,c1,milk,2026-01-20 23:00,1,3\np1,c1,tea,2026-01-21 11:00,1,9\n"
    (tmp_path / "orders.csv").write_text(HEADER + BEFORE + long + "p2,c1,bread,2026-01-21 10:00,1,2\n")
    run = measure_next_basket(read_history(tmp_path / "orders.csv"), ProductOptions(model=model), quiet)
    assert run.query_ids == ["c1"]


def replied(run) -> dict[str, list[str]]:
    replies = run.table["replies"].to_pylist()
    return {customer: [one["item_id"] for one in items] for customer, items in zip(run.query_ids, replies, strict=True)}


def first(data: PurchaseData, **options: object) -> dict[str, list[str]]:
    return replied(measure_products(data, ProductOptions(**options), quiet))


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


@pytest.mark.parametrize("mode", list(ProductMode))
@pytest.mark.parametrize("model", list(RECOMMENDERS))
def test_every_registered_model_can_be_measured(data: PurchaseData, model: str, mode: ProductMode) -> None:
    run = measure_products(data, ProductOptions(model, mode), quiet)
    assert all(0.0 <= value <= 1.0 for value in run.values("nDCG@10"))


def test_an_unknown_model_is_refused_with_those_there_are(data: PurchaseData) -> None:
    with pytest.raises(BadRequestError, match="got 'oracle', expected one of popularity, frequency, item-knn"):
        measure_products(data, ProductOptions("oracle"), quiet)


def test_a_trained_model_is_measured_by_its_own_skus(data: PurchaseData, tmp_path: Path) -> None:
    lines = read_history(tmp_path / "orders.csv")
    backwards = lines.skus[::-1]
    from dataclasses import replace

    reversed_items = replace(lines.lines, items=len(backwards) - 1 - lines.lines.items)
    TrainedRecommender.fit("frequency", reversed_items, backwards).save(tmp_path / "trained")
    assert first(data, model=str(tmp_path / "trained"), k=3) == first(data, model="frequency", k=3)


def test_a_trained_model_that_knows_what_is_to_be_predicted_is_refused(data: PurchaseData, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(HEADER + BEFORE + AFTER)
    history = read_history(tmp_path / "all.csv")
    TrainedRecommender.fit("popularity", history.lines, history.skus).save(tmp_path / "trained")
    with pytest.raises(BadRequestError, match=r"orders up to 2026-01-11T16:00:00; this one knows .* 2026-02-03T16"):
        measure_products(data, ProductOptions(str(tmp_path / "trained")), quiet)
    with pytest.raises(BadRequestError, match="may know the baskets to be predicted"):
        measure_next_basket(history, ProductOptions(str(tmp_path / "trained")), quiet)


def test_the_last_of_three_baskets_is_predicted_from_the_others(history: OrderHistory) -> None:
    run = measure_next_basket(history, ProductOptions("frequency", k=2), quiet)
    # Only c1 has three baskets; without the last, milk was bought twice by c1 and tea twice by others, bread once.
    assert replied(run) == {"c1": ["milk", "tea"]}
    assert (run.values("R@2").tolist(), run.values("RR@2").tolist()) == ([1.0], [0.5])
    assert run.manifest["data"]["kind"] == "baskets"


def test_without_a_customer_of_three_baskets_there_is_no_next_one_to_predict(history: OrderHistory) -> None:
    from dataclasses import replace

    fewer = replace(history, lines=history.lines.take(history.lines.customers != 0))
    with pytest.raises(BadRequestError, match=r"--orders: .* a customer with three baskets or more"):
        measure_next_basket(fewer, ProductOptions(), quiet)


def test_days_count_from_1970_in_utc(history: OrderHistory) -> None:
    # Midnight of the first of January 2026 in China is 16:00 of the last of December, 20,453 days after 1970.
    assert history.lines.days[0] == pytest.approx(20_453 + 16 / 24)
    assert np.diff(history.lines.days).tolist() == pytest.approx([7, 1, 1, 1, 1])
