"""The rows of a real database: what is read, what is left out, and the timeline."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from copilot.errors import BadRequestError
from copilot.portrait.facts import StatusChange
from copilot.portrait.lately import Lately, read_lately_of
from copilot.portrait.portrait import Portrait, read_portrait
from copilot.portrait.reading import read_lately
from copilot.portrait.standards import read_standards, standards_of
from copilot.portrait.timeline import Entry, timeline
from knowledge.tables import (
    DEFAULT_TENANT,
    Conversation,
    CustomerTag,
    Decision,
    DecisionKind,
    Friendship,
    Message,
    MessageRole,
    Order,
    OrderLine,
    OrderStatusChange,
    Outcome,
    Scene,
    Stage,
    SuggestionSet,
)

HERE = {"tenant_id": DEFAULT_TENANT}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def noon(shop: Any) -> datetime:
    now: datetime = shop.clock.now
    return now


def ago(shop: Any, days: float) -> datetime:
    then: datetime = shop.clock.now - timedelta(days=days)
    return then


def talk(shop: Any, conversation_id: str, *said: tuple[str, str, float], scene: Scene = Scene.DIRECT) -> None:
    """A conversation of c1: role, text and days ago of each message."""
    last = ago(shop, said[-1][2])
    rows: list[Any] = [
        Conversation(**HERE, id=conversation_id, customer_id="c1", scene=scene, version=len(said), last_message_at=last)
    ]
    for position, (role, text, days) in enumerate(said, start=1):
        rows.append(
            Message(
                **HERE,
                conversation_id=conversation_id,
                position=position,
                role=MessageRole(role),
                text=text,
                at=ago(shop, days),
            )
        )
    shop.add(*rows)


@pytest.fixture
def c1(shop: Any) -> None:
    shop.add_customer("c1", "敏感肌", name="林小满", city="杭州", attributes={"职业": "教师"})
    shop.add_product("cream", "舒缓面霜", category="面霜", brand="霁禾", tags=["修护"], replenish_days=60)
    shop.add_order("o1", "c1", "cream", days_ago=40)
    shop.add_event("c1", "view", "product:cream", days_ago=2)
    talk(shop, "k1", ("customer", "多少钱", 1), ("agent", "129", 0.9), ("customer", "太贵了", 0.5))


def portrait(shop: Any, customer_id: str = "c1", now: datetime | None = None) -> Portrait | None:
    with shop.workspace.database.read() as session:
        return read_portrait(session, DEFAULT_TENANT, customer_id, now=now or shop.clock.now, zone=SHANGHAI)


def entries(shop: Any, **asked: Any) -> tuple[Entry, ...]:
    with shop.workspace.database.read() as session:
        return timeline(session, DEFAULT_TENANT, "c1", now=shop.clock.now, **asked).entries


def test_everything_known_of_a_customer_is_read(shop: Any, c1: None, noon: datetime) -> None:
    shop.add(Friendship(**HERE, agent_id="a1", customer_id="c1", since=ago(shop, 99)))
    found = portrait(shop)
    assert found is not None
    assert (found.facts.profile.name, found.facts.profile.attributes) == ("林小满", {"职业": "教师"})
    assert [one.tag for one in found.facts.live_tags] == ["敏感肌"]
    assert [item.name for order in found.orders for item in order.items] == ["舒缓面霜"]
    assert (found.purchases.recency_days, found.connection.recency_days, found.connection.depth) == (40, 0, 3.0)
    assert [friend.agent_id for friend in found.connection.friends] == ["a1"]
    assert {move.what for move in found.intent.moves} == {"view", "ask_price", "hesitates"}


def test_somebody_unknown_has_no_portrait(shop: Any) -> None:
    assert portrait(shop, "nobody") is None


def test_nothing_later_than_the_moment_is_read(shop: Any, c1: None) -> None:
    then = portrait(shop, now=ago(shop, 1.5))
    assert then is not None
    assert (then.facts.sayings, [one.kind for one in then.facts.deeds]) == ((), ["view"])
    assert then.facts.tags == ()
    assert {move.what for move in then.intent.moves} == {"view"}


def test_what_was_said_in_a_group_or_taken_back_says_nothing(shop: Any, c1: None) -> None:
    talk(shop, "g1", ("customer", "怎么下单", 0.2), scene=Scene.GROUP)
    with shop.workspace.database.write() as session:
        message = session.get(Message, (DEFAULT_TENANT, "k1", 1))
        message.withdrawn_at = ago(shop, 0.8)
    found = portrait(shop)
    assert found is not None
    assert {move.what for move in found.intent.moves} == {"view", "hesitates"}
    assert found.connection.depth == 2.0


def test_the_status_is_the_one_of_the_moment(shop: Any, c1: None) -> None:
    order = ("o2", "c1")
    shop.add_order(*order, "cream", days_ago=10, status="refunded")
    for days, status in ((10, "paid"), (2, "refunded")):
        shop.add(OrderStatusChange(**HERE, order_id="o2", at=ago(shop, days), status=status))
    now, before = portrait(shop), portrait(shop, now=ago(shop, 5))
    assert now is not None
    assert before is not None
    assert [one.status for one in now.facts.purchases] == ["delivered", "refunded"]
    assert [one.status for one in before.facts.purchases] == ["delivered", "paid"]
    assert before.facts.purchases[1].changes == (StatusChange(ago(shop, 10), "paid"),)


def test_the_list_reads_the_same_intent_as_the_panel(shop: Any, c1: None, noon: datetime) -> None:
    shop.add_customer("c2")
    found = portrait(shop)
    assert found is not None
    with shop.workspace.database.read() as session:
        lately = read_lately_of(session, DEFAULT_TENANT, ["c1", "c2"], noon)
    assert (lately["c1"].intent, lately["c1"].intent_rise) == (found.intent.score, found.intent.rise)
    assert lately["c2"] == Lately(stage=Stage.ACQUISITION)


def test_the_stage_of_who_was_quiet_for_long_is_not_that_of_a_stranger(shop: Any, noon: datetime) -> None:
    shop.add_customer("c1")
    shop.add_event("c1", "view", "cream", days_ago=300)
    with shop.workspace.database.read() as session:
        assert read_lately_of(session, DEFAULT_TENANT, ["c1"], noon)["c1"].stage is Stage.CONVERSION


def test_many_customers_are_read_in_as_many_queries_as_one(shop: Any, c1: None, noon: datetime) -> None:
    from sqlalchemy import event

    for n in range(30):
        shop.add_customer(f"x{n}")
        shop.add_event(f"x{n}", "view", "cream", days_ago=1)
    asked: list[str] = []
    event.listen(shop.workspace.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    with shop.workspace.database.read() as session:
        for ids in (["c1"], ["c1", *(f"x{n}" for n in range(30))]):
            asked.clear()
            assert set(read_lately(session, DEFAULT_TENANT, ids, noon)) == set(ids)
            counts.append(len([one for one in asked if one.startswith("SELECT")]))
    assert counts == [4, 4]


def test_the_timeline_has_everything_newest_first(shop: Any, c1: None) -> None:
    shop.add(
        OrderStatusChange(**HERE, order_id="o1", at=ago(shop, 40), status="paid"),
        OrderStatusChange(**HERE, order_id="o1", at=ago(shop, 35), status="delivered"),
        CustomerTag(
            **HERE,
            customer_id="c1",
            tag="肤质",
            value="油皮",
            source="agent",
            valid_from=ago(shop, 9),
            valid_to=ago(shop, 8),
        ),
        SuggestionSet(**HERE, id="s1", customer_id="c1", at=ago(shop, 0.9)),
        Decision(**HERE, id="d1", set_id="s1", kind=DecisionKind.ACCEPT, sent_text="129", at=ago(shop, 0.9)),
        Decision(
            **HERE, id="d2", set_id="s1", kind=DecisionKind.DISMISS, at=ago(shop, 0.95), undone_at=ago(shop, 0.94)
        ),
        Outcome(**HERE, id="u1", set_id="s1", kind="reply", at=ago(shop, 0.5)),
    )
    told = [(one.kind.value, one.what, one.about) for one in entries(shop)]
    assert told == [
        ("tag_begun", "import", "敏感肌"),
        ("talk", "direct", "web"),
        ("outcome", "reply", "reply"),
        ("decision", "accept", "129"),
        ("event", "view", "product:cream"),
        ("tag_ended", "agent", "肤质：油皮"),
        ("tag_begun", "agent", "肤质：油皮"),
        ("status", "delivered", "o1"),
        ("order", "ordered", "o1"),
    ]


def test_pages_of_the_timeline_leave_nothing_out_and_repeat_nothing(shop: Any, c1: None, noon: datetime) -> None:
    for n in range(7):
        shop.add_event("c1", "click", f"same-moment-{n}", days_ago=3)
        shop.add_order(f"same-{n}", "c1", "cream", days_ago=3)
    whole = entries(shop, limit=200)
    for limit in (1, 2, 3, 5):
        seen: list[Entry] = []
        after = ""
        with shop.workspace.database.read() as session:
            while True:
                page = timeline(session, DEFAULT_TENANT, "c1", now=noon, after=after, limit=limit)
                seen += page.entries
                after = page.next
                if not after:
                    break
        assert tuple(seen) == whole
    assert len({(one.kind, one.id) for one in whole}) == len(whole) == 14 + 5 - 1


@pytest.mark.parametrize("after", ["x", "2026-03-01|order", "yesterday|order|o1", "2026-03-01T12:00:00+00:00|war|o1"])
def test_a_place_that_no_page_gave_is_refused(shop: Any, c1: None, after: str) -> None:
    with pytest.raises(BadRequestError, match="after"):
        entries(shop, after=after)


def fill_buyers(shop: Any, n: int) -> None:
    """Buyers x00, x01, …: the nth ordered n + 1 times, last n days ago, for 10.00 each, and wrote on n + 1 days."""
    rows: list[Any] = []
    for one in range(n):
        customer = f"x{one:02d}"
        shop.add_customer(customer, "老客", *(["黑金"] if one % 2 else []))
        for k in range(one + 1):
            order_id = f"{customer}-{k}"
            rows.append(Order(**HERE, id=order_id, customer_id=customer, ordered_at=ago(shop, one + k), status="paid"))
            rows.append(OrderLine(**HERE, order_id=order_id, sku="cream", amount_fen=1_000))
    shop.add(*rows)


def test_the_standards_are_those_of_the_shops_customers(shop: Any, noon: datetime) -> None:
    fill_buyers(shop, 30)
    with shop.workspace.database.read() as session:
        standards = read_standards(session, DEFAULT_TENANT, noon)
    assert standards.purchases.recency_days.values == tuple(float(n) for n in range(30))
    assert standards.purchases.frequency.values == tuple(float(n + 1) for n in range(30))
    assert standards.purchases.amount_fen["CNY"].values == tuple(1_000.0 * (n + 1) for n in range(30))
    assert (standards.n_customers, standards.n_sampled, standards.is_sample) == (30, 30, False)
    assert standards.tags == (("老客", "", 30), ("黑金", "", 15))


def test_refunds_and_the_future_are_no_part_of_the_standards(shop: Any, noon: datetime) -> None:
    shop.add_customer("c1")
    shop.add_order("kept", "c1", "cream", days_ago=3)
    shop.add_order("gone", "c1", "cream", days_ago=2, status="refunded")
    shop.add_order("later", "c1", "cream", days_ago=-2)
    shop.add_order("back", "c1", "cream", days_ago=1, status="refunded")
    shop.add(
        OrderStatusChange(**HERE, order_id="back", at=ago(shop, 1), status="paid"),
        OrderStatusChange(**HERE, order_id="back", at=ago(shop, -1), status="refunded"),
    )
    with shop.workspace.database.read() as session:
        standards = read_standards(session, DEFAULT_TENANT, noon)
    assert standards.purchases.frequency.values == (2.0,)
    assert standards.purchases.recency_days.values == (1.0,)


def test_contacts_are_counted_among_those_who_wrote(shop: Any, c1: None, noon: datetime) -> None:
    shop.add_customer("c2")
    with shop.workspace.database.read() as session:
        connection = read_standards(session, DEFAULT_TENANT, noon).connection
    # two messages on the day before noon and at midnight of this day, three messages in one conversation
    assert (connection.recency_days.values, connection.frequency.values, connection.depth.values) == (
        (0.0,),
        (2.0,),
        (3.0,),
    )


def test_of_many_customers_every_so_many_th_is_taken(shop: Any, noon: datetime) -> None:
    fill_buyers(shop, 30)
    with shop.workspace.database.read() as session:
        standards = read_standards(session, DEFAULT_TENANT, noon, sample=10)
    assert standards.purchases.frequency.values == tuple(float(n + 1) for n in range(0, 30, 3))
    assert standards.is_sample


def test_standards_are_worked_out_once_an_hour_and_never_from_later(shop: Any, noon: datetime) -> None:
    def n_customers(session: Session, hours: float) -> int:
        return standards_of(session, DEFAULT_TENANT, noon + timedelta(hours=hours)).n_customers

    shop.add_customer("c1")
    with shop.workspace.database.read() as session:
        assert n_customers(session, 0) == 1
    shop.add_customer("c2")
    with shop.workspace.database.read() as session:
        assert [n_customers(session, hours) for hours in (0.5, 1.5, 0)] == [1, 2, 2]
