from datetime import UTC, datetime, timedelta

import pytest

from copilot.portrait.facts import Deed, Facts, Item, Purchase, Saying, StatusChange
from copilot.portrait.intent import WORTH, intent_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def did(kind: str, days_ago: float, thing: str = "cream", value: str = "") -> Deed:
    return Deed(f"{kind}-{days_ago}-{thing}", kind, ago(days_ago), thing, value)


def said(text: str, days_ago: float, position: int = 1) -> Saying:
    return Saying("k1", position, text, ago(days_ago))


def test_the_score_is_the_sum_of_what_is_left_of_each_move() -> None:
    facts = Facts(deeds=(did("cart", 4), did("view", 3)), sayings=(said("多少钱", 2),))
    intent = intent_of(facts, NOON)
    # each is one half-life old: 18/2 + 4/2 + 10/2 = 16
    assert {move.what: move.points for move in intent.moves} == {"cart": 9.0, "view": 2.0, "ask_price": 5.0}
    assert (intent.score, intent.total) == (16, 16.0)


def test_a_second_look_counts_less_than_the_first() -> None:
    facts = Facts(deeds=(did("view", 0, "a"), did("view", 0, "b"), did("view", 0, "c")))
    assert intent_of(facts, NOON).total == pytest.approx(4 + 4 * 0.6 + 4 * 0.36)


def test_long_looks_say_more_than_short_ones_and_unopened_campaigns_nothing() -> None:
    points = {
        value: intent_of(Facts(deeds=(did("dwell", 0, value=value),)), NOON).total
        for value in ("0", "30", "600", "x", "nan")
    }
    assert points == {"0": 0.0, "30": 2.0, "600": 6.0, "x": 1.0, "nan": 1.0}
    assert intent_of(Facts(deeds=(did("campaign", 0, "618", "0"),)), NOON).moves == ()
    assert intent_of(Facts(deeds=(did("campaign", 0, "618", "1.0"),)), NOON).score == 5


def test_the_rise_is_what_was_gained_within_a_day() -> None:
    facts = Facts(deeds=(did("cart", 4),), sayings=(said("怎么下单", 0.5),))
    intent = intent_of(facts, NOON)
    # now 18/2 + 16 × 2^(-1/4) = 22.45; a day before 18 × 2^(-3/4) = 10.70
    assert (intent.score, intent.rise) == (22, 22 - 11)


def test_without_news_the_score_falls() -> None:
    assert intent_of(Facts(deeds=(did("cart", 2),)), NOON).rise == round(18 * 2**-0.5) - round(18 * 2**-0.25)


def test_what_was_bought_since_is_wanted_no_more() -> None:
    order = Purchase("o1", ago(1), "paid", (Item("cream"),))
    facts = Facts(purchases=(order,), deeds=(did("cart", 2), did("view", 2, "mask")), sayings=(said("多少钱", 2),))
    assert [move.about for move in intent_of(facts, NOON).moves] == ["mask"]


def test_looking_again_after_the_order_counts() -> None:
    order = Purchase("o1", ago(2), "delivered", (Item("cream"),))
    facts = Facts(purchases=(order,), deeds=(did("view", 1),))
    assert [move.what for move in intent_of(facts, NOON).moves] == ["view"]


def test_who_asks_where_the_order_is_does_not_want_to_buy() -> None:
    order = Purchase("o1", ago(5), "shipped", (Item("cream"),))
    assert intent_of(Facts(purchases=(order,), sayings=(said("几天到", 1),)), NOON).moves == ()
    assert intent_of(Facts(sayings=(said("几天到", 0),)), NOON).score == 7


def test_an_order_that_waits_for_its_payment_counts_until_it_is_paid() -> None:
    changes = (StatusChange(ago(2), "created"), StatusChange(ago(1), "paid"))
    facts = Facts(purchases=(Purchase("o1", ago(2), "paid", (Item("cream", name="面霜"),), changes),))
    then = intent_of(facts, ago(1.5))
    assert [(move.what, move.about, move.ref) for move in then.moves] == [("unpaid", "面霜", "order:o1")]
    assert intent_of(facts, NOON).moves == ()


@pytest.mark.parametrize(("text", "what"), [("我要投诉", "complaint"), ("不需要", "refuses"), ("太贵了", "hesitates")])
def test_trouble_takes_points_away_but_never_below_zero(text: str, what: str) -> None:
    alone = intent_of(Facts(sayings=(said(text, 0),)), NOON)
    assert (alone.score, alone.moves[0].what, alone.moves[0].points) == (0, what, WORTH[what].points)
    beside = intent_of(Facts(deeds=(did("cart", 0), did("favourite", 0)), sayings=(said(text, 0),)), NOON)
    assert beside.score == max(0, 26 + WORTH[what].points)


def test_a_refund_counts_from_the_day_it_was_given() -> None:
    changes = (StatusChange(ago(20), "paid"), StatusChange(ago(7), "refunded"))
    facts = Facts(purchases=(Purchase("o1", ago(20), "refunded", (Item("cream"),), changes),))
    (move,) = intent_of(facts, NOON).moves
    assert (move.what, move.points, move.when) == ("refund", -5.0, ago(7))


def test_what_is_about_to_be_used_up_is_due_from_three_days_before_until_two_weeks_after() -> None:
    facts = Facts(purchases=(Purchase("o1", ago(60), "delivered", (Item("cream", replenish_days=60),)),))
    moments = {
        days: [move.what for move in intent_of(facts, NOON + timedelta(days=days)).moves] for days in (-4, -3, 14, 15)
    }
    assert moments == {-4: [], -3: ["refill"], 14: ["refill"], 15: []}


def test_what_happened_later_is_not_looked_at() -> None:
    early = Facts(deeds=(did("view", 3),))
    late = Facts(deeds=(did("view", 3), did("cart", 1)), sayings=(said("多少钱", 0.5),))
    assert intent_of(late, ago(2)) == intent_of(early, ago(2))


def test_a_message_taken_back_counts_until_then() -> None:
    saying = Saying("k1", 1, "多少钱", ago(1), withdrawn_at=ago(0.5))
    assert intent_of(Facts(sayings=(saying,)), ago(0.75)).score > 0
    assert intent_of(Facts(sayings=(saying,)), NOON).moves == ()


def test_the_score_ends_at_a_hundred() -> None:
    deeds = tuple(
        did(kind, 0, f"{kind}{n}") for kind in ("cart", "favourite", "share", "view", "click") for n in range(20)
    )
    intent = intent_of(Facts(deeds=deeds), NOON)
    assert (intent.score, intent.total > 99.6) == (100, True)
