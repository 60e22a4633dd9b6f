"""Whatever the catalogue, the shop's rules, the customer, the message and the hour: no product that a rule forbids.

The rules are written here a second time, from their description and on the plain facts the shop was made of.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from statistics import median

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.request import ProductMode, SuggestRequest
from knowledge.tables import Scene

N_PRODUCTS, N_PEOPLE = 30, 14
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CAPS = (10_000, 4, 2)
NEWEST_LINES = 500
REGULATED_CATEGORIES = {
    *(
        "食品/酒類/白酒",
        "酒类>葡萄酒",
        "红 酒",
        "進口干紅葡萄酒",
        "Craft-Beer",
        "ＷＩＮＥ & Spirits",
        "食品 - 酒",
        "名酒茅台",
    ),
    *("烟草制品", "TOBACCO", "E-Cigarettes", "烟酒", "感冒藥", "OTC_medicines", "医疗器械/血压计", "嬰幼兒奶粉"),
}
HARMLESS_CATEGORIES = {
    *("护肤", "护肤/面部", "礼品", "红酒杯", "Wine Glasses", "无酒精饮料", "护肤/烟酰胺精华", "alcohol-free", "药妆"),
}
REGULATED_TAGS = {"香烟", "煙 草", "Whiskies", "处方药"}
HARMLESS_TAGS = {"会员", "敏感肌", "油皮", "送礼", "non-alcoholic", "啤酒杯"}
WINES = {"酒类>葡萄酒", "進口干紅葡萄酒"}
MESSAGES = (
    *(f"推荐一款{thing}" for thing in ("面霜", "精华", "面膜", "手霜", "白酒", "打火机")),
    *("有什么好推荐的", "几点发货", "送礼买什么", "敏感肌能用吗", "谢谢", "300元以内的面霜", "recommend something"),
)
ASK_WHAT_TO_BUY = {*MESSAGES[:6], "有什么好推荐的", "送礼买什么", "recommend something"}
COMPLAINTS = ("过敏了，我要投诉", "东西破了，要退款")
GIVEN_BACK = {"refunded", "cancelled", "returned"}
TIERS: tuple[list[tuple[int, str, set[str]]], ...] = (
    [(150_000, "CNY", {"direct"})],
    [(10_000, "CNY", {"direct"}), (200_000, "CNY", set()), (5_000, "USD", {"direct"})],
    [],
)


# --- the rules, written a second time ---------------------------------------------------------------------------------


def may_be_offered(shop, sku: str, person, request: SuggestRequest, now: datetime) -> bool:
    """Whether a product may be shown at all in answer to a request."""
    product = shop.products[sku]
    return all([
        product["status"] == "active",
        product["stock"] is None or product["stock"] >= 1,
        not is_regulated(shop.number, product),
        suits_price(shop.number, product, request.scene.value),
        suits_audience(shop.number, product["audience"], person),
        person is None or not is_not_wanted_again(shop, product, person, now),
        request.products is not ProductMode.NEW or person is None or sku not in {one.sku for one in person.bought},
        request.given_sku != sku,
    ])  # fmt: skip


def is_regulated(shop: int, product: dict[str, object]) -> bool:
    category, tags = product["category"], set(product["tags"])
    if shop == 2:  # allows wine, forbids masks, which no category or tag here is
        return category in REGULATED_CATEGORIES - WINES or bool(tags & REGULATED_TAGS)
    return category in REGULATED_CATEGORIES or bool(tags & REGULATED_TAGS)


def suits_price(shop: int, product: dict[str, object], scene: str) -> bool:
    tiers, price, currency = TIERS[shop], product["price_fen"], product["currency"]
    if all(scene in scenes for _, _, scenes in tiers):
        return True
    own = [(start, scenes) for start, of, scenes in tiers if of == currency]
    return bool(own) and price is not None and all(price < start or scene in scenes for start, scenes in own)


def suits_audience(shop: int, audience: dict[str, object], person) -> bool:
    usual = "allow" if shop == 1 else "deny"
    gender, lets_unknown = audience.get("gender"), audience.get("unknown_gender", usual) == "allow"
    held = set(person.tags) if person else set()
    if person is None and ("all" in audience or "none" in audience):
        return False
    if not set(audience.get("all", ())) <= held or set(audience.get("none", ())) & held:
        return False
    known = person.gender if person else ""
    return gender is None or (known == gender if known else lets_unknown)


def is_not_wanted_again(shop, product: dict[str, object], person, now: datetime) -> bool:
    """She has it: for good, or for longer; less than four fifths of its time is over."""
    times = times_bought(person, product["sku"])
    if not times:
        return False
    lasts = own_interval(person, product["sku"]) or product["replenish_days"] or usual_interval(shop, product["sku"])
    return not lasts or max(0.0, (now - times[-1]) / timedelta(days=1)) / lasts < 0.8


def times_bought(person, sku: str) -> list[datetime]:
    return sorted(one.at for one in person.bought if one.sku == sku and one.status not in GIVEN_BACK)


def own_interval(person, sku: str) -> float | None:
    """Her own interval by her newest order lines."""
    newest = sorted(person.bought, key=lambda one: (-one.at.timestamp(), one.order_id, one.sku))[:NEWEST_LINES]
    days = sorted({one.at.date() for one in newest if one.sku == sku and one.status not in GIVEN_BACK})
    return median((later - earlier).days for earlier, later in pairwise(days)) if len(days) >= 3 else None


def usual_interval(shop, sku: str) -> float | None:
    """Everybody's interval, where one order in ten is of somebody who had it, and three are."""
    times = [times_bought(person, sku) for person in shop.people.values()]
    gaps = [(later - earlier) / timedelta(days=1) for own in times for earlier, later in pairwise(own)]
    gaps = [gap for gap in gaps if gap >= 1.0]
    return median(gaps) if len(gaps) >= max(3, sum(map(len, times)) / 10) else None


