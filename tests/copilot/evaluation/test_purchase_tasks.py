from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from copilot.evaluation import purchase_tasks
from copilot.evaluation.purchase_tasks import last_baskets, later_purchases, ranking_metrics, recommend
from models.recommenders.lines import PurchaseLines


def lines(*rows: tuple[int, int, int, float], n_customers: int = 3, n_items: int = 4) -> PurchaseLines:
    """Lines of (basket, customer, item, day)."""
    baskets, customers, items, days = (np.array(column) for column in zip(*rows, strict=True))
    return PurchaseLines(baskets, customers, items, days.astype(np.float64), n_customers, n_items)


@dataclass
class Watching:
    """Recommends the items of the history, and remembers what it was given."""

    seen: list[tuple[float, PurchaseLines]] = field(default_factory=list)

    def scores(self, histories: PurchaseLines, today: float) -> NDArray[np.float32]:
        self.seen.append((today, histories))
        return histories.counts().toarray()

    def save(self, folder: Path) -> None:
        """Nothing is learned."""


THREE_EACH = lines(
    (1, 0, 0, 1.0), (2, 0, 1, 5.0), (3, 0, 2, 9.0), (4, 1, 0, 2.0), (5, 1, 3, 3.0), (6, 1, 1, 4.0), (7, 2, 3, 8.0)
)


def test_later_purchases_of_customers_nobody_knows_do_not_count() -> None:
    known, later = lines((1, 0, 0, 1.0)), lines((2, 0, 1, 3.0), (2, 0, 0, 3.0), (3, 2, 1, 3.0))
    task = later_purchases(known, later, 2.0)
    assert (task.customers.tolist(), task.todays.tolist()) == ([0], [2.0])
    assert task.wanted[0].tolist() == [0, 1]
    assert task.new_only().wanted[0].tolist() == [1]


def test_who_bought_nothing_new_is_not_asked_about() -> None:
    assert len(later_purchases(lines((1, 0, 0, 1.0)), lines((2, 0, 0, 3.0)), 2.0).new_only()) == 0


def test_only_the_last_baskets_of_those_with_three_are_held_out() -> None:
    task = last_baskets(THREE_EACH)
    assert (task.customers.tolist(), task.todays.tolist()) == ([0, 1], [9.0, 4.0])
    assert [one.tolist() for one in task.wanted] == [[2], [1]]
    assert task.lines.baskets.tolist() == [1, 2, 4, 5, 7]


def test_of_baskets_of_the_same_moment_the_highest_number_is_last() -> None:
    task = last_baskets(lines((9, 0, 1, 5.0), (8, 0, 2, 5.0), (7, 0, 3, 5.0)))
    assert task.wanted[0].tolist() == [1]


def test_a_model_is_given_each_customers_own_lines_and_moment(monkeypatch) -> None:
    monkeypatch.setattr(purchase_tasks, "MOST_AT_ONCE", 1)
    task, model = last_baskets(THREE_EACH), Watching()
    found = recommend(model, task, 2)
    assert [(today, histories.items.tolist()) for today, histories in model.seen] == [(4.0, [0, 3]), (9.0, [0, 1])]
    assert [one.items.tolist() for one in found] == [[0, 1], [0, 3]]
    assert all((histories.days < today).all() for today, histories in model.seen)


def test_batches_of_the_same_moment_give_what_one_gives(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    known = PurchaseLines(
        rng.integers(200, size=500), rng.integers(40, size=500), rng.integers(9, size=500), rng.random(500), 40, 9
    )
    task = later_purchases(known, known, 2.0)
    whole = [one.items.tolist() for one in recommend(Watching(), task, 3)]
    monkeypatch.setattr(purchase_tasks, "MOST_AT_ONCE", 7)
    model = Watching()
    assert [one.items.tolist() for one in recommend(model, task, 3)] == whole
    assert [histories.n_customers for _, histories in model.seen] == [7] * 5 + [5]


def test_what_was_bought_before_is_not_recommended_as_new() -> None:
    task = later_purchases(lines((1, 0, 0, 1.0)), lines((2, 0, 1, 3.0)), 2.0).new_only()
    found = recommend(Watching(), task, 4)
    assert 0 not in found[0].items.tolist()


def test_metrics_are_worked_by_hand() -> None:
    task = later_purchases(lines((1, 0, 0, 1.0), (2, 0, 0, 1.5), (3, 0, 2, 1.0)), lines((4, 0, 2, 3.0)), 2.0)
    found = recommend(Watching(), task, 2)  # 0, bought twice, and then 2
    values = ranking_metrics(task, found, ["nDCG@2", "R@2"])
    assert values["nDCG@2"].tolist() == pytest.approx([1 / np.log2(3)])
    assert values["R@2"].tolist() == [1.0]


def test_a_sample_keeps_the_order_and_what_belongs_together() -> None:
    task = last_baskets(THREE_EACH)
    assert task.sample(5, np.random.default_rng(0)) is task
    one = task.sample(1, np.random.default_rng(0))
    place = task.customers.tolist().index(int(one.customers[0]))
    assert (one.todays[0], one.wanted[0].tolist()) == (task.todays[place], task.wanted[place].tolist())
