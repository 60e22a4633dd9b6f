from pathlib import Path

import numpy as np
import pytest

from models.affinity import Affinity
from models.errors import ModelError

SKUS = ("cleanser", "toner", "tea")


def fitted() -> Affinity:
    # Baskets: 1 {cleanser, toner}, 2 {cleanser, toner}, 3 {cleanser, tea}; customer 7 buys cleanser on days 0, 30, 70.
    baskets = np.array([1, 1, 2, 2, 3, 3])
    customers = np.array([7, 7, 7, 7, 7, 7])
    items = np.array([0, 1, 0, 1, 0, 2])
    days = np.array([0.0, 0.0, 30.0, 30.0, 70.0, 70.0])
    return Affinity.fit(SKUS, baskets, customers, items, days, n_neighbours=2)


def test_items_bought_together_twice_are_neighbours_and_once_is_not_enough() -> None:
    model = fitted()
    assert model.neighbours.tolist() == [[1, -1], [0, -1], [-1, -1]]
    assert model.n_together.tolist() == [[2, 0], [2, 0], [0, 0]]
    assert model.n_baskets.tolist() == [3, 2, 1]


def test_the_usual_gap_is_the_median_of_the_days_between_purchases() -> None:
    model = fitted()
    assert model.gap_days[0] == 35.0  # gaps of 30 and 40 days
    assert model.gap_days[1] == 30.0
    assert np.isnan(model.gap_days[2])
    assert model.n_gaps.tolist() == [2, 1, 0]


def test_a_saved_model_comes_back_the_same(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    back = Affinity.load(tmp_path)
    assert back.skus == SKUS
    assert back.neighbours.tolist() == fitted().neighbours.tolist()
    assert back.gap_days[0] == 35.0


def test_nothing_saved_is_the_empty_model(tmp_path: Path) -> None:
    assert Affinity.load(tmp_path).skus == ()


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "affinity.npz").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="copilot index build"):
        Affinity.load(tmp_path)


def test_lines_of_different_length_are_refused() -> None:
    with pytest.raises(ModelError, match="differ in length"):
        Affinity.fit(SKUS, np.array([1]), np.array([1, 2]), np.array([0]), np.array([0.0]))


def test_a_shop_without_orders_has_no_neighbours() -> None:
    none = np.zeros(0, np.int64)
    model = Affinity.fit(SKUS, none, none, none, none.astype(np.float64), n_neighbours=2)
    assert (model.neighbours == -1).all()


def test_a_shop_where_nobody_has_bought_anything_twice_has_no_gaps() -> None:
    numbers = np.array([0, 1, 2])
    model = Affinity.fit(SKUS, numbers, numbers, numbers, np.array([0.0, 30.0, 70.0]))
    assert np.isnan(model.gap_days).all()
    assert model.n_gaps.tolist() == [0, 0, 0]
