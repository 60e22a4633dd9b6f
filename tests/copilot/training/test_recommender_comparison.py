"""Choosing a recommender: who is compared on what, and which one is chosen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.errors import BadRequestError
from copilot.evaluation.order_history import OrderHistory
from copilot.evaluation.purchases import ProductMode
from copilot.training import recommender_comparison
from copilot.training.recommender_comparison import ComparisonSettings, compare_recommenders, split_by_time
from eval.datasets.order_counts import OrderCounts
from models.errors import ModelError
from models.recommenders.lines import PurchaseLines
from models.recommenders.recommender import Recommender
from models.recommenders.registry import Registered

N_CUSTOMERS, N_ITEMS = 40, 8


def quiet(done: int, total: int | None, what: str) -> None:
    """Nobody watches."""


def lines(*rows: tuple[int, int, int, float]) -> PurchaseLines:
    """Lines of (basket, customer, item, day)."""
    baskets, customers, items, days = (np.array(column) for column in zip(*rows, strict=True))
    return PurchaseLines(baskets, customers, items, days.astype(np.float64), N_CUSTOMERS, N_ITEMS)


def history(bought: PurchaseLines) -> OrderHistory:
    ids = [tuple(f"{kind}{number}" for number in range(n)) for kind, n in (("c", N_CUSTOMERS), ("p", N_ITEMS))]
    return OrderHistory("shop", "0" * 64, bought, ids[0], ids[1], OrderCounts(n_kept=len(bought)))


def loyal(again: int = 0) -> OrderHistory:
    """Everybody buys what is theirs on days 0 and 40, and on day 100 again, or what is `again` numbers on."""
    rows = []
    for customer in range(N_CUSTOMERS):
        own = customer % 4
        for day, item in ((0, own), (40, own), (100, (own + again) % N_ITEMS)):
            rows.append((len(rows), customer, item, day))
    return history(lines(*rows))


@dataclass(frozen=True)
class Fixed:
    """Recommends everybody's later purchase, except to the first few customers in the order they are asked."""

    wrong_for: int

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        scores = histories.counts().toarray()
        scores[: self.wrong_for] *= -1.0
        return scores

    def save(self, folder: Path) -> None:
        """Nothing is learned."""


@dataclass(frozen=True)
class Onwards:
    """Recommends what is so many numbers on from a customer's first item, best first."""

    steps: tuple[int, ...]

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:  # noqa: ARG002
        own = np.full(histories.n_customers, N_ITEMS)
        np.minimum.at(own, histories.customers, histories.items)
        scores = np.zeros((histories.n_customers, N_ITEMS), np.float32)
        for place, step in enumerate(self.steps):
            scores[np.arange(len(own)), own + step] = len(self.steps) - place
        return scores

    def save(self, folder: Path) -> None:
        """Nothing is learned."""


def register_models(monkeypatch, **models: Recommender) -> None:
    def no_load(folder: Path) -> Recommender:
        raise NotImplementedError

    made = {name: Registered(lambda _, one=one: one, no_load) for name, one in models.items()}
    monkeypatch.setattr(recommender_comparison, "RECOMMENDERS", made)


def register(monkeypatch, **wrong_for: int) -> None:
    register_models(monkeypatch, **{name: Fixed(n) for name, n in wrong_for.items()})


def compared(orders: OrderHistory, **settings: object):
    return compare_recommenders(orders, ComparisonSettings(**settings), quiet)


def test_the_last_days_are_held_back() -> None:
    bought = lines((1, 0, 0, 0.0), (2, 0, 1, 172.0), (3, 0, 2, 173.0), (4, 0, 3, 200.0))
    known, later, cut, horizon = split_by_time(bought, 28.0)
    assert (known.baskets.tolist(), later.baskets.tolist(), cut, horizon) == ([1, 2], [3, 4], 172.0, 28.0)


def test_of_few_days_a_fifth_is_held_back() -> None:
    bought = lines((1, 0, 0, 0.0), (2, 0, 1, 40.0), (3, 0, 2, 40.5), (4, 0, 3, 50.0))
    known, later, cut, horizon = split_by_time(bought, 28.0)
    assert (known.baskets.tolist(), later.baskets.tolist(), cut, horizon) == ([1, 2], [3, 4], 40.0, 10.0)


