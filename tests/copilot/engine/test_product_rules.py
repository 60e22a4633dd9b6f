"""What keeps products back, and the reason each time."""

from datetime import UTC, datetime, timedelta

import pytest

from copilot.engine.decisions import NewDecision, NewOutcome
from copilot.engine.past import PastReader
from copilot.engine.policy import Policy
from copilot.engine.product_rules import ObjectiveMix, PriceTier, ProductRules, QuietHours
from copilot.engine.regulated import RegulatedNames
from copilot.engine.request import ProductMode, Said, SuggestRequest
from copilot.errors import BadRequestError
from knowledge.library.products import delete_product
from knowledge.tables import DEFAULT_TENANT, DecisionKind, IndexKind, MessageRole, Product, Scene

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
NIGHT = QuietHours(22 * 60, 8 * 60, "Asia/Shanghai")


def ask(shop, message: str = "推荐一款面霜", **fields):
    return shop.engine.suggest(SuggestRequest(message=message, **fields))


def skus(answer) -> list[str]:
    return [product.sku for product in answer.products]


def rules_of(answer) -> dict[str, str]:
    return {one.item_id: one.rule for one in answer.excluded}


# --- regulated goods --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *(
            "烟草",
            "煙草",
            "烟草制品",
            "烟 草",
            "食品/酒类/白酒",
            "食品＞酒類＞葡萄酒",
            "进口红酒",
            "非处方药",
            "电子烟弹",
        ),
        *("烟酒", "名烟名酒", "食品/酒", "烟", "清酒", "香槟", "感冒药", "药", "OTC", "婴幼儿奶粉"),
        *("Tobacco", "ＴＯＢＡＣＣＯ", "tobacco products", "e-cigarettes", "Wines & Spirits", "infant_formula"),
        *("白酒杯装", "红酒杯红酒礼盒", "食品 - 酒", "食品-酒", "雪-茄", "婴儿-奶粉", "烟.草", "药_品"),
        *("wine glasses and wine", "beer cupboard", "sparkling wines - France"),
        *("red-wine", "craft-beer", "medical-devices", "baby formula", "champagne", "rum", "whiskies", "medication"),
    ],
)
def test_regulated_goods_are_known_however_they_are_written(name: str) -> None:
    assert RegulatedNames.of(ProductRules()).exclusion(name) == f"regulated:{name}"


@pytest.mark.parametrize(
    "name",
    [
        *("", "礼品", "护肤", "无酒精", "酒精棉片", "非烟草", "烟酰胺", "山药", "烟灰色", "药妆"),
        *("红酒杯", "啤酒杯", "酒具", "葡萄酒色", "红酒开瓶器", "啤酒花洗发水", "威士忌味"),
        *("alcohol-free", "non-alcohol", "drugstore", "drug-store", "winery tour", "ginger", "root beer"),
        *("wine glasses", "Wine-Glass Racks", "alcohol wipes", "red wine vinegar", "prescription lenses"),
    ],
)
def test_other_goods_are_not(name: str) -> None:
    assert RegulatedNames.of(ProductRules()).exclusion(name) is None


def test_a_shop_may_allow_a_category_with_what_is_below_it() -> None:
    names = RegulatedNames.of(ProductRules(allowed=frozenset({"酒類"})))
    assert [names.exclusion(one) for one in ("酒类", "食品/酒类/白酒", "红酒", "香烟")] == [
        None,
        None,
        None,
        "regulated:香烟",
    ]


def test_a_shop_may_allow_one_kind_and_leave_its_siblings_blocked() -> None:
    names = RegulatedNames.of(ProductRules(allowed=frozenset({"葡萄酒"})))
    assert [names.exclusion(one) for one in ("酒类/葡萄酒", "葡萄酒")] == [None, None]
    assert [names.exclusion(one) for one in ("酒类", "酒类/白酒")] == ["regulated:酒类", "regulated:酒类/白酒"]


def test_who_allows_alcohol_has_not_allowed_tobacco_that_is_filed_with_it() -> None:
    names = RegulatedNames.of(ProductRules(allowed=frozenset({"酒类"})))
    assert [names.exclusion(one) for one in ("酒类/烟酒", "烟酒/香烟")] == [
        "regulated:酒类/烟酒",
        "regulated:烟酒/香烟",
    ]
    assert [names.exclusion(one) for one in ("烟酒/白酒", "烟酒/酒", "烟酒 - Wine")] == [None, None, None]


