import numpy as np
import pytest

from models.recommenders.baselines import Frequency, Popularity
from models.recommenders.item_knn import ItemKnn

# Baskets: 1 {0, 1}, 2 {0, 1}, 3 {0, 2} of customer 0; 4 {2} of customer 1. Item 3 was never bought.
ROWS = (
    (1, 0, 0, 1.0),
    (1, 0, 1, 1.0),
    (2, 0, 0, 2.0),
    (2, 0, 1, 2.0),
    (3, 0, 0, 3.0),
    (3, 0, 2, 3.0),
    (4, 1, 2, 4.0),
)


def test_popularity_counts_baskets_and_is_the_same_for_everybody(lines) -> None:
    learned = lines(*ROWS)
    assert Popularity.fit(learned).scores(learned, 5.0).tolist() == [[3, 2, 2, 0]] * 3


def test_frequency_is_the_own_count_with_a_share_of_popularity_below_one(lines) -> None:
    learned = lines(*ROWS)
    scores = Frequency.fit(learned).scores(learned.of(np.array([1, 2])), 5.0)
    assert scores == pytest.approx(np.array([[3 / 4, 2 / 4, 1 + 2 / 4, 0], [3 / 4, 2 / 4, 2 / 4, 0]]))


def test_frequency_knows_an_order_placed_after_it_was_fitted(lines) -> None:
    model = Frequency.fit(lines(*ROWS))
    just_now = lines((9, 0, 3, 9.0), n_customers=1)
    assert model.scores(just_now, 9.0)[0].argmax() == 3


def test_item_knn_sums_the_cosines_of_what_the_customer_has(lines) -> None:
    model = ItemKnn.fit(lines(*ROWS))
    bought_twice = lines((9, 0, 0, 9.0), (10, 0, 0, 10.0), n_customers=1)
    # Only {0, 1} occur together twice: cosine 2 / sqrt(3 · 2), times ln(1 + 2); popularity only breaks ties.
    assert model.scores(bought_twice, 10.0)[0] == pytest.approx([0, np.log(3) * 2 / np.sqrt(6), 0, 0], abs=2e-6)


def test_item_knn_falls_back_on_popularity(lines) -> None:
    scores = ItemKnn.fit(lines(*ROWS)).scores(lines(n_customers=1), 5.0)[0]
    assert scores.argsort(kind="stable").tolist() == [3, 1, 2, 0]
