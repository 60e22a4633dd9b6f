import numpy as np
import pytest

from models.recommenders.ease import Ease, EaseSettings


def test_two_items_give_the_weights_worked_by_hand(lines) -> None:
    # X has a column for each item: both customers have item 0, one has item 1, each once, so ln 2 in each cell.
    learned = lines((1, 0, 0, 1.0), (1, 0, 1, 1.0), (2, 1, 0, 1.0), n_customers=2, n_items=2)
    square = np.log(2) ** 2
    gram = np.array([[2 * square + 3, square], [square, square + 3]])
    # (XᵀX + λI)⁻¹ of a 2x2 matrix [[a, b], [b, d]] is [[d, -b], [-b, a]] / det, so B_01 = b / a and B_10 = b / d.
    model = Ease.fit(learned, EaseSettings(regularisation=3.0))
    assert model.weights == pytest.approx(np.array([[0, square / gram[0, 0]], [square / gram[1, 1], 0]]))


def test_the_weights_are_the_solution_of_the_least_squares_with_an_empty_diagonal(drawn) -> None:
    learned = drawn(3)
    model = Ease.fit(learned, EaseSettings(regularisation=7.0))
    bought = learned.counts().log1p().toarray().astype(np.float64)[:, model.items]
    for item in range(len(model.items)):  # ridge regression of each column on all the others
        others = np.delete(np.arange(len(model.items)), item)
        x, y = bought[:, others], bought[:, item]
        expected = np.linalg.solve(x.T @ x + 7.0 * np.eye(len(others)), x.T @ y)
        assert model.weights[others, item] == pytest.approx(expected, abs=1e-5)
        assert model.weights[item, item] == 0.0


def test_of_too_many_items_the_most_frequent_are_modelled_and_the_rest_hardly_scores(drawn) -> None:
    learned = drawn(4)
    model = Ease.fit(learned, EaseSettings(max_items=5))
    counts = np.asarray(learned.counts().sum(axis=0)).ravel()
    assert sorted(counts[model.items])[0] >= sorted(np.delete(counts, model.items))[-1]
    rest = np.delete(np.arange(12), model.items)
    assert model.scores(learned, 99.0)[:, rest].max() <= 1e-6


def test_nothing_learned_scores_nothing(lines) -> None:
    model = Ease.fit(lines())
    assert model.scores(lines((1, 0, 0, 1.0)), 2.0).tolist() == [[0.0] * 4] * 3
