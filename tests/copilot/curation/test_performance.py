from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from copilot.curation.counts import Counts
from copilot.curation.exposures import Dimension, Turns
from copilot.curation.performance import Asking, Performance, performance, total_of
from copilot.curation.trends import Period
from copilot.engine.small_talk import SmallTalk
from knowledge.tables import DEFAULT_TENANT, Decision, DecisionKind, Outcome, Suggestion, SuggestionSet

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
FORTNIGHT = Period(date(2026, 11, 1), date(2026, 11, 14), UTC)
TALK = SmallTalk.load()
ACCEPT, EDIT, DISMISS = DecisionKind.ACCEPT, DecisionKind.EDIT, DecisionKind.DISMISS


def show(
    shop, set_id: str, *script_ids: str, days_ago: float = 0, message: str = "敏感肌能用吗", **columns: Any
) -> None:
    at = NOON - timedelta(days=days_ago)
    shop.add(SuggestionSet(tenant_id=DEFAULT_TENANT, id=set_id, at=at, message=message, **columns))
    for rank, script_id in enumerate(script_ids, start=1):
        shop.add(
            Suggestion(tenant_id=DEFAULT_TENANT, set_id=set_id, kind="reply", rank=rank, item_id=script_id, text="好")
        )


def decide(shop, set_id: str, kind: DecisionKind, rank: int | None = 1, **columns: Any) -> None:
    number = len(decide.__dict__.setdefault("made", []))
    decide.__dict__["made"].append(set_id)
    shop.add(
        Decision(tenant_id=DEFAULT_TENANT, id=f"d{number}", set_id=set_id, kind=kind, rank=rank, at=NOON, **columns)
    )


def follow(shop, set_id: str, kind: str, value: float = 1.0, name: str = "") -> None:
    shop.add(
        Outcome(tenant_id=DEFAULT_TENANT, id=f"{set_id}-{kind}{name}", set_id=set_id, kind=kind, value=value, at=NOON)
    )


@pytest.fixture
def report(shop) -> Callable[..., Performance]:
    def make(**asked: Any) -> Performance:
        with shop.workspace.database.read() as session:
            return performance(session, DEFAULT_TENANT, Asking(FORTNIGHT, **asked), TALK)

    return make


def test_what_was_shown_is_counted_by_rank_and_week_with_what_became_of_it(shop, report) -> None:
    show(shop, "a", "s1", "s2", days_ago=10)
    show(shop, "b", "s2", "s1", days_ago=1)
    show(shop, "c", "s1", days_ago=1)
    show(shop, "old", "s1", days_ago=20)
    decide(shop, "a", ACCEPT, item_id="s1")
    decide(shop, "b", EDIT, 2, item_id="s1", edit_distance=4)
    decide(shop, "c", DISMISS, item_id="s1", reason="tone")
    for kind in ("reply", "purchase"):
        follow(shop, "a", kind)
    follow(shop, "b", "complaint")
    follow(shop, "b", "reply", 0.0)
    found = report()
    assert [row.key for row in found.rows] == ["s1", "s2"]
    first = found.row("s1")
    assert first.counts == Counts(3, 1, 1, 1, 1, 1, 1, 1, 4, 16)
    assert first.by_rank == {1: Counts(2, 1, 0, 1, 1, 1, 0), 2: Counts(1, 0, 1, 0, 0, 0, 1, 1, 4, 16)}
    assert first.by_week == (Counts(1, 1, 0, 0, 1, 1, 0), Counts(2, 0, 1, 1, 0, 0, 1, 1, 4, 16))
    assert first.reasons == {"tone": 1}
    assert found.row("s2").counts == Counts(2)
    assert found.total.counts == Counts(5, 1, 1, 1, 1, 1, 1, 1, 4, 16)


def test_a_decision_that_was_taken_back_does_not_count(shop, report) -> None:
    show(shop, "a", "s1")
    decide(shop, "a", ACCEPT, item_id="s1", undone_at=NOON)
    follow(shop, "a", "reply")
    assert report().row("s1").counts == Counts(1)
    decide(shop, "a", EDIT, item_id="s1", edit_distance=2)
    assert report().row("s1").counts == Counts(1, 0, 1, 0, 1, 0, 0, 1, 2, 4)


