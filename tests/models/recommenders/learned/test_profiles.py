"""What tags of customers teach: planted where they decide what is bought, and where they are noise."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ModelError
from models.recommenders.learned.model import Learned, LearnedSettings, _Past
from models.recommenders.learned.profiles import TagLifts
from models.recommenders.learned.trees import TreeSettings
from models.recommenders.lines import PurchaseLines
from models.recommenders.profile_tags import ProfileTags
from models.recommenders.recommender import best_items
from models.recommenders.trained import TrainedRecommender

N_CUSTOMERS, N_KINDS, N_ITEMS, TODAY = 500, 5, 60, 150.0
SMALL = LearnedSettings(n_moments=2, n_pull_moments=2, trees=TreeSettings(n_trees=60), threads=1)


@dataclass(frozen=True)
class Town:
    """Customers of five kinds, each with twelve items of its own: half of what they buy is of these, half by chance."""

    lines: PurchaseLines
    kinds: NDArray[np.int64]

    @property
    def told(self) -> ProfileTags:
        """Everybody's kind."""
        return ProfileTags.of_names([[f"kind:{kind}"] for kind in self.kinds.tolist()])

    @property
    def noise(self) -> ProfileTags:
        """Tags by chance."""
        drawn = np.random.default_rng(3).permutation(self.kinds)
        return ProfileTags.of_names([[f"kind:{kind}"] for kind in drawn.tolist()])


