"""How often each place is looked at."""

import numpy as np
import pytest

from models.rankers.errors import RankerError
from models.rankers.examination import (
    LEAST,
    PRIOR_SPREAD,
    default_curve,
    estimate_examination,
    known_examination,
)
from models.rankers.synthetic import World, draw_log


def swapped(n_upper: int, n_lower: int, *, upper: float = 0.8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Takings of an item that stood first with a chance of `upper` and second otherwise."""
    places = np.repeat([0, 1], [n_upper, n_lower])
    return places, np.ones(len(places), np.bool_), np.tile([upper, 1 - upper], (len(places), 1))


def test_a_ratio_is_takings_over_propensity_weighed_with_belief() -> None:
    places, taken, propensities = swapped(64, 8)
    found = estimate_examination(places, taken, propensities, np.array([1.0, 0.9]), spread=0.5)
    seen = np.log((8 / 0.2) / (64 / 0.8))  # half as often looked at
    precision, belief = 1 / (1 / 64 + 1 / 8), 1 / 0.5**2
    ratio = (precision * seen + belief * np.log(0.9)) / (precision + belief)
    assert found.curve == pytest.approx([1.0, np.exp(ratio)])
    assert found.errors == pytest.approx([(precision + belief) ** -0.5])
    assert found.n_takings.tolist() == [72]


def test_without_swaps_there_is_only_belief() -> None:
    places, taken = np.array([0, 1, 0, 1]), np.ones(4, np.bool_)
    found = estimate_examination(places, taken, np.eye(2)[places], default_curve(2))
    assert (found.curve.tolist(), found.is_measured) == (default_curve(2).tolist(), False)
    assert found.errors.tolist() == [PRIOR_SPREAD]


def test_takings_at_one_of_two_places_only_are_no_evidence() -> None:
    places, taken, propensities = swapped(5, 0)
    assert estimate_examination(places, taken, propensities, np.array([1.0, 0.5])).curve.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("looked_at", [(1.0, 0.5, 0.25), (1.0, 0.95, 0.9)])
def test_swapped_neighbours_tell_how_far_down_anybody_looks(looked_at: tuple[float, ...]) -> None:
    world = World(np.array([2.0, 1.0]), np.array([1.0, 2.0]), np.array(looked_at))
    log = draw_log(world, 20_000, np.random.default_rng(1))
    found = estimate_examination(log.slates.places, log.slates.taken, log.propensities, np.ones(3))
    assert found.curve == pytest.approx(looked_at, abs=0.08)
    curves = found.draw(np.random.default_rng(2), 2000)
    low, high = np.quantile(curves, [0.005, 0.995], axis=0)
    assert (low <= np.array(looked_at) + 1e-9).all()
    assert (np.array(looked_at) <= high + 1e-9).all()


def test_no_place_counts_for_nothing() -> None:
    assert known_examination([1.0, 0.5, 0.001]).curve.tolist() == [1.0, pytest.approx(0.5), LEAST]


@pytest.mark.parametrize("curve", [[0.5, 1.0], [1.0, 0.0], [], [1.0, -1.0]])
def test_what_is_no_curve_is_refused(curve: list[float]) -> None:
    with pytest.raises(RankerError, match="expected numbers above 0"):
        known_examination(curve)


def test_a_row_cannot_stand_where_it_never_could() -> None:
    with pytest.raises(RankerError, match="propensity is zero"):
        estimate_examination(np.array([1]), np.array([True]), np.array([[1.0, 0.0]]), np.ones(2))