def test_what_a_shop_names_stays_blocked_within_what_it_allows() -> None:
    names = RegulatedNames.of(ProductRules(allowed=frozenset({"酒类"}), regulated=frozenset({"白酒"})))
    assert [names.exclusion(one) for one in ("酒类/白酒", "酒类/啤酒")] == ["regulated:酒类/白酒", None]


def test_a_shop_may_name_more() -> None:
    names = RegulatedNames.of(ProductRules(regulated=frozenset({"保健食品", "刀"})))
    assert names.exclusion("食品/保健食品") == "regulated:食品/保健食品"
    # one character stands in too many words to be looked for within them
    assert [names.exclusion(one) for one in ("厨具/刀", "剪刀")] == ["regulated:厨具/刀", None]


def test_a_lighter_filed_under_gifts_is_known_by_its_tag(shop) -> None:
    shop.add_product("lighter", "云纹打火机", category="礼品", tags=["送礼", "煙草"])
    shop.add_product("lamp", "云纹夜灯", category="礼品", tags=["送礼"])
    answer = ask(shop, "云纹打火机夜灯")
    assert skus(answer) == ["lamp"]
    assert rules_of(answer) == {"lighter": "regulated:煙草"}


def test_a_tag_that_is_taken_off_or_put_on_counts_for_the_next_message(shop) -> None:
    shop.add_product("lighter", "云纹打火机", tags=["烟草"])
    engine = shop.engine
    request = SuggestRequest(message="云纹打火机")
    assert skus(engine.suggest(request)) == []
    for tags, expected in (([], ["lighter"]), (["香烟"], [])):
        change_product(shop, "lighter", tags=tags)
        assert skus(engine.suggest(request)) == expected


def change_product(shop, sku: str, **columns: object) -> None:
    from knowledge.library.changes import record_change

    with shop.workspace.database.write() as session:
        product = session.get(Product, (DEFAULT_TENANT, sku))
        for name, value in columns.items():
            setattr(product, name, value)
        record_change(session, DEFAULT_TENANT, IndexKind.PRODUCT, sku)


# --- gender -----------------------------------------------------------------------------------------------------------

FOR_WOMEN, OPEN, CLOSED = (
    {"gender": "female", **more} for more in ({}, {"unknown_gender": "allow"}, {"unknown_gender": "deny"})
)


@pytest.mark.parametrize(
    ("policy", "audience", "is_shown"),
    [
        ("block", FOR_WOMEN, False),
        ("allow", FOR_WOMEN, True),
        ("block", OPEN, True),
        ("allow", CLOSED, False),
    ],
)
@pytest.mark.parametrize("customer_id", [None, "unknown"])
def test_unknown_gender_follows_the_product_then_the_shop(shop, policy, audience, is_shown, customer_id) -> None:
    shop.product_rules = ProductRules(unknown_gender=policy)
    shop.add_customer("unknown")
    shop.add_customer("man", gender="male")
    shop.add_product("mask", "云苔面膜", audience=audience)
    answer = ask(shop, "云苔面膜", customer_id=customer_id)
    assert skus(answer) == (["mask"] if is_shown else [])
    assert rules_of(answer) == ({} if is_shown else {"mask": "audience.gender"})
    assert skus(ask(shop, "云苔面膜", customer_id="man")) == []


def test_two_audiences_that_differ_only_in_what_they_leave_open_are_two(shop) -> None:
    shop.product_rules = ProductRules(unknown_gender="allow")
    shop.add_product("open", "云苔面膜", audience=FOR_WOMEN)
    shop.add_product("closed", "云苔面膜加厚", audience=CLOSED)
    assert skus(ask(shop, "云苔面膜")) == ["open"]


# --- prices -----------------------------------------------------------------------------------------------------------

TIERS = (
    PriceTier(50_000, "CNY", frozenset({Scene.DIRECT})),
    PriceTier(20_000, "USD", frozenset({Scene.DIRECT})),
    PriceTier(900_000, "CNY", frozenset()),
)