def n_sent(person, now: datetime) -> int:
    """How many products were sent to her within a week."""
    sending, week = {"accept", "edit", "freehand"}, timedelta(days=7)
    products = [one for one in person.sent if one.item_kind == "product" and one.kind in sending] if person else []
    return len({(one.set_id, one.rank) for one in products if now - week < one.at <= now})


def n_left(shop, person, now: datetime) -> int:
    """How many products may still be sent to her this week."""
    return max(0, CAPS[shop.number] - n_sent(person, now))


def is_silenced(shop: int, person, message: str, now: datetime) -> bool:
    """Whether nothing at all may be offered."""
    if message in (*COMPLAINTS, "谢谢"):
        return True
    if person is None:
        return False
    if any(one.status == "refunding" for one in person.bought):
        return True
    window = timedelta(days=2 if shop == 2 else 7)
    return any(one.kind == "complaint" and now - window < one.at <= now for one in person.events)


def is_quiet(shop: int, now: datetime) -> bool:
    hour = (now.hour + 8) % 24  # in Shanghai
    return {0: False, 1: hour >= 22 or hour < 8, 2: 12 <= hour < 14}[shop]


# --- the properties ---------------------------------------------------------------------------------------------------

MANY = settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def askings(draw: st.DrawFn) -> tuple[int, SuggestRequest]:
    """A shop and a request to it, at any hour of the next two weeks."""
    mode = draw(st.sampled_from(ProductMode))
    given_sku = draw(st.sampled_from([f"p{n}" for n in range(N_PRODUCTS)]))
    request = SuggestRequest(
        message=draw(st.sampled_from([*MESSAGES, *COMPLAINTS])),
        customer_id=draw(
            st.one_of(st.none(), st.sampled_from([*(f"c{n}" for n in range(N_PEOPLE)), "c11", "c13", "c13"]))
        ),
        scene=draw(st.sampled_from(Scene)),
        max_products=draw(st.integers(0, 10)),
        products=mode,
        complement_of=given_sku if mode is ProductMode.COMPLEMENT else None,
        at=NOON + timedelta(minutes=draw(st.integers(0, 14 * 24 * 60))),
    )
    return draw(st.integers(0, 2 * len(TIERS) - 1)), request


