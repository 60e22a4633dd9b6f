import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.curation.counts import NO_COUNTS, Counts, mean, share


def test_a_share_has_the_interval_of_wilson() -> None:
    # z = 1.96: centre (0.5 + 3.8415/20) / (1 + 3.8415/10) = 0.5; half 1.96 sqrt(0.025 + 3.8415/400) / 1.38415 = 0.2634
    found = share(5, 10)
    assert found is not None
    assert (found.mean, found.n) == (0.5, 10)
    assert (found.low, found.high) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))


def test_nothing_seen_is_no_share_and_never_seen_is_not_never() -> None:
    assert share(0, 0) is None
    found = share(0, 20)
    assert found is not None
    # z² / (n + z²) = 3.8415 / 23.8415
    assert (found.low, found.high) == (0.0, pytest.approx(0.1611, abs=1e-4))


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_an_interval_holds_its_share_and_stays_within_nothing_and_everything(one: int, other: int) -> None:
    n_yes, n = min(one, other), max(one, other)
    found = share(n_yes, n)
    assert found is not None
    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_a_mean_has_the_interval_of_student() -> None:
    # 2, 4, 6: mean 4, deviation 2, t(2) = 4.3027; half = 4.3027 · 2 / √3 = 4.968, cut off at zero
    found = mean(3, 12, 4 + 16 + 36)
    assert found is not None
    assert (found.mean, found.low, found.n) == (4.0, 0.0, 3)
    assert found.high == pytest.approx(8.968, abs=1e-3)
    assert mean(0, 0, 0) is None


def test_one_number_says_nothing_of_the_next() -> None:
    found = mean(1, 7, 49)
    assert found is not None
    assert (found.mean, found.low, found.high) == (7.0, 0.0, math.inf)


def test_counts_add_up_field_by_field_and_shares_have_their_own_base() -> None:
    whole = Counts(n_shown=10, n_accepted=3, n_edited=1, n_dismissed=2, n_reply=2) + Counts(
        n_shown=10, n_accepted=1, n_edited=1, n_dismissed=0, n_purchase=1, n_complaint=1
    )
    assert whole.n_used == 6
    bases = {
        "acceptance": Fraction(6, 20),
        "edit_rate": Fraction(2, 6),
        "dismissal": Fraction(2, 20),
        "reply": Fraction(2, 6),
        "purchase": Fraction(1, 6),
        "complaint": Fraction(1, 6),
    }
    for name, expected in bases.items():
        found = getattr(whole, name)
        assert (found.mean, found.n) == (pytest.approx(float(expected)), 20 if expected.denominator in (10, 20) else 6)
    assert NO_COUNTS + whole == whole
    assert whole.edit_distance is None