@pytest.mark.parametrize(
    ("price_fen", "currency", "in_group", "alone"),
    [
        (49_999, "CNY", "", ""),
        (50_000, "CNY", "price_tier:direct only", ""),
        (900_000, "CNY", "price_tier:direct only", "price_tier:not direct"),
        (19_999, "USD", "", ""),
        (20_000, "USD", "price_tier:direct only", ""),
        (100, "EUR", "price_tier:none in EUR", "price_tier:none in EUR"),
        (None, "CNY", "price_tier:price unknown", "price_tier:price unknown"),
    ],
)
def test_a_price_tier_limits_the_scenes_in_its_own_currency(shop, price_fen, currency, in_group, alone) -> None:
    shop.product_rules = ProductRules(price_tiers=TIERS)
    shop.add_product("cheap", "云雾手霜", price_fen=100)
    shop.add_product("it", "云雾面霜", price_fen=price_fen, currency=currency)
    for scene, rule in ((Scene.GROUP, in_group), (Scene.DIRECT, alone)):
        answer = ask(shop, "云雾面霜", scene=scene)
        assert ("it" in skus(answer)) == (not rule)
        assert rules_of(answer).get("it", "") == rule


def test_without_tiers_every_price_is_welcome(shop) -> None:
    shop.product_rules = ProductRules(price_tiers=())
    shop.add_product("it", "云雾面霜", price_fen=None, currency="EUR")
    assert skus(ask(shop, "云雾面霜", scene=Scene.GROUP)) == ["it"]


# --- complaints, caps, quiet hours ------------------------------------------------------------------------------------


def with_refill(shop) -> None:
    """A customer whose cream is due, so that something is offered whatever she writes."""
    shop.add_product("cream", "云苔面霜", replenish_days=30)
    shop.add_customer("c1")
    shop.add_order("o1", "c1", "cream", days_ago=31)


@pytest.mark.parametrize(("days_ago", "is_silent"), [(0.5, True), (6.9, True), (7.1, False), (-1, False)])
def test_a_complaint_lately_silences_promotion(shop, days_ago: float, is_silent: bool) -> None:
    with_refill(shop)
    shop.add_event("c1", "complaint", days_ago=days_ago)
    answer = ask(shop, "几点发货", customer_id="c1")
    assert skus(answer) == ([] if is_silent else ["cream"])
    if is_silent:
        assert answer.products_reason == rules_of(answer)["cream"] == "complaint:within 7 days"


def test_a_complaint_counts_however_much_was_looked_at_since(shop) -> None:
    with_refill(shop)
    shop.add_event("c1", "complaint", days_ago=6)
    for number in range(40):
        shop.add_event("c1", "view", f"thing{number}", days_ago=number / 10)
    assert ask(shop, "几点发货", customer_id="c1").products_reason == "complaint:within 7 days"


def test_a_complaint_counts_however_many_coupons_were_given_since(shop) -> None:
    with_refill(shop)
    shop.add_event("c1", "complaint", days_ago=6)
    for number in range(30):
        shop.add_event("c1", "coupon", f"product:thing{number}", "2026-12-01", days_ago=1 + number / 10)
    assert ask(shop, "几点发货", customer_id="c1").products_reason == "complaint:within 7 days"
    past = PastReader(shop.workspace.database, DEFAULT_TENANT)
    with shop.workspace.database.read() as session:
        known = [past.customer(session, "c1", NOON - timedelta(days=ago)).events for ago in (0, 1, 6.1)]
    assert [sum(event.kind == "complaint" for event in events) for events in known] == [1, 1, 0]


def test_an_offer_counts_however_often_the_customer_complained_since(shop) -> None:
    shop.add_product("cream", "云苔面霜")
    shop.add_customer("c1")
    shop.add_event("c1", "coupon", "product:cream", "2026-12-01", days_ago=60)
    for number in range(30):
        shop.add_event("c1", "投诉", f"order:{number}", days_ago=8 + number)
    assert skus(ask(shop, "几点发货", customer_id="c1")) == ["cream"]


