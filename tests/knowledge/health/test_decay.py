import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import InvalidValueError
from knowledge.health.decay import decayed, fall_p_value
from knowledge.health.rows import Tally, TwoWindows


@pytest.mark.parametrize(
    ("earlier", "recent", "p_value"),
    [
        # Of four trials two went well; both were among the earlier two in one of the six ways to place them.
        (Tally(2, 2), Tally(2, 0), 1 / 6),
        # Of six trials four went well: (4 over 1)(2 over 2) of (6 over 3) ways leave the recent one of them or none.
        (Tally(3, 3), Tally(3, 1), 4 / 20),
        (Tally(3, 1), Tally(3, 3), 1.0),
        (Tally(5, 0), Tally(5, 0), 1.0),
    ],
)
def test_chance_of_a_fall_worked_by_hand(earlier: Tally, recent: Tally, p_value: float) -> None:
    assert fall_p_value(earlier, recent) == pytest.approx(p_value)


def test_a_script_that_fell_is_found_among_those_that_did_not() -> None:
    steady = [TwoWindows(f"s{i}", Tally(200, 100), Tally(200, 100 + i - 5)) for i in range(10)]
    (found,) = decayed([*steady, TwoWindows("fallen", Tally(200, 120), Tally(200, 60))])
    assert found.script_id == "fallen"
    assert (found.earlier_rate, found.recent_rate) == (0.6, 0.3)
    assert found.change == pytest.approx(-0.3)
    assert -0.3 < found.shrunk < -0.2
    assert found.p_value < found.q_value < 1e-6


def test_a_single_script_is_not_shrunk() -> None:
    (found,) = decayed([TwoWindows("s", Tally(100, 80), Tally(100, 40))])
    assert found.shrunk == pytest.approx(-0.4)
    assert found.q_value == found.p_value


def test_a_season_that_takes_all_scripts_down_alike_still_shows() -> None:
    assert len(decayed([TwoWindows(f"s{i}", Tally(200, 120), Tally(200, 60)) for i in range(5)])) == 5


def test_few_observations_prove_nothing() -> None:
    assert decayed([TwoWindows("s", Tally(19, 19), Tally(500, 0))]) == []
    assert decayed([TwoWindows("s", Tally(20, 20), Tally(20, 0))]) != []


def test_a_fall_too_small_to_matter_is_left_out() -> None:
    windows = [TwoWindows("s", Tally(100_000, 50_000), Tally(100_000, 48_000))]
    assert decayed(windows) == []
    assert len(decayed(windows, least_fall=0.01)) == 1


def test_chance_alone_is_seldom_reported() -> None:
    rng = np.random.default_rng(7)
    n_reported = 0
    for _ in range(30):
        drawn = rng.binomial(100, 0.4, size=(40, 2))
        windows = [TwoWindows(str(i), Tally(100, int(a)), Tally(100, int(b))) for i, (a, b) in enumerate(drawn)]
        n_reported += bool(decayed(windows))
    # At a false discovery rate of 10 % one library in ten may show something that is not there.
    assert n_reported <= 6


def test_nothing_is_compared_with_nothing() -> None:
    assert decayed([]) == []
    assert decayed([TwoWindows("s", Tally(0, 0), Tally(0, 0))]) == []


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"recent of s: .* expected no more successes than trials"):
        decayed([TwoWindows("s", Tally(1, 1), Tally(1, 2))])
    with pytest.raises(InvalidValueError, match="most_q: got 1"):
        decayed([], most_q=1)
    with pytest.raises(InvalidValueError, match="least_shown: got 0"):
        decayed([], least_shown=0)


tallies = st.integers(20, 200).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))


@settings(max_examples=40)
@given(st.lists(st.tuples(tallies, tallies), max_size=12))
def test_reported_scripts_fell_and_never_rose(pairs: list[tuple[Tally, Tally]]) -> None:
    found = decayed([TwoWindows(str(i), *pair) for i, pair in enumerate(pairs)])
    assert all(one.change < 0 and one.p_value <= one.q_value <= 0.1 and one.shrunk <= -0.05 for one in found)
