"""The learned recommender on customers who buy by rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.recommenders.learned.model import Learned, LearnedSettings, _Past
from models.recommenders.learned.table import FEATURES
from models.recommenders.lines import PurchaseLines

BREAD, MILK, TENT, PEGS = 0, 1, 2, 3
TODAY = 160.0


@pytest.fixture(scope="module")
def learned(shop: PurchaseLines) -> Learned:
    return Learned.fit(shop, LearnedSettings(threads=1))


def history(*bought: tuple[int, float], n_items: int = 12) -> PurchaseLines:
    items, days = np.array([one[0] for one in bought], np.int64), np.array([one[1] for one in bought], np.float64)
    return PurchaseLines(np.arange(len(bought)), np.zeros(len(bought), np.int64), items, days, 1, n_items)


def test_what_is_bought_every_week_comes_first(learned: Learned) -> None:
    weekly = history(*[(BREAD, float(day)) for day in range(90, 160, 7)], (TENT, 100.0))
    (scores,) = learned.scores(weekly, TODAY)
    assert scores.argmax() == BREAD
    assert scores[BREAD] > 2.0  # nearly sure within four weeks


def test_a_purchase_of_today_changes_the_scores_of_today(learned: Learned) -> None:
    before = history((MILK, 120.0), (MILK, 134.0))
    (earlier,) = learned.scores(before, TODAY)
    (later,) = learned.scores(history((MILK, 120.0), (MILK, 134.0), (TENT, 159.9)), TODAY)
    assert later[PEGS] > earlier[PEGS] + 0.3


def test_the_parts_of_every_candidate_sum_to_its_score(learned: Learned, shop: PurchaseLines) -> None:
    table = learned.candidates(shop.of(np.arange(20)), TODAY)
    parts, start = learned.parts(table.rows)
    assert list(parts) == ["habit", "activity", "trend", "pull", "profile"]
    np.testing.assert_allclose(sum(parts.values()) + start, learned.trees.scores(table.rows), atol=1e-9)


def test_what_came_after_the_moment_of_a_lesson_is_wanted_but_never_seen(shop: PurchaseLines) -> None:
    moment = TODAY - 28.0
    later = shop.days >= moment
    other = replace(shop, items=np.where(later, (shop.items + 1) % 12, shop.items))
    lessons = [
        _Past.of(lines, LearnedSettings(threads=1)).lesson(moment, np.random.default_rng(0)) for lines in (shop, other)
    ]
    np.testing.assert_array_equal(lessons[0][0], lessons[1][0])
    assert (lessons[0][1] != lessons[1][1]).any()


def test_everything_has_a_score_and_customers_without_a_history_get_what_sells(learned: Learned) -> None:
    nobody = PurchaseLines(*(np.zeros(0, np.int64),) * 3, np.zeros(0), 2, 12)
    scores = learned.scores(nobody, TODAY)
    assert scores.shape == (2, 12)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[0], scores[1])


def test_without_any_lines_there_is_nothing_to_tell_items_apart() -> None:
    empty = PurchaseLines(*(np.zeros(0, np.int64),) * 3, np.zeros(0), 0, 3)
    assert Learned.fit(empty).scores(empty, 0.0).shape == (0, 3)


def test_a_saved_model_scores_the_same(learned: Learned, shop: PurchaseLines, tmp_path: Path) -> None:
    learned.save(tmp_path)
    some = shop.of(np.arange(10))
    np.testing.assert_array_equal(Learned.load(tmp_path).scores(some, TODAY), learned.scores(some, TODAY))


def test_a_model_of_other_features_is_refused(
    learned: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.save(tmp_path)
    monkeypatch.setattr("models.recommenders.learned.model.FEATURES", FEATURES[:-1])
    with pytest.raises(ModelError, match="learned from other features than this version has"):
        Learned.load(tmp_path)


def test_the_same_lines_teach_the_same_model(shop: PurchaseLines) -> None:
    one, other = (Learned.fit(shop, LearnedSettings(threads=1)) for _ in range(2))
    np.testing.assert_array_equal(one.scores(shop, TODAY), other.scores(shop, TODAY))