def test_a_complaint_that_an_answer_led_to_silences_promotion_for_as_long_as_the_shop_says(shop) -> None:
    with_refill(shop)
    shop.product_rules = ProductRules(complaint_days=3)
    shown = ask(shop, "几点发货", customer_id="c1")
    shop.desk.note_outcome(NewOutcome(shown.set_id, "complaint"))
    assert ask(shop, "几点发货", customer_id="c1").products_reason == "complaint:within 3 days"
    shop.clock.advance(days=4)
    assert skus(ask(shop, "几点发货", customer_id="c1")) == ["cream"]


def test_nothing_is_offered_while_a_refund_is_on_its_way(shop) -> None:
    with_refill(shop)
    shop.add_order("o2", "c1", "towel", days_ago=3, status="退款中")
    assert ask(shop, "几点发货", customer_id="c1").products_reason == "complaint:refund in progress"


def test_a_complaint_earlier_in_the_talk_silences_promotion(shop) -> None:
    with_refill(shop)
    before = [Said(MessageRole.CUSTOMER, "东西破了"), Said(MessageRole.AGENT, "抱歉")]
    answer = ask(shop, "几点发货", customer_id="c1", context=before)
    assert answer.products_reason == rules_of(answer)["cream"] == "complaint"


def test_promotions_are_counted_over_agents_and_channels_and_no_more_are_shown_than_may_be_sent(shop) -> None:
    with_refill(shop)
    shop.policy = Policy(max_promotions_per_week=2)
    shop.add_product("hand", "云苔手霜")
    first = ask(shop, "云苔手霜面霜", customer_id="c1", agent_id="a1", channel="wecom")
    assert len(first.products) == 2
    for _ in range(2):  # the same one sent twice is one promotion
        shop.desk.decide(NewDecision(first.set_id, DecisionKind.ACCEPT, "product", 1, agent_id="a1"))
    second = ask(shop, "云苔手霜面霜", customer_id="c1", agent_id="a2", channel="web")
    assert len(second.products) == 1
    shop.desk.decide(NewDecision(second.set_id, DecisionKind.FREEHAND, "product", 1, "看看这款", agent_id="a2"))
    third = ask(shop, "云苔手霜面霜", customer_id="c1", agent_id="a3")
    assert third.products_reason == "cap:2 in 7 days"
    assert set(rules_of(third).values()) == {"cap:2 in 7 days"}
    shop.add_customer("c2")
    assert ask(shop, "云苔手霜面霜", customer_id="c2").products


def test_a_promotion_counts_from_when_it_was_sent_not_from_when_it_was_suggested(shop) -> None:
    with_refill(shop)
    shop.policy = Policy(max_promotions_per_week=1)
    first = ask(shop, "几点发货", customer_id="c1")
    shop.clock.advance(days=5)
    shop.desk.decide(NewDecision(first.set_id, DecisionKind.ACCEPT, "product", 1))
    shop.clock.advance(days=6.9)
    assert ask(shop, "几点发货", customer_id="c1").products_reason == "cap:1 in 7 days"
    shop.clock.advance(days=0.2)
    assert skus(ask(shop, "几点发货", customer_id="c1")) == ["cream"]


def test_at_night_only_what_was_asked_for_is_offered(shop) -> None:
    with_refill(shop)
    shop.product_rules = ProductRules(quiet_hours=NIGHT)
    shop.add_product("towel", "长绒棉浴巾")
    late, early = datetime(2026, 11, 2, 14, tzinfo=UTC), datetime(2026, 11, 2, 13, 59, tzinfo=UTC)  # 22:00, 21:59
    assert set(skus(ask(shop, "长绒棉浴巾", customer_id="c1", at=early))) == {"towel", "cream"}
    answer = ask(shop, "长绒棉浴巾", customer_id="c1", at=late)
    assert skus(answer) == ["towel"]
    assert rules_of(answer)["cream"] == "quiet_hours:22:00-08:00"
    assert ask(shop, "几点发货", customer_id="c1", at=late).products_reason == "quiet_hours:22:00-08:00"