@pytest.fixture(scope="module")
def town() -> Town:
    rng = np.random.default_rng(11)
    kinds = rng.integers(N_KINDS, size=N_CUSTOMERS)
    customers = np.repeat(np.arange(N_CUSTOMERS), 6)
    own = kinds[customers] * (N_ITEMS // N_KINDS) + rng.integers(N_ITEMS // N_KINDS, size=len(customers))
    items = np.where(rng.random(len(customers)) < 0.5, own, rng.integers(N_ITEMS, size=len(customers)))
    days = rng.uniform(0.0, TODAY, len(customers))
    order = np.argsort(days)
    lines = PurchaseLines(np.arange(len(order)), customers[order], items[order], days[order], N_CUSTOMERS, N_ITEMS)
    return Town(lines, kinds)


@pytest.fixture(scope="module")
def fitted(town: Town) -> Callable[[str], Learned]:
    """The model without profiles, with those that tell everything, or with noise."""
    kept: dict[str, Learned] = {}

    def model(name: str) -> Learned:
        profiles = {"without": None, "told": town.told, "noise": town.noise}[name]
        if name not in kept:
            kept[name] = Learned.fit(town.lines, SMALL, profiles=profiles)
        return kept[name]

    return model


def newcomers() -> tuple[PurchaseLines, NDArray[np.int64]]:
    """One customer of each kind, who have bought nothing yet."""
    none = np.zeros(0, np.int64)
    return PurchaseLines(none, none, none, np.zeros(0), N_KINDS, N_ITEMS), np.arange(N_KINDS)


def share_right(scores: NDArray[np.float32], kinds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which share of the first ten items is of each customer's kind."""
    found = [items // (N_ITEMS // N_KINDS) == kind for items, kind in zip(best_items(scores, 10), kinds, strict=True)]
    return np.array([one.mean() for one in found])


def test_a_lift_is_what_buyers_with_a_tag_surely_are_to_those_expected(lines_of) -> None:
    # 90 customers are a and buy item 0; 30 are b, of whom 10 buy item 0 and 20 item 1; one without tags buys item 2.
    bought = [(customer, int(customer >= 100)) for customer in range(120)] + [(120, 2)]
    lines = lines_of([(customer, customer, item, 1.0) for customer, item in bought], 121, 3)
    tags = ProfileTags.of_names([["a"] if customer < 90 else ["b"] for customer in range(120)] + [[]])
    lifts = TagLifts.fit(lines, tags, np.array([0, 1, 2]))
    # Of 120 pairs 100 are of item 0: expected of a are 75 and 15, of b 25 and 5.
    surely_b = np.log(30 / 15) - 1.96 / np.sqrt(30)
    surely_not_a = np.log(10 / 25) + 1.96 / np.sqrt(10)
    surely_not_b = np.log(20 / 35) + 1.96 / np.sqrt(20)
    assert surely_b > 0.0 > surely_not_a
    assert lifts.values[0] == pytest.approx([0.0, surely_not_a, 0.0], abs=1e-6)  # 90 to 75 may be chance
    assert lifts.values[1] == pytest.approx([min(0.0, surely_not_b), surely_b, 0.0], abs=1e-6)


def test_a_row_has_the_mean_and_the_largest_lift_of_the_tags(lines_of) -> None:
    lifts = TagLifts(
        ("a", "b"), np.array([1, 3]), np.array([[0.5, -0.2], [0.1, 0.6]], np.float32), np.zeros(2, np.float32)
    )
    tagged = lifts.of(ProfileTags.of_names([["b", "a", "unheard of"], ["b"], []]))
    pairs = [(0, 1), (0, 3), (1, 1), (2, 1), (0, 2)]  # nothing is known of customer 2, nor of item 2
    rows = tagged.rows(*(np.array(column) for column in zip(*pairs, strict=True)))
    expected = [[0.3, 0.5], [0.2, 0.6], [0.1, 0.1], [0.0, 0.0], [0.0, 0.0]]
    assert rows == pytest.approx(np.array(expected), abs=1e-6)


def test_where_a_tag_decides_what_is_bought_it_is_recommended_to_who_never_bought(fitted) -> None:
    histories, kinds = newcomers()
    tags = ProfileTags.of_names([[f"kind:{kind}"] for kind in kinds.tolist()])
    assert share_right(fitted("told").scores(histories, TODAY, tags), kinds).min() == 1.0
    assert share_right(fitted("without").scores(histories, TODAY, tags), kinds).mean() == pytest.approx(0.2)


def test_where_a_tag_decides_it_wins_for_customers_of_one_purchase(fitted, town: Town) -> None:
    first = np.unique(town.lines.customers, return_index=True)[1]
    thin = town.lines.take(np.sort(first))
    known = share_right(fitted("told").scores(thin, TODAY, town.told), town.kinds)
    unknown = share_right(fitted("without").scores(thin, TODAY), town.kinds)
    # One purchase is of the own kind with 0.5 + 0.5 / 5 = 0.6, and tells no more.
    assert known.mean() > 0.9
    assert unknown.mean() < 0.7


def test_tags_by_chance_do_no_harm(fitted, town: Town) -> None:
    noisy = share_right(fitted("noise").scores(town.lines, TODAY, town.noise), town.kinds)
    without = share_right(fitted("without").scores(town.lines, TODAY), town.kinds)
    difference = noisy - without
    assert difference.mean() >= -2.0 * difference.std() / np.sqrt(N_CUSTOMERS)
    assert difference.mean() > -0.005


def test_a_customer_without_a_profile_is_served_as_if_nobody_had_one(fitted, town: Town) -> None:
    some = town.lines.of(np.arange(30))
    nothing = ProfileTags.of_names([[]] * 30)
    without = fitted("without").scores(some, TODAY)
    np.testing.assert_allclose(fitted("told").scores(some, TODAY), without, atol=1e-5)
    np.testing.assert_array_equal(fitted("told").scores(some, TODAY, nothing), fitted("told").scores(some, TODAY))


def test_of_a_model_without_profiles_tags_change_nothing(fitted, town: Town) -> None:
    some, tags = town.lines.of(np.arange(30)), town.told.of(np.arange(30))
    assert fitted("without").tag_names == ()
    np.testing.assert_array_equal(fitted("without").scores(some, TODAY), fitted("without").scores(some, TODAY, tags))


def test_what_the_tags_add_is_a_part_of_its_own(fitted, town: Town) -> None:
    some, tags = town.lines.of(np.arange(30)), town.told.of(np.arange(30))
    model = fitted("told")
    table = model.candidates(some, TODAY, profiles=tags)
    parts, start = model.parts(table.rows)
    assert np.abs(parts["profile"]).max() > 0.1
    np.testing.assert_allclose(sum(parts.values()) + start, model.trees.scores(table.rows), atol=1e-9)
    silent, _ = model.parts(model.candidates(some, TODAY).rows)
    np.testing.assert_allclose(silent["profile"], 0.0, atol=1e-9)


def test_lifts_of_a_lesson_know_nothing_of_what_came_after(town: Town) -> None:
    moment = TODAY - 28.0
    later = town.lines.days >= moment
    other = replace(town.lines, items=np.where(later, (town.lines.items + 1) % N_ITEMS, town.lines.items))
    rows = [
        _Past.of(lines, SMALL, town.told).lesson(moment, np.random.default_rng(0))[0] for lines in (town.lines, other)
    ]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert rows[0][:, -2:].any()


def test_tags_of_too_few_customers_are_not_learned_from(town: Town) -> None:
    rare = ProfileTags.of_names([["rare"] if customer < 19 else [] for customer in range(N_CUSTOMERS)])
    assert Learned.fit(town.lines, SMALL, profiles=rare).tag_names == ()


def test_a_saved_model_looks_at_the_same_tags(fitted, town: Town, tmp_path: Path) -> None:
    some, tags = town.lines.of(np.arange(30)), town.told.of(np.arange(30))
    for name in ("told", "without"):
        fitted(name).save(tmp_path / name)
        back = Learned.load(tmp_path / name)
        assert back.tag_names == fitted(name).tag_names
        np.testing.assert_array_equal(back.scores(some, TODAY, tags), fitted(name).scores(some, TODAY, tags))


def test_other_item_numbers_see_the_same_profiles(fitted, town: Town) -> None:
    skus = tuple(f"p{item}" for item in range(N_ITEMS))
    trained = TrainedRecommender("learned", skus, None, fitted("told"))
    backwards = trained.for_items(skus[::-1])
    some, tags = town.lines.of(np.arange(30)), town.told.of(np.arange(30))
    turned = replace(some, items=N_ITEMS - 1 - some.items)
    assert trained.tag_names == backwards.tag_names == tuple(f"kind:{kind}" for kind in range(N_KINDS))
    np.testing.assert_array_equal(
        backwards.scores(turned, TODAY, tags)[:, ::-1], fitted("told").scores(some, TODAY, tags)
    )


def test_profiles_of_other_customers_are_refused(fitted, town: Town) -> None:
    with pytest.raises(ModelError, match="profiles of 30 customers; expected one for each of 500"):
        Learned.fit(town.lines, profiles=town.told.of(np.arange(30)))
    with pytest.raises(ModelError, match="profiles of 2 customers; expected one for each of 3"):
        fitted("told").candidates(town.lines.of(np.arange(3)), TODAY, profiles=town.told.of(np.arange(2)))
