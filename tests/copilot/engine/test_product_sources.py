"""Where candidates come from: coupons, segments, tags, best sellers; and what new customers and products get."""

from datetime import timedelta

import pytest

from copilot.building import learn_affinity
from copilot.engine.past import PastReader
from copilot.engine.request import SuggestRequest
from copilot.segments import learn_segments
from knowledge.tables import DEFAULT_TENANT, Scene


def ask(shop, message: str = "几点发货", **fields):
    return shop.engine.suggest(SuggestRequest(message=message, **fields))


def skus(answer) -> list[str]:
    return [product.sku for product in answer.products]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("coupon", "客户持有优惠券，2026-11-02 前有效"), ("campaign", "客户在活动名单里，活动到 2026-11-02")],
)
def test_an_offer_holds_until_its_last_day_is_over_on_the_shops_clock(shop, kind: str, text: str) -> None:
    shop.add_product("cream", "云苔面霜")
    shop.add_customer("c1")
    shop.add_event("c1", kind, "product:cream", "2026-11-02", days_ago=10)
    answer = ask(shop, customer_id="c1", at=shop.clock.now + timedelta(hours=3, minutes=59))  # 23:59 in Shanghai
    at = (shop.clock.now - timedelta(days=10)).isoformat()
    assert [(one.text, one.reference) for one in answer.products[0].reasons] == [(text, f"event:{kind}:cream:{at}")]
    assert ask(shop, customer_id="c1", at=shop.clock.now + timedelta(hours=4)).products == ()


def test_an_offer_that_was_used_or_names_no_day_or_product_or_lies_ahead_says_nothing(shop) -> None:
    for sku in ("used", "endless", "campaign", "ahead"):
        shop.add_product(sku, f"云苔{sku}", replenish_days=300)
    shop.add_customer("c1")
    shop.add_event("c1", "coupon", "product:used", "2026-12-01", days_ago=9)
    shop.add_order("o1", "c1", "used", days_ago=3)
    shop.add_event("c1", "coupon", "product:endless", "soon")
    shop.add_event("c1", "campaign", "2026双十一", "1.0")
    shop.add_event("c1", "coupon", "product:ahead", "2026-12-01", days_ago=-1)
    assert ask(shop, customer_id="c1").products == ()


def test_an_offer_counts_however_much_was_looked_at_since(shop) -> None:
    shop.add_product("cream", "云苔面霜")
    shop.add_customer("c1")
    shop.add_event("c1", "coupon", "product:cream", "2026-11-30", days_ago=20)
    for number in range(40):
        shop.add_event("c1", "view", f"gone{number}", days_ago=1 + number / 10)
    assert skus(ask(shop, customer_id="c1")) == ["cream"]
    past = PastReader(shop.workspace.database, DEFAULT_TENANT)
    with shop.workspace.database.read() as session:
        then = past.customer(session, "c1", shop.clock.now - timedelta(days=2))
    assert [(one.kind, one.value) for one in then.events if one.kind == "coupon"] == [("coupon", "2026-11-30")]


def with_segments(shop) -> None:
    """Of 12 customers tagged 油皮 10 bought gel; of 28 others none; all others bought cream."""
    for sku, name in (("gel", "青柚凝露"), ("cream", "云苔面霜")):
        shop.add_product(sku, name)
    for number in range(40):
        shop.add_customer(f"b{number}", *(["油皮"] if number < 12 else []))
        shop.add_order(f"o{number}", f"b{number}", "gel" if number < 10 else "cream", days_ago=60)
    shop.segments = learn_segments(shop.workspace.database, DEFAULT_TENANT)


def test_what_people_with_the_same_tag_buy_is_offered_with_the_counts(shop) -> None:
    with_segments(shop)
    shop.add_customer("c1", "油皮")
    shop.add_customer("c2")
    product = ask(shop, customer_id="c1").products[0]
    # 10 of 12 tagged, 10 of 40 in all: 5/6 over 1/4 is 3.3
    assert product.reasons[0].text == "「油皮」的 12 位客户里有 10 位买过，是一般客户的 3.3 倍"
    assert product.reasons[0].reference == "segment:油皮+gel:10/12:10/40"
    assert skus(ask(shop, customer_id="c2")) == []


def test_a_new_product_is_found_by_tags_by_a_look_and_by_a_message(shop) -> None:
    with_segments(shop)
    shop.add_product("new", "松针安瓶", tags=["抗老", "干皮"])
    for customer_id, tags in (("tagged", ("抗老", "干皮")), ("looked", ()), ("nobody", ())):
        shop.add_customer(customer_id, *tags)
    shop.add_event("looked", "view", "new", days_ago=0.1)
    shop.affinity, _ = learn_affinity(shop.workspace.database, DEFAULT_TENANT)
    tagged = ask(shop, customer_id="tagged").products[0]
    assert (tagged.sku, tagged.reasons[0].reference) == ("new", "tags:干皮|抗老")
    assert skus(ask(shop, customer_id="looked")) == ["new"]
    assert skus(ask(shop, "松针安瓶", customer_id="nobody")) == ["new"]


def test_a_new_customer_who_asks_what_to_buy_hears_of_best_sellers(shop) -> None:
    with_segments(shop)
    shop.affinity, _ = learn_affinity(shop.workspace.database, DEFAULT_TENANT)
    for fields in ({}, {"scene": Scene.GROUP}):
        answer = ask(shop, "有什么好推荐的吗", **fields)
        assert [(one.sku, one.reasons[0].reference) for one in answer.products] == [
            ("cream", "baskets:cream:30"),
            ("gel", "baskets:gel:10"),
        ]
        assert answer.products[0].reasons[0].text == "热销：30 单买过"
    assert ask(shop).products == ()


def test_a_shop_without_orders_answers_all_the_same(shop) -> None:
    shop.add_product("cream", "云苔面霜")
    assert skus(ask(shop, "云苔面霜")) == ["cream"]
    assert ask(shop, "有什么好推荐的吗").products == ()


def test_segments_count_people_who_kept_what_they_bought(shop) -> None:
    with_segments(shop)
    for number in range(5):
        shop.add_order(f"r{number}", f"b{20 + number}", "gel", days_ago=30, status="refunded")
    liked = learn_segments(shop.workspace.database, DEFAULT_TENANT).liked("油皮")
    assert [(one.sku, one.n_both, one.n_tagged, one.n_buyers, one.n_customers) for one in liked] == [
        ("gel", 10, 12, 10, 40)
    ]