@MANY
@given(asking=askings())
def test_no_product_is_shown_that_a_rule_forbids(random_shops, asking) -> None:
    number, request = asking
    shop, person, now = random_shops[number], random_shops[number].people.get(request.customer_id), request.at
    answer = shop.engine.rehearse(request)[0]
    assert len(answer.products) <= min(request.max_products, n_left(shop, person, now))
    for shown in answer.products:
        assert may_be_offered(shop, shown.sku, person, request, now), shop.products[shown.sku]
    if is_silenced(shop.number, person, request.message, now):
        assert answer.products == ()
        assert answer.ask is None
    if request.products is ProductMode.ANSWER or is_quiet(shop.number, now):
        is_asked = request.message in ASK_WHAT_TO_BUY and request.products is not ProductMode.ANSWER
        asked_for = {"message", "wishes"} | ({"best_seller"} if is_asked else set())
        assert all({part.feature for part in one.why} & asked_for for one in answer.products)
    assert answer.ask is None or request.scene is Scene.DIRECT


@MANY
@given(asking=askings())
def test_contributions_sum_to_the_score_and_every_reason_can_be_followed_to_the_data(random_shops, asking) -> None:
    number, request = asking
    shop, person = random_shops[number], random_shops[number].people.get(request.customer_id)
    for shown in shop.engine.rehearse(request)[0].products:
        assert round(sum(part.contribution for part in shown.why), 6) == shown.score
        assert shown.reasons
        for reason in shown.reasons:
            assert is_true(shop, shown.sku, person, request.scene, reason.reference), (shown.sku, reason)


def is_true(shop, sku: str, person, scene: Scene, reference: str) -> bool:
    """Whether what a reference points to is there and concerns this customer and product."""
    kind, _, rest = reference.partition(":")
    product = shop.products[sku]
    impersonal = {
        "product": lambda: rest == sku,
        "wish": lambda: True,  # what a wish compares has its own tests
        "product_tags": lambda: set(rest.split("|")) <= set(product["tags"]),
        "baskets": lambda: baskets_hold(shop, sku, rest),
    }
    if kind in impersonal:
        return impersonal[kind]()
    return person is not None and scene is Scene.DIRECT and is_true_of(shop, person, sku, kind, rest)


def is_true_of(shop, person, sku: str, kind: str, rest: str) -> bool:
    """Whether what is said of a person is so."""
    personal = {
        "order": lambda: (
            (rest, sku) in {(one.order_id, one.sku) for one in person.bought if one.status not in GIVEN_BACK}
        ),
        "tags": lambda: set(rest.split("|")) <= set(shop.products[sku]["tags"]) & set(person.tags),
        "segment": lambda: segment_holds(shop, sku, person, rest),
        "event": lambda: rest in {f"{one.kind}:{sku}:{one.at.isoformat()}" for one in person.events if of(one) == sku},
    }
    return personal[kind]()


def of(event) -> str:
    return event.object.removeprefix("product:")


def baskets_hold(shop, sku: str, rest: str) -> bool:
    baskets: dict[str, set[str]] = {}
    for person in shop.people.values():
        for one in person.bought:
            if one.status not in GIVEN_BACK:
                baskets.setdefault(one.order_id, set()).add(one.sku)
    names, _, counts = rest.partition(":")
    if "+" not in names:
        return (names, int(counts)) == (sku, sum(sku in basket for basket in baskets.values()))
    first, _, second = names.partition("+")
    with_first = [basket for basket in baskets.values() if first in basket]
    is_told = shop.products[first]["status"] == "active"
    return is_told and second == sku and counts == f"{sum(sku in one for one in with_first)}/{len(with_first)}"


def segment_holds(shop, sku: str, person, rest: str) -> bool:
    names, _, counts = rest.partition(":")
    tag, _, of = names.partition("+")
    kept = {one.id: {line.sku for line in one.bought if line.status not in GIVEN_BACK} for one in shop.people.values()}
    buyers = {who for who, skus in kept.items() if skus}
    tagged = {one.id for one in shop.people.values() if tag in one.tags} & buyers
    of_sku = {who for who in buyers if sku in kept[who]}
    expected = f"{len(tagged & of_sku)}/{len(tagged)}:{len(of_sku)}/{len(buyers)}"
    return of == sku and tag in person.tags and counts == expected


