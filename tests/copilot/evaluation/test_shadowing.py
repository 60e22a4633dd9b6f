import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.evaluation.shadowing import Differences, differences, latest_shadow, measure_shadow
from eval.errors import NothingMeasuredError
from knowledge.tables import DEFAULT_TENANT, Decision, DecisionKind, ShadowRanking, SuggestionSet

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ORDERS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)
NONE = math.nan


def standings(text: str) -> list[dict]:
    return [{"script_id": one, "version": 1, "score": 1.0, "probability": 0.5} for one in text]


def record(
    shop, set_id: str, served: str, shadow: str, *, customer: str | None = None, taken: str = "", version: str = "trial"
) -> None:
    number = int(set_id.removeprefix("s"))
    shared = {"tenant_id": DEFAULT_TENANT}
    at = NOON + timedelta(minutes=number)
    shop.add(SuggestionSet(**shared, id=set_id, customer_id=customer, at=at, policy_version="served"))
    shop.add(
        ShadowRanking(
            **shared,
            set_id=set_id,
            shadow_version=version,
            policy_version="p",
            n_shown=3,
            served=standings(served),
            shadow=standings(shadow),
            served_abstained=not served,
            shadow_abstained=not shadow,
        )
    )
    for order, item_id in enumerate(taken):
        shop.add(
            Decision(
                **shared,
                id=f"{set_id}-{order}",
                set_id=set_id,
                kind=DecisionKind.ACCEPT,
                item_id=item_id,
                at=at + timedelta(seconds=order),
            )
        )


@pytest.mark.parametrize(
    ("served", "shadow", "taken", "expected"),
    [
        # silent: served, shadow, differs; first differs, overlap; accepted higher, lower
        ("abc", "abc", "b", (0, 0, 0, 0, 1, 0, 0)),
        ("abc", "bac", "b", (0, 0, 0, 1, 1, 1, 0)),
        ("abc", "bac", "a", (0, 0, 0, 1, 1, 0, 1)),
        ("abc", "ade", "b", (0, 0, 0, 0, 1 / 3, 0, 1)),
        ("ab", "abc", None, (0, 0, 0, 0, 2 / 3, NONE, NONE)),
        ("abc", "", "c", (0, 1, 1, 1, 0, 0, 1)),
        ("", "abc", None, (1, 0, 1, 1, 0, NONE, NONE)),
        ("", "", None, (1, 1, 0, NONE, NONE, NONE, NONE)),
        ("abcd", "dabc", "d", (0, 0, 0, 1, 2 / 3, 1, 0)),
        ("abc", "defghia", "a", (0, 0, 0, 1, 0, 0, 1)),
        ("abc", "abc", "z", (0, 0, 0, 0, 1, NONE, NONE)),
    ],
)
def test_what_differs_between_two_orders(served: str, shadow: str, taken: str | None, expected) -> None:
    found = differences(list(served), list(shadow), taken, n_shown=3)
    np.testing.assert_equal(vars(found), vars(Differences(*expected)))


@given(ORDERS, ORDERS, st.sampled_from("abcdefgh"), st.integers(1, 5))
def test_swapping_the_policies_mirrors_the_differences(one, other, taken: str, n_shown: int) -> None:
    there, back = (differences(*orders, taken, n_shown=n_shown) for orders in ((one, other), (other, one)))
    assert there.served_silent == back.shadow_silent
    np.testing.assert_equal(
        [there.abstention_differs, there.other_first_reply, there.overlap_at_3],
        [back.abstention_differs, back.other_first_reply, back.overlap_at_3],
    )
    if taken in one and taken in other:
        assert (there.accepted_higher, there.accepted_lower) == (back.accepted_lower, back.accepted_higher)


def test_the_sum_over_messages_is_resampled_by_customer(shop) -> None:
    record(shop, "s1", "abc", "abc", customer="c1", taken="a")
    record(shop, "s2", "abc", "bca", customer="c1", taken="ab")  # the last decision counts
    record(shop, "s3", "abc", "", customer="c2")
    record(shop, "s4", "", "", customer=None)
    record(shop, "s5", "abc", "cab", customer="c2", version="other")
    report = measure_shadow(shop.workspace.database, DEFAULT_TENANT, "trial", np.random.default_rng(7))
    assert (report.n, report.n_clusters, report.served_policies) == (4, 3, ("served",))
    assert (report.first_at, report.last_at) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=4))
    means = {name: (estimate.mean, estimate.n) for name, estimate in report.metrics.items()}
    assert means == {
        "served_silent": (1 / 4, 4),
        "shadow_silent": (2 / 4, 4),
        "abstention_differs": (1 / 4, 4),
        "other_first_reply": (2 / 3, 3),
        "overlap_at_3": (2 / 3, 3),
        "accepted_higher": (1 / 2, 2),
        "accepted_lower": (0 / 2, 2),
    }
    for estimate in report.metrics.values():
        assert 0.0 <= estimate.low <= estimate.mean <= estimate.high <= 1.0
    assert report.metrics["accepted_higher"].low == 0.0, "one customer says nothing of others"
    assert report.to_dict()["metrics"]["shadow_silent"]["n"] == 4


def test_without_decisions_nothing_is_said_of_accepted_replies(shop) -> None:
    record(shop, "s1", "abc", "abc")
    report = measure_shadow(shop.workspace.database, DEFAULT_TENANT, "trial", np.random.default_rng(7))
    assert "accepted_higher" not in report.metrics
    assert report.metrics["overlap_at_3"].mean == 1.0


def test_a_shadow_that_saw_nothing_is_an_error(shop) -> None:
    assert latest_shadow(shop.workspace.database, DEFAULT_TENANT) is None
    with pytest.raises(NothingMeasuredError, match="has not seen any message"):
        measure_shadow(shop.workspace.database, DEFAULT_TENANT, "trial", np.random.default_rng(7))
    record(shop, "s1", "a", "a", version="early")
    record(shop, "s2", "a", "a", version="late")
    assert latest_shadow(shop.workspace.database, DEFAULT_TENANT) == "late"
