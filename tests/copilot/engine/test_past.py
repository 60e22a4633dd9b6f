from datetime import UTC, datetime, timedelta

from copilot.engine.cards import Use
from copilot.engine.context import ContextReader
from copilot.engine.decisions import NewDecision
from copilot.engine.past import PastReader
from copilot.engine.request import SuggestRequest
from knowledge.tables import (
    DEFAULT_TENANT,
    CustomerTag,
    DecisionKind,
    Event,
    OrderStatusChange,
)

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
HERE = {"tenant_id": DEFAULT_TENANT, "customer_id": "c1"}


def days(n: float) -> timedelta:
    return timedelta(days=n)


def customer_at(shop, days_ago: float):
    past = PastReader(shop.workspace.database, DEFAULT_TENANT)
    with shop.workspace.database.read() as session:
        return past.customer(session, "c1", NOON - days(days_ago))


def test_a_tag_is_known_from_its_beginning_until_its_end(shop) -> None:
    shop.add_customer("c1")
    shop.add(CustomerTag(**HERE, tag="敏感肌", valid_from=NOON - days(30), valid_to=NOON - days(10)))
    assert [customer_at(shop, ago).tag_names for ago in (31, 30, 11, 10, 0)] == [
        frozenset(),
        {"敏感肌"},
        {"敏感肌"},
        frozenset(),
        frozenset(),
    ]


def test_later_orders_and_events_are_unknown(shop) -> None:
    shop.add_customer("c1")
    shop.add_order("o1", "c1", "p1", days_ago=20)
    shop.add_order("o2", "c1", "p2", days_ago=5)
    shop.add(Event(**HERE, id="e1", kind="view", at=NOON - days(3), object="p3"))
    then = customer_at(shop, 10)
    assert [line.order_id for line in then.bought] == ["o1"]
    assert then.events == ()
    assert [event.object for event in customer_at(shop, 3).events] == ["p3"]


def test_an_order_has_the_status_of_the_moment(shop) -> None:
    shop.add_customer("c1")
    shop.add_order("o1", "c1", "p1", days_ago=20, status="refunded")
    for ago, status in ((19, "paid"), (12, "shipped"), (2, "refunded")):
        shop.add(OrderStatusChange(tenant_id=DEFAULT_TENANT, order_id="o1", at=NOON - days(ago), status=status))
    assert [customer_at(shop, ago).bought[0].status for ago in (20, 15, 12, 1)] == ["", "paid", "shipped", "refunded"]


def test_how_scripts_fared_counts_only_what_came_before(shop) -> None:
    shop.add_script("s1", "七天内可以退货哦", "可以退货吗")
    shop.add_customer("c1")
    for _ in range(3):
        answer = shop.engine.suggest(SuggestRequest("可以退货吗", customer_id="c1", agent_id="a1"))
        shop.desk.decide(NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=1, agent_id="a1"))
        shop.clock.advance(days=8)
    past = PastReader(shop.workspace.database, DEFAULT_TENANT)
    with shop.workspace.database.read() as session:
        used = [
            past.use(session, ["s1"], agent_id, NOON + days(ago)).get("s1", Use())
            for ago in (0, 1, 9, 100)
            for agent_id in ("a1", "a2")
        ]
    assert used == [Use(), Use(), Use(1, 1, 1), Use(1, 1, 0), Use(2, 2, 2), Use(2, 2, 0), Use(3, 3, 3), Use(3, 3, 0)]


def test_what_colleagues_used_lately_is_the_same_for_the_past_and_the_present(shop) -> None:
    shop.add_script("s1", "七天内可以退货哦", "可以退货吗")
    shop.add_customer("c1")
    for agent_id, team_id in (("a1", "t1"), ("a2", "t1"), ("a3", "t1"), ("b1", "t2")):
        shop.add_agent(agent_id, team_id)
    engine = shop.engine
    for agent_id, days_later in (("a3", 0), ("a2", 40), ("a2", 1), ("b1", 1), ("a1", 1)):
        shop.clock.advance(days=days_later)
        answer = engine.suggest(SuggestRequest("可以退货吗", customer_id="c1", agent_id=agent_id))
        shop.desk.decide(NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=1, agent_id=agent_id))
    past, live = PastReader(shop.workspace.database, DEFAULT_TENANT), ContextReader(DEFAULT_TENANT)
    found = []
    with shop.workspace.database.read() as session:
        for days_later, agent_id in (
            (1, "a1"),
            (1, "a2"),
            (1, "b1"),
            (60, "a1"),
            (200, "a1"),
            (1, None),
            (1, "nobody"),
        ):
            now = shop.clock.now + days(days_later)
            use = past.use(session, ["s1"], agent_id, now)["s1"]
            assert use == live.use(session, ["s1"], agent_id, now)["s1"]
            found.append(use.n_team)
    # a2 twice and a3 once for a1; a1 and a3 once each for a2; after 60 days a3's is too long ago, after 200 all are
    assert found == [3, 2, 0, 2, 0, 0, 0]
