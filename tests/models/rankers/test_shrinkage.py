"""What all scripts together say of one that was hardly shown."""

import numpy as np
import pytest

from models.rankers.errors import RankerError
from models.rankers.shrinkage import MOST_STRENGTH, fit_beta_prior


def test_the_spread_of_many_items_is_found_again() -> None:
    rng = np.random.default_rng(1)
    shown = rng.integers(20, 200, 1500)
    found = fit_beta_prior(shown, rng.binomial(shown, rng.beta(0.2 * 15, 0.8 * 15, 1500)))
    assert found is not None
    assert found.usual == pytest.approx(0.2, abs=0.01)
    assert found.strength == pytest.approx(15, rel=0.15)


def test_items_that_are_all_alike_are_believed_alike() -> None:
    rng = np.random.default_rng(2)
    found = fit_beta_prior(np.full(300, 50), rng.binomial(50, 0.4, 300))
    assert found is not None
    assert found.strength > 0.2 * MOST_STRENGTH


@pytest.mark.parametrize(("shown", "taken"), [([5] * 9, [1] * 9), ([5] * 20, [0] * 20), ([5] * 20, [5] * 20), ([], [])])
def test_too_few_or_all_the_same_say_nothing(shown: list[int], taken: list[int]) -> None:
    assert fit_beta_prior(shown, taken) is None


def test_more_takings_than_showings_are_refused() -> None:
    with pytest.raises(RankerError, match="no part"):
        fit_beta_prior([3], [4])