def test_an_exposure_counts_once_whatever_was_done_to_it_how_often(shop, report) -> None:
    show(shop, "a", "s1", "s2")
    for _ in range(2):
        decide(shop, "a", ACCEPT, item_id="s1")
    decide(shop, "a", EDIT, item_id="s1", edit_distance=3)
    for name in ("", "2"):
        follow(shop, "a", "purchase", name=name)
    assert report().row("s1").counts == Counts(1, 0, 1, 0, 0, 1, 0, 1, 3, 9)
    # without a rank, everything that was shown is dismissed; what was dismissed already is so once, for one reason
    decide(shop, "a", DISMISS, None, reason="wrong")
    decide(shop, "a", DISMISS, 2, item_id="s2", reason="tone")
    assert report().row("s2").counts == Counts(1, n_dismissed=1)
    assert report().row("s2").reasons == {"wrong": 1}


def test_products_and_decisions_about_them_are_left_out(shop, report) -> None:
    show(shop, "a", "s1")
    shop.add(Suggestion(tenant_id=DEFAULT_TENANT, set_id="a", kind="product", rank=1, item_id="cream"))
    decide(shop, "a", ACCEPT, item_id="cream", item_kind="product")
    assert [(row.key, row.counts) for row in report().rows] == [("s1", Counts(1))]


def test_greetings_are_told_from_questions_even_where_one_script_answers_both(shop, report) -> None:
    shop.add_script("hello", "您好，请问有什么可以帮您？", "你好", "你们是官方店吗")
    show(shop, "a", "hello", message="你好")
    show(shop, "b", "hello", message="你们是官方店吗")
    show(shop, "c", "s1")
    decide(shop, "a", ACCEPT, item_id="hello")
    decide(shop, "b", DISMISS, item_id="hello", reason="tone")
    informative, small_talk, both = (report(turns=turns) for turns in (Turns.INFORMATIVE, Turns.SMALL_TALK, Turns.ALL))
    assert {row.key: row.counts for row in informative.rows} == {"hello": Counts(1, n_dismissed=1), "s1": Counts(1)}
    assert {row.key: row.counts for row in small_talk.rows} == {"hello": Counts(1, 1)}
    assert both.total.counts == Counts(3, 1, n_dismissed=1)
    assert (informative.row("hello").reasons, small_talk.row("hello").reasons) == ({"tone": 1}, {})


def test_agents_teams_and_stages_are_compared_and_restrict(shop, report) -> None:
    shop.add_agent("a1", "north")
    shop.add_agent("a2", "north")
    show(shop, "a", "s1", agent_id="a1", stage="转化")
    show(shop, "b", "s1", "s2", agent_id="a2", stage="交付")
    show(shop, "c", "s1", agent_id="a9")
    decide(shop, "b", ACCEPT, 2, item_id="s2")

    def counts(**asked: Any) -> dict[str, Counts]:
        return {row.key: row.counts for row in report(**asked).rows}

    assert counts(dimension=Dimension.AGENT) == {"a1": Counts(1), "a2": Counts(2, 1), "a9": Counts(1)}
    assert counts(dimension=Dimension.TEAM) == {"north": Counts(3, 1), "": Counts(1)}
    assert counts(dimension=Dimension.STAGE) == {"转化": Counts(1), "交付": Counts(2, 1), "": Counts(1)}
    assert counts(team_id="north") == {"s1": Counts(2), "s2": Counts(1, 1)}
    assert counts(agent_id="a2", script_id="s2") == {"s2": Counts(1, 1)}
    assert counts(stage="转化") == {"s1": Counts(1)}
    assert counts(stage="nowhere") == {}


def test_a_day_begins_and_ends_where_the_period_says(shop, report) -> None:
    midnight = datetime(2026, 11, 15, tzinfo=UTC)
    for name, at in (("in", midnight - timedelta(seconds=1)), ("out", midnight)):
        show(shop, name, "s1", days_ago=(NOON - at) / timedelta(days=1))
    assert report().row("s1").counts == Counts(1)


def test_ids_that_are_anything_but_plain_are_counted_like_others(shop, report) -> None:
    odd = "<b>'; DROP TABLE suggestion; -- \u202e👩‍👧"
    show(shop, "a", odd, agent_id=odd)
    assert report(script_id=odd, agent_id=odd).row(odd).counts == Counts(1)


def test_the_total_is_the_sum_of_ranks_weeks_and_reasons(shop, report) -> None:
    show(shop, "a", "s1", "s2", "s3")
    decide(shop, "a", DISMISS, 3, item_id="s3", reason="old")
    found = report()
    assert found.total == total_of(found.rows, len(found.weeks))
    assert sum(found.total.by_week, Counts()) == sum(found.total.by_rank.values(), Counts()) == Counts(3, n_dismissed=1)
    assert found.total.reasons == {"old": 1}
    assert found.row("nobody").by_week == [Counts()] * 2