def test_a_basket_is_not_cut_in_two() -> None:
    known, later, *_ = split_by_time(lines((1, 0, 0, 0.0), (2, 0, 1, 71.0), (2, 0, 2, 73.0), (3, 0, 3, 100.0)), 28.0)
    assert (known.items.tolist(), later.items.tolist()) == ([0, 1, 2], [3])


def test_where_customers_come_back_for_the_same_frequency_beats_popularity() -> None:
    found = compared(loyal())
    assert found.models["frequency"].metrics[ProductMode.ANY].mean == 1.0
    assert found.models["popularity"].behind.low > 0.0
    assert (found.chosen, found.n_customers[ProductMode.ANY]) == ("frequency", N_CUSTOMERS)
    assert found.why.startswith(
        "frequency is best: nDCG@10 1.000 on the later purchases of 40 customers within 20 days"
    )


def test_nobody_buys_anything_new_where_all_come_back_for_the_same() -> None:
    found = compared(loyal())
    assert found.n_customers[ProductMode.NEW] == 0
    assert set(found.models["frequency"].metrics) == {ProductMode.ANY}
    with pytest.raises(BadRequestError, match="something that counts"):
        compared(loyal(), mode=ProductMode.NEW)


@pytest.mark.parametrize(("mode", "best"), [(ProductMode.ANY, "loyal"), (ProductMode.NEW, "curious")])
def test_the_mode_decides_what_is_chosen_by(monkeypatch, mode: ProductMode, best: str) -> None:
    # Everybody has an item and the one 3 on, and comes back for the item and the one after it.
    rows = []
    for customer in range(N_CUSTOMERS):
        own = customer % 4
        for basket, day, item in ((0, 0, own), (1, 40, own + 3), (2, 100, own), (2, 100, own + 1)):
            rows.append((3 * customer + basket, customer, item, day))
    # The loyal one is right with what is had, and wrong with the first that is not; the curious one is the contrary.
    register_models(monkeypatch, loyal=Onwards((0, 2)), curious=Onwards((3, 1)))
    found = compared(history(lines(*rows)), mode=mode, k=1)
    means = {name: [one.metrics[each].mean for each in ProductMode] for name, one in found.models.items()}
    assert means == {"loyal": [1.0, 0.0], "curious": [0.0, 1.0]}
    assert (found.best, found.chosen) == (best, best)


def test_the_simplest_is_chosen_where_the_best_is_not_surely_better(monkeypatch) -> None:
    register(monkeypatch, simple=1, complicated=0)
    found = compared(loyal())
    assert (found.best, found.chosen) == ("complicated", "simple")
    assert found.models["simple"].behind.low <= 0.0
    assert found.why.startswith("simple is the simplest that the best, complicated, does not significantly beat")


def test_the_better_one_is_chosen_where_it_is_surely_better(monkeypatch) -> None:
    register(monkeypatch, simple=20, complicated=0)
    found = compared(loyal())
    assert (found.best, found.chosen) == ("complicated", "complicated")
    assert found.models["simple"].behind.low > 0.0


def test_a_model_that_cannot_be_fitted_is_left_out_with_the_reason(monkeypatch) -> None:
    def refuse(_: PurchaseLines) -> Fixed:
        raise ModelError("too few orders to learn weights from")

    register(monkeypatch, simple=0)
    refusing = Registered(refuse, recommender_comparison.RECOMMENDERS["simple"].load)
    monkeypatch.setitem(recommender_comparison.RECOMMENDERS, "learned", refusing)
    found = compared(loyal())
    assert found.left_out == {"learned": "too few orders to learn weights from"}
    assert found.why.startswith("simple is the only model that could be measured")
    monkeypatch.delitem(recommender_comparison.RECOMMENDERS, "simple")
    with pytest.raises(ModelError, match="too few orders"):
        compared(loyal())


def test_orders_of_one_day_cannot_be_compared_on() -> None:
    with pytest.raises(BadRequestError, match="orders: got 'shop', expected customers who bought before"):
        compared(history(lines((1, 0, 0, 5.0), (2, 1, 1, 5.0))))


def test_at_most_so_many_customers_are_compared_and_the_same_again() -> None:
    one, again = (compared(loyal(), most_customers=15, seed=3) for _ in range(2))
    assert one.n_customers[ProductMode.ANY] == 15
    timeless = [{**result.to_dict(), "seconds": 0} for result in (*one.models.values(), *again.models.values())]
    assert timeless[: len(one.models)] == timeless[len(one.models) :]
