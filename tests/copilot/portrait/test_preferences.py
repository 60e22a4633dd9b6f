from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from copilot.portrait.facts import Deed, Facts, Item, Purchase, Saying
from copilot.portrait.preferences import Dimension, Product, Shelf, preferences_of, slot_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CREAM = Product("舒缓面霜", "面霜", "霁禾", ("修护", "敏感肌"), 29_900)
MASK = Product("补水面膜", "面膜", "霁禾", ("补水",), 4_900)
SHELF = Shelf({"cream": CREAM, "mask": MASK}, {"面霜": (9_900, 19_900, 29_900), "面膜": (4_900, 4_900, 4_900)})


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def bought(order_id: str, days: float, *skus: str, status: str = "delivered") -> Purchase:
    return Purchase(order_id, ago(days), status, tuple(Item(sku) for sku in skus))


FACTS = Facts(
    purchases=(bought("o1", 30, "cream"), bought("o2", 20, "cream", "mask"), bought("o3", 10, "mask"), bought("o4", 5)),
    deeds=(Deed("e1", "view", ago(3), "product:cream"), Deed("e2", "campaign", ago(2), "618", "1")),
    sayings=(Saying("k1", 4, "有没有适合敏感肌的面霜", ago(1)),),
)


def test_orders_looks_and_messages_add_up_and_are_named() -> None:
    likes = preferences_of(FACTS, NOON, SHELF, SHANGHAI)[Dimension.CATEGORY]
    # 面霜: two orders, a look and a message, 2·3 + 1 + 2; 面膜: two orders
    assert [(one.value, one.strength, one.n_evidence) for one in likes] == [("面霜", 9.0, 4), ("面膜", 6.0, 2)]
    assert [row.ref for row in likes[0].evidence] == ["message:k1:4", "event:e1", "order:o2", "order:o1"]


def test_the_share_is_that_of_the_kept_orders_with_its_interval() -> None:
    cream = preferences_of(FACTS, NOON, SHELF, SHANGHAI)[Dimension.CATEGORY][0]
    assert cream.share is not None
    # Wilson's interval of 2 of 4: a half ± 1.96·√(1/16 + 1.96²/64)/(1 + 1.96²/4) = 0.350
    assert (cream.share.mean, cream.share.n) == (0.5, 4)
    assert cream.share.low == pytest.approx(0.150, abs=1e-3)
    assert cream.share.high == pytest.approx(0.850, abs=1e-3)


def test_what_was_given_back_is_no_evidence() -> None:
    facts = Facts(purchases=(bought("o1", 3, "cream", status="refunded"),))
    assert all(not likes for likes in preferences_of(facts, NOON, SHELF, SHANGHAI).values())


def test_an_order_with_two_of_a_kind_is_one_piece_of_evidence() -> None:
    shelf = Shelf({"a": CREAM, "b": CREAM})
    (like,) = preferences_of(Facts(purchases=(bought("o1", 3, "a", "b"),)), NOON, shelf, SHANGHAI)[Dimension.CATEGORY]
    assert (like.strength, like.n_evidence) == (3.0, 1)


@pytest.mark.parametrize(("mark", "is_liked"), [("5", True), ("3", True), ("2", False), ("", False), ("good", False)])
def test_a_bad_review_speaks_for_nothing(mark: str, is_liked: bool) -> None:
    facts = Facts(deeds=(Deed("e", "review", ago(1), "cream", mark),))
    assert bool(preferences_of(facts, NOON, SHELF, SHANGHAI)[Dimension.CATEGORY]) is is_liked


def test_the_price_tier_is_the_third_of_the_category() -> None:
    prices = {"面霜": (100, 200, 300, 400, 500, 600)}
    tiers = [Shelf({}, prices).tier(Product(category="面霜", price_fen=price)) for price in prices["面霜"]]
    assert tiers == ["low", "low", "middle", "middle", "high", "high"]


@pytest.mark.parametrize(
    "product",
    [Product(category="面霜"), Product(category="茶饮", price_fen=1), Product(category="面膜", price_fen=4_900)],
)
def test_without_prices_to_compare_there_is_no_tier(product: Product) -> None:
    assert SHELF.tier(product) == ""


@pytest.mark.parametrize(
    ("hour", "slot"),
    [
        (0, "night"),
        (4, "night"),
        (5, "morning"),
        (10, "morning"),
        (11, "noon"),
        (14, "afternoon"),
        (18, "evening"),
        (22, "evening"),
        (23, "night"),
    ],
)
def test_the_time_of_day_is_read_on_the_shops_clock(hour: int, slot: str) -> None:
    assert slot_of(datetime(2026, 3, 1, hour, 30, tzinfo=SHANGHAI).astimezone(UTC), SHANGHAI) == slot


def test_times_rest_on_orders_and_messages() -> None:
    times = preferences_of(FACTS, NOON, SHELF, SHANGHAI)[Dimension.TIME]
    # noon in UTC is eight in the evening in Shanghai: four orders and a message
    assert [(one.value, one.strength) for one in times] == [("evening", 14.0)]


def test_a_message_is_kept_whole_as_evidence_however_it_is_written() -> None:
    text = "面霜\u202e<b>‍" + "长" * 200
    facts = Facts(deeds=(Deed("e", "view", ago(2), "cream"),), sayings=(Saying("k", 1, text, ago(1)),))
    assert preferences_of(facts, NOON, SHELF, SHANGHAI)[Dimension.CATEGORY][0].evidence[0].what == text
