from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelError
from models.segments import Liked, SegmentAffinity, wilson_low

TAGS, SKUS = ("oily", "dry"), ("gel", "cream")


def pairs(*found: tuple[int, int]) -> np.ndarray:
    return np.array(found, np.int64).reshape(-1, 2)


def fitted() -> SegmentAffinity:
    """Customers 0..9 are oily and 0..7 of them buy gel; 10..29 are dry, all buy cream, and two of them gel too."""
    tagged = pairs(*((c, 0) for c in range(10)), *((c, 1) for c in range(10, 30)), (99, 0))
    gel = [(c, 0) for c in (*range(8), 10, 11)]
    cream = [(c, 1) for c in range(8, 30)]
    return SegmentAffinity.fit(TAGS, SKUS, tagged, pairs(*gel, *cream))


def test_what_a_segment_buys_more_than_others_is_counted() -> None:
    # 30 customers bought anything; 10 of them are oily (99 bought nothing); 8 of those bought gel, of 10 buyers of gel.
    assert fitted().liked("oily") == [Liked("gel", n_both=8, n_tagged=10, n_buyers=10, n_customers=30)]
    assert fitted().liked("oily")[0].lift == pytest.approx(8 / 10 * 30 / 10)
    assert [one.sku for one in fitted().liked("dry")] == ["cream"]
    assert fitted().liked("nobody") == ()


def test_a_share_is_taken_at_the_lower_end_of_its_interval() -> None:
    assert wilson_low(8, 10) == pytest.approx(0.4902, abs=1e-4)  # the textbook interval of 8 in 10: 0.490 to 0.943
    assert fitted().liked("oily")[0].strength == pytest.approx(1 - (10 / 30) / 0.4902, abs=1e-3)


def test_a_customer_who_buys_twice_counts_once() -> None:
    tagged, bought = (
        pairs(*((c, 0) for c in range(5))),
        pairs(*((c, 0) for c in range(5)), *((c, 1) for c in range(5, 40))),
    )
    twice = SegmentAffinity.fit(TAGS, SKUS, tagged, np.concatenate([bought, bought]))
    assert twice.liked("oily") == [Liked("gel", 5, 5, 5, 40)]


def test_few_buyers_say_nothing() -> None:
    tagged, bought = (
        pairs(*((c, 0) for c in range(4))),
        pairs(*((c, 0) for c in range(4)), *((c, 1) for c in range(4, 99))),
    )
    assert SegmentAffinity.fit(TAGS, SKUS, tagged, bought).liked("oily") == ()


def test_a_saved_model_comes_back_the_same(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    back = SegmentAffinity.load(tmp_path)
    assert [back.liked(tag) for tag in TAGS] == [fitted().liked(tag) for tag in TAGS]
    assert SegmentAffinity.load(tmp_path / "nowhere").liked("oily") == ()


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "segments.npz").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="copilot index build"):
        SegmentAffinity.load(tmp_path)


def test_a_number_without_a_sku_is_refused() -> None:
    with pytest.raises(ModelError, match=r"sku numbers must lie in 0\.\.1, got 2"):
        SegmentAffinity.fit(TAGS, SKUS, pairs((0, 0)), pairs((0, 2)))


CUSTOMERS = st.integers(0, 40)


@given(
    st.lists(st.tuples(CUSTOMERS, st.integers(0, 1)), max_size=80),
    st.lists(st.tuples(CUSTOMERS, st.integers(0, 1)), max_size=80),
)
def test_every_count_is_what_counting_by_hand_gives(tagged: list, bought: list) -> None:
    model = SegmentAffinity.fit(TAGS, SKUS, pairs(*tagged), pairs(*bought))
    buyers = {customer for customer, _ in bought}
    for number, tag in enumerate(TAGS):
        members = {customer for customer, held in tagged if held == number} & buyers
        for liked in model.liked(tag):
            of_sku = {customer for customer, sku in bought if SKUS[sku] == liked.sku}
            expected = (len(members & of_sku), len(members), len(of_sku), len(buyers))
            assert (liked.n_both, liked.n_tagged, liked.n_buyers, liked.n_customers) == expected
            assert liked.lift > 1
            assert 0 < liked.strength <= 1
