import math
from collections import Counter
from itertools import accumulate
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.errors import DataError
from eval.experiments.assignment import Variant, assign, sample_ratio_p_value

N_UNITS = 20_000
UNITS = [f"unit-{number}" for number in range(N_UNITS)]
HALVES = (Variant("a"), Variant("b"))


def shared_out(salt: str, **weights: float) -> list[str]:
    variants = [Variant(name, weight) for name, weight in weights.items()]
    return [assign(unit, salt, variants) for unit in UNITS]


def near(share: float) -> object:
    """Within four standard errors of a share of all units."""
    return pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / N_UNITS) + 1e-12)


def test_a_unit_keeps_its_variant_whatever_the_order_of_the_variants() -> None:
    there, back = (Variant("a", 2), Variant("b"), Variant("c")), (Variant("c"), Variant("b"), Variant("a", 2))
    assert [assign(unit, "x", there) for unit in UNITS[:500]] == [assign(unit, "x", back) for unit in UNITS[:500]]


def test_an_upgrade_moves_nobody() -> None:
    # written down once; another answer would shuffle the units of every experiment that is going on
    assert "".join(assign(unit, "x", HALVES) for unit in UNITS[:12]) == "baaabaaaabbb"


def test_units_are_shared_out_by_weight() -> None:
    counts = Counter(shared_out("x", a=1, b=2, c=5, d=0))
    assert counts["a"] / N_UNITS == near(1 / 8)
    assert counts["b"] / N_UNITS == near(2 / 8)
    assert counts["c"] / N_UNITS == near(5 / 8)
    assert counts["d"] == 0


def test_experiments_are_independent_of_each_other() -> None:
    pairs = Counter(zip(shared_out("x", a=1, b=3), shared_out("y", a=1, b=3), strict=True))
    assert pairs["a", "a"] / N_UNITS == near(1 / 16)
    assert pairs["a", "b"] / N_UNITS == near(3 / 16)
    assert pairs["b", "b"] / N_UNITS == near(9 / 16)


def test_growing_one_variant_moves_only_the_units_it_gains() -> None:
    before, after = shared_out("x", a=1, b=1, c=2), shared_out("x", a=3, b=1, c=2)
    moves = Counter((old, new) for old, new in zip(before, after, strict=True) if old != new)
    assert {new for _, new in moves} == {"a"}
    assert moves.total() / N_UNITS == near(3 / 6 - 1 / 4)


def test_closing_a_variant_moves_only_its_units() -> None:
    before, after = shared_out("x", a=1, b=1, c=2), shared_out("x", a=1, b=0, c=2)
    moves = Counter((old, new) for old, new in zip(before, after, strict=True) if old != new)
    assert {old for old, _ in moves} == {"b"}
    assert moves["b", "a"] / moves.total() == pytest.approx(1 / 3, abs=0.03)


def test_scaling_all_weights_moves_nobody() -> None:
    assert shared_out("x", a=1, b=2) == shared_out("x", a=50, b=100)


weights = st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any)


@given(weights, weights)
def test_a_unit_moves_only_to_a_variant_that_has_grown_against_its_own(old: list[int], new: list[int]) -> None:
    before = [Variant(name, weight) for name, weight in zip("abc", old, strict=True)]
    after = [Variant(name, weight) for name, weight in zip("abc", new, strict=True)]
    n_moved = 0
    for unit in UNITS[:300]:
        left, joined = (assign(unit, "x", variants) for variants in (before, after))
        n_moved += left != joined
        if left != joined:
            one, other = "abc".index(left), "abc".index(joined)
            assert new[other] * old[one] > old[other] * new[one]
    distance = sum(abs(a / sum(old) - b / sum(new)) for a, b in zip(old, new, strict=True)) / 2
    most = 2 * distance / (1 + distance)
    assert n_moved / 300 <= most + 5 * math.sqrt(most * (1 - most) / 300) + 1e-9


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        ([Variant("a"), Variant("a")], "'a' occurs twice"),
        ([Variant("a", -1.0)], "weight -1.0"),
        ([Variant("a", math.nan)], "weight nan"),
        ([Variant("a", 0.0)], "no variant has a weight"),
        ([], "no variant has a weight"),
    ],
)
def test_variants_that_cannot_be_shared_out_are_refused(variants: list[Variant], said: str) -> None:
    with pytest.raises(DataError, match=said):
        assign("u", "x", variants)


def test_the_sample_ratio_by_hand() -> None:
    # two of two in one half: any share explains it with ∫p² dp = 1/3, halves with 1/4, so the p-value is 3/4
    assert sample_ratio_p_value({"a": 2}, HALVES) == pytest.approx(3 / 4)
    # one in each: ∫p(1-p) dp = 1/6 against 1/4
    assert sample_ratio_p_value({"a": 1, "b": 1}, HALVES) == 1.0
    # three variants, three in the first: ∫p³ over the simplex = 2!·3!/5! = 1/10 against 1/27
    thirds = [Variant(name) for name in "abc"]
    assert sample_ratio_p_value({"a": 3}, thirds) == pytest.approx(10 / 27)
    assert sample_ratio_p_value({}, HALVES) == 1.0


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 9))
def test_the_sample_ratio_of_two_variants_is_a_ratio_of_binomials(n_a: int, n_b: int, weight: int) -> None:
    # an even prior makes every count of the first variant equally likely: 1 / (n + 1)
    share = weight / (weight + 1)
    binomial = comb(n_a + n_b, n_a) * share**n_a * (1 - share) ** n_b
    found = sample_ratio_p_value({"a": n_a, "b": n_b}, [Variant("a", weight), Variant("b", 1)])
    assert found == pytest.approx(min(1.0, binomial * (n_a + n_b + 1)))


def test_watching_the_sample_ratio_all_the_time_raises_few_false_alarms() -> None:
    n_alarms = 0
    for number in range(200):
        names = [assign(unit, f"salt-{number}", HALVES) for unit in UNITS[:400]]
        n_a = accumulate(name == "a" for name in names)
        p_values = (sample_ratio_p_value({"a": a, "b": n - a}, HALVES) for n, a in enumerate(n_a, start=1))
        n_alarms += min(p_values) < 0.05
    assert n_alarms <= 10


def test_lost_units_are_noticed() -> None:
    assert sample_ratio_p_value({"a": 5_000, "b": 5_000}, HALVES) == 1.0
    assert sample_ratio_p_value({"a": 5_000, "b": 4_500}, HALVES) < 0.01


def test_units_of_a_variant_that_takes_none_are_refused() -> None:
    with pytest.raises(DataError, match="'c' has 3 units"):
        sample_ratio_p_value({"a": 1, "c": 3}, HALVES)
