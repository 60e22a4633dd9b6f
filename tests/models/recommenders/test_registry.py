"""What every registered recommender does, whichever it is."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelError
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.trained import TrainedRecommender

NAMES = list(RECOMMENDERS)
SKUS = tuple(f"sku-{number}" for number in range(12))


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


def test_scores_have_a_row_for_each_history_and_a_column_for_each_item(name, drawn) -> None:
    learned = drawn(1)
    scores = RECOMMENDERS[name].fit(learned).scores(learned.of(np.array([4, 2, 9])), 99.0)
    assert (scores.shape, scores.dtype) == ((3, 12), np.float32)
    assert not np.isnan(scores).any()


def test_a_history_is_scored_alike_alone_and_among_others(name, drawn) -> None:
    learned = drawn(2)
    model = RECOMMENDERS[name].fit(learned)
    together = model.scores(learned, 99.0)
    for customer in range(learned.n_customers):
        alone = model.scores(learned.of(np.array([customer])), 99.0)
        assert alone[0] == pytest.approx(together[customer], abs=1e-6)


def test_a_customer_without_orders_gets_scores(name, drawn, lines) -> None:
    scores = RECOMMENDERS[name].fit(drawn(3)).scores(lines(n_customers=1, n_items=12), 99.0)
    assert np.isfinite(scores).any()


def test_the_order_of_lines_and_the_numbers_of_baskets_do_not_matter(name, drawn) -> None:
    from dataclasses import replace

    learned = drawn(4)
    # Same days are told apart by basket numbers, so these keep their order.
    again = replace(learned, baskets=learned.baskets * 7 + 3).take(np.random.default_rng(0).permutation(len(learned)))
    scores = RECOMMENDERS[name].fit(learned).scores(learned, 99.0)
    assert RECOMMENDERS[name].fit(again).scores(again, 99.0) == pytest.approx(scores, abs=1e-5)


def test_what_was_saved_scores_the_same(name, drawn, tmp_path: Path) -> None:
    learned = drawn(5)
    trained = TrainedRecommender.fit(name, learned, SKUS)
    trained.save(tmp_path)
    back = TrainedRecommender.load(tmp_path)
    assert (back.kind, back.skus, back.trained_on) == (name, SKUS, trained.trained_on)
    assert back.model.scores(learned, 99.0).tolist() == trained.model.scores(learned, 99.0).tolist()
    assert trained.trained_on.n_lines == 400
    assert (trained.trained_on.first_day, trained.trained_on.last_day) == (learned.days.min(), learned.days.max())


def test_saving_twice_gives_the_same_bytes(name, drawn, tmp_path: Path) -> None:
    for place in ("one", "two"):
        TrainedRecommender.fit(name, drawn(5), SKUS).save(tmp_path / place)
    hashes = [(tmp_path / place / "recommender.json").read_bytes() for place in ("one", "two")]
    assert hashes[0] == hashes[1]


def test_no_lines_at_all_can_be_learned_from_and_saved(name, lines, tmp_path: Path) -> None:
    TrainedRecommender.fit(name, lines(), tuple("abcd")).save(tmp_path)
    back = TrainedRecommender.load(tmp_path)
    assert back.trained_on.first_day is None
    assert back.model.scores(lines((1, 0, 2, 1.0)), 2.0).shape == (3, 4)


def test_any_flipped_byte_is_refused_with_file_and_remedy(name, drawn, tmp_path: Path) -> None:
    TrainedRecommender.fit(name, drawn(6), SKUS).save(tmp_path)
    files = [tmp_path / "model" / "model.npz", tmp_path / "items.json"]

    @settings(max_examples=20, deadline=None)
    @given(st.sampled_from(files), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
    def flipped(path: Path, where: float, by: int) -> None:
        whole = path.read_bytes()
        place = int(where * len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ by]) + whole[place + 1 :])
        try:
            with pytest.raises(ModelError, match=rf"{path.name} cannot be read .*copilot train recommender"):
                TrainedRecommender.load(tmp_path)
        finally:
            path.write_bytes(whole)

    flipped()
