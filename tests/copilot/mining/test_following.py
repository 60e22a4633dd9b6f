"""What customers did after a reply, in a window whose edges are worked by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from copilot.mining.following import followed
from copilot.mining.inputs import Deed

Make = Callable[..., Any]
DAY = 86_400.0
NAN = float("nan")
SENT = 10 * DAY
END = Deed("c9", "view", 100 * DAY)
"""Everything is known until then."""


@pytest.fixture
def sent(table: Make, talk: Make, reply: Make) -> Any:
    return table([talk("k1", "c1")], [reply(0, "在吗", "好", at=SENT)])


@pytest.mark.parametrize(("days_later", "bought"), [(-1, 0), (0, 0), (1e-5, 1), (2.999, 1), (3, 1), (3.001, 0)])
def test_an_order_counts_after_the_reply_and_up_to_the_end_of_the_window(
    sent: Any, days_later: float, bought: float
) -> None:
    deeds = [Deed("c1", "purchase", SENT + days_later * DAY), END]
    assert followed(sent, deeds, 3)["order"].tolist() == [bought]


def test_only_the_same_customer_counts(sent: Any) -> None:
    assert followed(sent, [Deed("c2", "purchase", SENT + 1), END], 3)["order"].tolist() == [0]


def test_an_earlier_order_does_not_hide_a_later_one(sent: Any) -> None:
    deeds = [Deed("c1", "purchase", SENT + days * DAY) for days in (2, -5, 40)]
    assert followed(sent, [*deeds, END], 3)["order"].tolist() == [1]


def test_complaints_and_leaving_count_as_not_happening(sent: Any) -> None:
    deeds = [Deed("c1", "complaint", SENT + DAY), Deed("c2", "unfollow", SENT), END]
    found = followed(sent, deeds, 3)
    assert {name: values.tolist() for name, values in found.items()} == {"no_complaint": [0], "no_unsubscribe": [1]}


@pytest.mark.parametrize(("end", "known"), [(12.999, NAN), (13, 0.0), (20, 0.0)])
def test_a_window_that_is_not_over_is_not_known(sent: Any, end: float, known: float) -> None:
    found = followed(sent, [Deed("c2", "purchase", end * DAY)], 3)["order"]
    np.testing.assert_array_equal(found, [known])


def test_replies_without_a_time_or_a_customer_are_not_known(table: Make, talk: Make, reply: Make) -> None:
    talks = [talk("k1", "c1"), talk("k2", "")]
    rows = table(talks, [reply(0, "在吗", "好"), reply(1, "在吗", "好", at=SENT)])
    found = followed(rows, [Deed("c1", "purchase", SENT + 1), Deed("", "purchase", SENT + 1), END], 3)["order"]
    np.testing.assert_array_equal(found, [NAN, NAN])


def test_without_deeds_of_a_known_kind_there_are_no_outcomes(sent: Any, table: Make) -> None:
    assert followed(sent, [], 3) == {}
    assert followed(sent, [END], 3) == {}
    assert followed(table([], []), [Deed("c1", "purchase", SENT)], 3)["order"].tolist() == []