@MANY
@given(asking=askings())
def test_what_is_reported_as_left_out_is_not_shown_and_breaks_the_rule(random_shops, asking) -> None:
    number, request = asking
    shop, person = random_shops[number], random_shops[number].people.get(request.customer_id)
    answer = shop.engine.rehearse(request)[0]
    assert not {one.item_id for one in answer.excluded} & {one.sku for one in answer.products}
    for one in answer.excluded:
        assert one.rule
        if one.rule.startswith("complaint"):
            assert is_silenced(shop.number, person, request.message, request.at)
        elif one.rule.startswith("cap:"):
            assert n_left(shop, person, request.at) == 0
        elif one.rule.startswith("quiet_hours"):
            assert is_quiet(shop.number, request.at)
        else:
            assert not may_be_offered(shop, one.item_id, person, request, request.at), one


MODES = (ProductMode.ANY, ProductMode.NEW)
SCENES = ((Scene.DIRECT, 0), (Scene.GROUP, 3), (Scene.DIRECT, 16))


def test_the_random_shops_show_and_hide_a_lot(random_shops) -> None:
    n_shown, rules, kinds = 0, set(), set()
    for shop in random_shops:
        names = [f"推荐一款{one['name']}" for one in shop.products.values()]
        for message, customer_id, mode, (scene, hours) in [
            *product(MESSAGES[2:8], (None, "c0", "c1", "c11", "c13"), MODES, SCENES),
            *product(names, (None, "c1", "c2"), MODES[:1], SCENES[:1]),
        ]:
            answer = ask(shop, message, customer_id, mode, scene, NOON + timedelta(hours=hours))
            n_shown += len(answer.products)
            rules |= {one.rule.partition(":")[0] for one in answer.excluded}
            kinds |= {why.reference.partition(":")[0] for one in answer.products for why in one.reasons}
    assert n_shown > 500
    assert rules >= {"stock", "regulated", "price_tier", "audience.gender", "audience.all", "audience.anonymous"}
    assert rules >= {"owned", "mode", "complaint", "quiet_hours", "cap"}
    assert kinds >= {"product", "order", "baskets", "event", "tags", "product_tags"}


def ask(shop, message: str, customer_id: str | None, mode: ProductMode, scene: Scene, at: datetime) -> SuggestionAnswer:
    request = SuggestRequest(
        message=message, customer_id=customer_id, products=mode, scene=scene, at=at, max_products=10
    )
    return shop.engine.rehearse(request)[0]


def test_the_random_shops_hold_what_is_hard(random_shops) -> None:
    categories, tags = set(), set()
    for shop in random_shops:
        busy, eager = shop.people["c13"], shop.people["c11"]
        newest = sorted(busy.bought, key=lambda one: one.at)[-NEWEST_LINES:]
        assert {one.sku for one in busy.bought} - {one.sku for one in newest}
        assert len(busy.bought) > NEWEST_LINES
        assert len(eager.events) == 60
        assert any(n_sent(person, NOON) >= CAPS[1] for person in shop.people.values())
        categories |= {one["category"] for one in shop.products.values()}
        tags |= {tag for one in shop.products.values() for tag in one["tags"]}
    assert categories == REGULATED_CATEGORIES | HARMLESS_CATEGORIES
    assert tags == REGULATED_TAGS | HARMLESS_TAGS
    assert any(any(one.kind == "complaint" for one in shop.people["c11"].events) for shop in random_shops)


def test_what_was_learned_from_orders_is_among_the_reasons(random_shops) -> None:
    features = set()
    for shop in random_shops[3:]:
        for person in shop.people.values():
            answer = ask(shop, "快递一般几天能到", person.id, ProductMode.ANY, Scene.DIRECT, NOON)
            features |= {part.feature for product in answer.products for part in product.why}
    assert features >= {"habit", "activity", "trend", "pull"}
