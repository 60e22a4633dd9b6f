"""What a conversation is about decides by what its replies are judged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from copilot.mining.stakes import at_stake, outcome_table

Make = Callable[..., Any]
NAN = float("nan")


def test_each_outcome_is_a_column_with_nan_where_it_is_not_known(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk("k1", outcomes={"conversion": 1.0}), talk("k2", outcomes={"no_complaint": 0.0}), talk("k3")]
    found = outcome_table(table(talks, [reply(row, "在吗", "好") for row in (0, 0, 1, 2)]))
    np.testing.assert_array_equal(found["conversion"], [1, 1, NAN, NAN])
    np.testing.assert_array_equal(found["no_complaint"], [NAN, NAN, 0, NAN])
    assert outcome_table(table([talk("k1")], [reply(0, "在吗", "好")])).keys() == {"reply"}
    assert outcome_table(table([], [])) == {}


def test_whether_the_customer_wrote_again_is_an_outcome_that_is_never_at_stake(
    table: Make, talk: Make, reply: Make
) -> None:
    found = outcome_table(table([talk("k1")], [reply(0, "在吗", "好", answered=True), reply(0, "贵吗", "不贵")]))
    np.testing.assert_array_equal(found["reply"], [1, 0])
    assert at_stake(found, np.array([0, 1])) == ""
    assert at_stake(found | {"order": np.array([1.0, NAN])}, np.array([0, 1])) == "order"


@pytest.mark.parametrize(
    ("sales_here", "stake"),
    [
        ((1.0, 0.0), "conversion"),
        ((0.0, 0.0), "satisfaction"),
        ((NAN, 1.0), "conversion"),
        ((NAN, NAN), "satisfaction"),
    ],
)
def test_the_sale_is_at_stake_unless_customers_hardly_ever_buy(sales_here: tuple[float, float], stake: str) -> None:
    """Everybody buys in half of the rows, so hardly ever is below a quarter."""
    outcomes = {
        "conversion": np.array([1.0, 0.0, 1.0, 0.0, *sales_here]),
        "satisfaction": np.array([1.0, NAN, 1.0, NAN, 1.0, NAN]),
    }
    assert at_stake(outcomes, np.array([4, 5])) == stake


def test_without_either_the_first_other_outcome_is_at_stake_and_without_any_none() -> None:
    rows = np.array([0, 1])
    outcomes = {"resolved": np.array([1.0, NAN]), "no_complaint": np.array([NAN, NAN]), "order": np.array([1.0, 0.0])}
    assert at_stake(outcomes, rows) == "order"
    assert at_stake({}, rows) == ""
    assert at_stake(outcomes, np.array([], np.intp)) == ""
