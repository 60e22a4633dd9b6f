"""What holds for whatever is known of a customer: no peeking, and more is never less."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.portrait.facts import Deed, Facts, Friend, Item, Purchase, Saying, StatusChange, TagSpan, Talk, in_time
from copilot.portrait.intent import intent_of
from copilot.portrait.portrait import portrait_of
from copilot.portrait.preferences import Product, Shelf
from copilot.portrait.purchases import PurchaseStandards, purchase_rfm
from copilot.portrait.standards import Standards

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SHELF = Shelf({"a": Product("面霜", "面霜", "霁禾", ("修护",), 9_900), "b": Product("面膜", "面膜", "霁禾", (), 2_900)})
KINDS = ("view", "click", "dwell", "cart", "share", "favourite", "campaign", "complaint", "review", "something")
PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = ("多少钱", "有货吗", "怎么下单", "太贵了", "不需要", "我要投诉", "你好", "面霜推荐哪款")

moments = st.integers(-90 * 24, 90 * 24).map(lambda hours: NOON + timedelta(hours=hours))
past = st.integers(0, 90 * 24).map(lambda hours: NOON - timedelta(hours=hours))
future = st.integers(1, 90 * 24).map(lambda hours: NOON + timedelta(hours=hours))
ids = st.integers(0, 10**9).map(str)
skus = st.sampled_from(("a", "b", "c"))


def deeds(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[Deed]:
    return st.builds(Deed, ids, st.sampled_from(KINDS), at, skus, st.sampled_from(("", "1", "40", "x")))


def sayings(at: st.SearchStrategy[datetime]) -> st.SearchStrategy[Saying]:
    return st.builds(Saying, st.just("k"), st.integers(1, 10**9), st.sampled_from(TEXTS), at, st.none() | moments)


@st.composite
def orders(draw: st.DrawFn, at: st.SearchStrategy[datetime]) -> Purchase:
    ordered_at = draw(at)
    later = draw(st.lists(st.integers(0, 60), max_size=2, unique=True))
    statuses = draw(st.lists(st.sampled_from(("paid", "created", "delivered", "refunded")), min_size=2, max_size=2))
    changes = tuple(
        StatusChange(ordered_at + timedelta(days=days), status)
        for days, status in zip(sorted(later), statuses, strict=False)
    )
    items = tuple(draw(st.lists(st.builds(Item, skus, amount_fen=st.none() | st.integers(0, 10**6)), max_size=2)))
    status = changes[-1].status if changes else draw(st.sampled_from(("delivered", "paid", "refunded")))
    return Purchase(draw(ids), ordered_at, status, items, changes)


@st.composite
def facts_at(draw: st.DrawFn, at: st.SearchStrategy[datetime]) -> Facts:
    talk = tuple(sorted(draw(st.lists(at, max_size=3))))
    return Facts(
        tags=tuple(
            draw(
                st.lists(
                    st.builds(TagSpan, st.integers(), st.just("油皮"), st.just(""), st.just("agent"), st.just(1.0), at),
                    max_size=2,
                )
            )
        ),
        purchases=in_time(draw(st.lists(orders(at), max_size=3))),
        deeds=tuple(draw(st.lists(deeds(at), max_size=4))),
        sayings=tuple(draw(st.lists(sayings(at), max_size=3))),
        talks=(Talk("k", talk, talk),),
        friends=tuple(draw(st.lists(st.builds(Friend, st.just("a1"), st.just(""), at), max_size=1))),
    )


def both(one: Facts, other: Facts) -> Facts:
    return Facts(
        tags=one.tags + other.tags,
        purchases=in_time(one.purchases + other.purchases),
        deeds=one.deeds + other.deeds,
        sayings=one.sayings + other.sayings,
        talks=tuple(
            Talk("k", mine.said_at + theirs.said_at, mine.by_customer_at + theirs.by_customer_at)
            for mine, theirs in zip(one.talks, other.talks, strict=True)
        ),
        friends=one.friends + other.friends,
    )


@PROPERTY
@given(facts_at(past), facts_at(future))
def test_nothing_after_the_moment_changes_anything(known: Facts, later: Facts) -> None:
    standards = Standards(NOON)
    now = portrait_of(known, SHELF, standards, NOON, SHANGHAI)
    assert portrait_of(both(known, later), SHELF, standards, NOON, SHANGHAI) == now


@PROPERTY
@given(facts_at(past), orders(past))
def test_one_more_order_that_was_kept_never_lowers_frequency_or_sum(known: Facts, order: Purchase) -> None:
    before = purchase_rfm(known, NOON, PurchaseStandards())
    kept = Purchase(order.order_id, order.ordered_at, "delivered", order.items)
    more = Facts(purchases=in_time((*known.purchases, kept)))
    after = purchase_rfm(more, NOON, PurchaseStandards())
    assert after.frequency >= before.frequency
    assert sum(amount for _, amount in after.amounts_fen) >= sum(amount for _, amount in before.amounts_fen)
    assert after.recency_days is not None
    assert before.recency_days is None or after.recency_days <= before.recency_days


@PROPERTY
@given(facts_at(past), st.sampled_from(("view", "cart", "share", "favourite")), past)
def test_one_more_look_never_lowers_the_intent(known: Facts, kind: str, at: datetime) -> None:
    more = Facts(**{**known.__dict__, "deeds": (*known.deeds, Deed("new", kind, at, "new"))})
    assert intent_of(more, NOON).total >= intent_of(known, NOON).total - 1e-9


@PROPERTY
@given(facts_at(past), past)
def test_one_more_complaint_never_raises_the_intent(known: Facts, at: datetime) -> None:
    more = Facts(**{**known.__dict__, "deeds": (*known.deeds, Deed("new", "complaint", at))})
    assert intent_of(more, NOON).total <= intent_of(known, NOON).total + 1e-9


@PROPERTY
@given(facts_at(moments), moments)
def test_the_score_is_the_sum_of_its_moves_and_each_names_its_row(known: Facts, now: datetime) -> None:
    intent = intent_of(known, now)
    assert intent.score == round(min(100.0, max(0.0, intent.total)))
    assert all(move.when <= now and move.ref for move in intent.moves)


@PROPERTY
@given(facts_at(moments), moments)
def test_knowing_less_twice_is_knowing_less_once(known: Facts, moment: datetime) -> None:
    assert known.until(moment).until(moment) == known.until(moment)