def test_at_night_whoever_asks_what_to_buy_hears_of_best_sellers_and_of_nothing_else(shop) -> None:
    from copilot.building import learn_affinity

    with_refill(shop)
    shop.product_rules = ProductRules(quiet_hours=NIGHT)
    shop.add_product("towel", "长绒棉浴巾")
    for number in range(3):
        shop.add_customer(f"b{number}")
        shop.add_order(f"t{number}", f"b{number}", "towel", days_ago=40)
    shop.affinity, _ = learn_affinity(shop.workspace.database, DEFAULT_TENANT)
    shop.add_event("c1", "view", "product:lamp")
    shop.add_product("lamp", "青瓷台灯")
    late = {"customer_id": "c1", "at": datetime(2026, 11, 2, 14, tzinfo=UTC)}
    answer = ask(shop, "有什么好推荐的吗", **late)
    assert set(skus(answer)) == {"towel", "cream"}
    assert rules_of(answer) == {"lamp": "quiet_hours:22:00-08:00"}
    assert skus(ask(shop, "几点发货", **late)) == []
    assert skus(ask(shop, "有什么好推荐的吗", products=ProductMode.ANSWER, **late)) == []


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        (QuietHours(22 * 60, 8 * 60, "Asia/Shanghai"), ["14:00", "23:59"], ["00:00", "13:59"]),  # UTC
        (QuietHours(12 * 60, 14 * 60, "Asia/Shanghai"), ["04:00", "05:59"], ["03:59", "06:00"]),
        (QuietHours(22 * 60, 8 * 60, "Europe/Berlin"), ["21:00", "06:59"], ["20:59", "07:00"]),  # winter
    ],
)
def test_quiet_hours_are_on_the_shops_clock(hours: QuietHours, quiet: list[str], loud: list[str]) -> None:
    for texts, expected in ((quiet, True), (loud, False)):
        for text in texts:
            assert hours.holds(datetime.fromisoformat(f"2026-11-02T{text}+00:00")) is expected


def test_the_version_of_the_rules_changes_with_every_setting(shop) -> None:
    changes = (
        {},
        {"unknown_gender": "allow"},
        {"regulated": frozenset({"蜂蜜"})},
        {"allowed": frozenset({"酒类"})},
        {"price_tiers": ()},
        {"complaint_days": 8},
        {"quiet_hours": NIGHT},
        {"objectives": ObjectiveMix(service=2.0)},
        {"gift_tags": frozenset({"礼盒"})},
        {"time_zone": "UTC"},
    )
    versions = set()
    for change in changes:
        shop.product_rules = ProductRules(**change)
        versions.add(ask(shop).versions.rules)
    assert len(versions) == len(changes)


# --- what is removed is gone ------------------------------------------------------------------------------------------


def test_a_product_that_was_removed_or_retired_is_not_named_in_reasons_either(shop) -> None:
    from copilot.building import learn_affinity

    shop.add_product("cleanser", "初霁洁面", replenish_days=60)
    shop.add_product("toner", "晨露水")
    for number in range(4):
        shop.add_customer(f"b{number}")
        shop.add_order(f"o{number}", f"b{number}", "cleanser", "toner", days_ago=50)
    shop.add_customer("c1")
    shop.add_order("o9", "c1", "cleanser", days_ago=1)
    shop.affinity, _ = learn_affinity(shop.workspace.database, DEFAULT_TENANT)
    engine = shop.engine
    request = SuggestRequest(message="几点发货", customer_id="c1")
    assert "初霁洁面" in engine.suggest(request).products[0].reasons[0].text
    change_product(shop, "cleanser", status="discontinued")
    assert engine.suggest(request).products == ()
    change_product(shop, "cleanser", status="active")
    assert skus(engine.suggest(request)) == ["toner"]
    with shop.workspace.database.write() as session:
        delete_product(session, DEFAULT_TENANT, "cleanser", actor="t", now=shop.clock())
    assert engine.suggest(request).products == ()


def test_modes_are_refused_that_contradict_themselves() -> None:
    with pytest.raises(BadRequestError, match="complement_of: got None"):
        SuggestRequest(message="在吗", products=ProductMode.COMPLEMENT)
    with pytest.raises(BadRequestError, match="products: got 'new', expected complement"):
        SuggestRequest(message="在吗", products=ProductMode.NEW, complement_of="a")
