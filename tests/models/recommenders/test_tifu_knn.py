import numpy as np
import pytest

from models.errors import ModelError
from models.recommenders.lines import PurchaseLines
from models.recommenders.tifu_knn import TifuKnn, TifuSettings, frequency_vectors

HALVES = TifuSettings(n_neighbours=2, within_decay=0.5, group_decay=0.25, n_groups=2, alpha=0.5)


def by_the_paper(lines: PurchaseLines, customer: int, settings: TifuSettings) -> np.ndarray:
    """Section 4 of the paper, basket by basket."""
    own = lines.customers == customer
    days = {basket: lines.days[own & (lines.baskets == basket)].min() for basket in set(lines.baskets[own].tolist())}
    baskets = []
    for basket in sorted(days, key=lambda one: (days[one], one)):
        vector = np.zeros(lines.n_items)
        vector[lines.items[own & (lines.baskets == basket)]] = 1.0
        baskets.append(vector)
    n_groups = min(settings.n_groups, len(baskets))
    total = np.zeros(lines.n_items)
    sizes = [len(baskets) // n_groups + (i >= n_groups - len(baskets) % n_groups) for i in range(n_groups)]
    for i, size in enumerate(sizes):
        group = baskets[sum(sizes[:i]) : sum(sizes[: i + 1])]
        mean = sum(settings.within_decay ** (size - 1 - j) * vector for j, vector in enumerate(group)) / size
        total += settings.group_decay ** (n_groups - 1 - i) * mean
    return total / n_groups


def test_three_baskets_in_two_groups_weigh_what_was_worked_by_hand(lines) -> None:
    learned = lines((1, 0, 0, 1.0), (2, 0, 1, 2.0), (3, 0, 0, 3.0), (3, 0, 2, 3.0), n_customers=1)
    # The older group is basket 1, the newer one baskets 2 and 3, of which 2 counts half.
    # Item 0: (1/4 · 1 + 1 · 1/2) / 2 = 3/8. Item 1: (1/2)/2 / 2 = 1/8. Item 2: 1/2 / 2 = 1/4.
    assert frequency_vectors(learned, HALVES).toarray().tolist() == [[3 / 8, 1 / 8, 1 / 4, 0]]


def test_the_newest_of_few_baskets_is_not_discounted(lines) -> None:
    learned = lines((1, 0, 0, 1.0), (2, 1, 1, 1.0), (3, 1, 2, 2.0), n_customers=2)
    expected = np.array([[1, 0, 0, 0], [0, 0.7 / 2, 1 / 2, 0]])
    assert frequency_vectors(learned, TifuSettings()).toarray() == pytest.approx(expected)


@pytest.mark.parametrize("n_groups", [1, 2, 3, 7])
@pytest.mark.parametrize("seed", [1, 2])
def test_vectors_are_those_of_the_formula_basket_by_basket(drawn, seed: int, n_groups: int) -> None:
    learned, settings = drawn(seed), TifuSettings(n_groups=n_groups)
    found = frequency_vectors(learned, settings).toarray()
    for customer in set(learned.customers.tolist()):
        assert found[customer] == pytest.approx(by_the_paper(learned, customer, settings), abs=1e-6)


def test_scores_mix_the_own_vector_with_the_mean_of_the_nearest(lines) -> None:
    learned = lines((1, 0, 0, 1.0), (2, 1, 0, 1.0), (2, 1, 1, 1.0), (3, 2, 3, 1.0))
    me = lines((9, 0, 0, 5.0), n_customers=1)
    # Distances to the three: 0, 1 and sqrt(2); the mean of the nearest two is [1, 1/2, 0, 0].
    assert TifuKnn.fit(learned, HALVES).scores(me, 6.0).tolist() == [[1.0, 0.25, 0.0, 0.0]]


def test_who_has_bought_nothing_gets_the_mean_of_all(lines) -> None:
    learned = lines((1, 0, 0, 1.0), (2, 1, 0, 1.0), (2, 1, 1, 1.0), (3, 2, 3, 1.0))
    scores = TifuKnn.fit(learned, HALVES).scores(lines(n_customers=1), 6.0)
    assert scores == pytest.approx(np.array([[1 / 3, 1 / 6, 0, 1 / 6]]))


def test_neighbours_are_the_nearest_whatever_the_batch(drawn, monkeypatch) -> None:
    learned = drawn(5)
    model = TifuKnn.fit(learned, TifuSettings(n_neighbours=4))
    whole = model.scores(learned, 99.0)
    monkeypatch.setattr("models.recommenders.tifu_knn.CELLS_AT_ONCE", 60)
    assert model.scores(learned, 99.0).tolist() == whole.tolist()
    vectors = model.vectors.toarray().astype(np.float64)
    own, near = model.own_and_near(learned)
    n_checked = 0
    for vector, found in zip(own.toarray(), near, strict=True):
        distances = ((vectors - vector) ** 2).sum(axis=1)
        order = np.argsort(distances)
        if vector.any() and distances[order[4]] - distances[order[3]] > 1e-5:  # no tie for the last place
            assert found == pytest.approx(vectors[order[:4]].mean(axis=0), abs=1e-6)
            n_checked += 1
    assert n_checked > 10


def test_with_no_customers_to_learn_from_only_the_own_purchases_count(lines) -> None:
    scores = TifuKnn.fit(lines(), HALVES).scores(lines((1, 0, 2, 1.0)), 2.0)
    assert scores[0].tolist() == [0, 0, 0.5, 0]


@pytest.mark.parametrize("wrong", [{"alpha": 1.2}, {"n_groups": 0}, {"within_decay": -0.1}, {"n_neighbours": 0}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ModelError):
        TifuSettings(**wrong)
