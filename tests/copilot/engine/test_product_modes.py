"""Which kind of product is wanted, what the shop wants most, and what is asked of somebody nobody knows."""

import pytest

from copilot.building import learn_affinity
from copilot.engine.nextbest.asking import Split, Telling
from copilot.engine.policy import Policy
from copilot.engine.product_rules import ObjectiveMix, ProductRules, Wording
from copilot.engine.request import ProductMode, Said, SuggestRequest
from copilot.errors import UnknownIdError
from knowledge.tables import DEFAULT_TENANT, Conversation, Message, MessageRole, Scene


def ask(shop, message: str = "几点发货", **fields):
    return shop.engine.suggest(SuggestRequest(message=message, **fields))


def skus(answer) -> list[str]:
    return [product.sku for product in answer.products]


def with_orders(shop) -> None:
    """Four who bought cleanser with toner, two of them soap too; the customer has cleanser, long used up, and tea."""
    for sku, name in (("cleanser", "初霁洁面乳"), ("toner", "晨露水"), ("tea", "山野茶"), ("soap", "松木皂")):
        shop.add_product(sku, name, replenish_days=30)
    for number in range(4):
        shop.add_customer(f"b{number}")
        more = ["soap"] if number < 2 else []
        shop.add_order(f"o{number}", f"b{number}", "cleanser", "toner", *more, days_ago=50)
    shop.add_customer("c1")
    shop.add_order("o8", "c1", "cleanser", days_ago=31)
    shop.add_order("o9", "c1", "tea", days_ago=2)
    shop.affinity, _ = learn_affinity(shop.workspace.database, DEFAULT_TENANT)


def test_any_includes_refills_and_new_leaves_out_all_that_was_ever_ordered(shop) -> None:
    with_orders(shop)
    shop.add_order("o7", "c1", "soap", days_ago=40, status="cancelled")
    assert set(skus(ask(shop, customer_id="c1"))) == {"cleanser", "toner", "soap"}
    assert skus(ask(shop, customer_id="c1", products=ProductMode.NEW)) == ["toner"]
    excluded = ask(shop, "松木皂", customer_id="c1", products=ProductMode.NEW).excluded
    assert ("soap", "mode:not new") in [(one.item_id, one.rule) for one in excluded]


def test_complements_come_by_how_often_they_were_bought_together_and_nothing_else_does(shop) -> None:
    with_orders(shop)
    answer = ask(shop, "山野茶", products=ProductMode.COMPLEMENT, complement_of="cleanser")
    # 5 orders have cleanser: 4 with toner, 2 with soap
    assert [(one.sku, one.reasons[0].reference) for one in answer.products] == [
        ("toner", "baskets:cleanser+toner:4/5"),
        ("soap", "baskets:cleanser+soap:2/5"),
    ]
    assert answer.products_reason == ""
    on_screen = ask(shop, "山野茶", products=ProductMode.COMPLEMENT, sku="cleanser")
    assert skus(on_screen) == ["toner", "soap"]


def test_where_no_order_tells_a_complement_the_answer_says_so(shop) -> None:
    with_orders(shop)
    answer = ask(shop, "晨露水", products=ProductMode.COMPLEMENT, complement_of="tea")
    assert skus(answer) == ["toner"]
    assert answer.products_reason == "complement:none known of tea"
    assert all("baskets" not in reason.reference for one in answer.products for reason in one.reasons)


def test_a_complement_of_something_unknown_is_refused(shop) -> None:
    with pytest.raises(UnknownIdError, match="no product has the id 'nothing'"):
        ask(shop, products=ProductMode.COMPLEMENT, complement_of="nothing")


def test_only_what_the_message_is_about_answers_it(shop) -> None:
    with_orders(shop)
    assert skus(ask(shop, "松木皂", customer_id="c1", products=ProductMode.ANSWER)) == ["soap"]
    assert skus(ask(shop, customer_id="c1", products=ProductMode.ANSWER)) == []


def test_the_mix_of_aims_multiplies_what_each_adds_and_the_sum_stays_the_score(shop) -> None:
    with_orders(shop)
    shop.policy = Policy(max_promotions_per_week=99)
    shop.add_product("gift", "初霁洁面乳礼盒", tags=["礼盒"])
    usual = {one.sku: one for one in ask(shop, "初霁洁面乳", customer_id="c1", max_products=10).products}
    assert usual.keys() == {"cleanser", "toner", "soap", "gift"}
    shop.product_rules = ProductRules(objectives=ObjectiveMix(2.0, 0.5, 3.0), gift_tags=frozenset({"礼盒"}))
    mixed = {one.sku: one for one in ask(shop, "初霁洁面乳", customer_id="c1", max_products=10).products}
    factors = {"message": 2.0, "words": 2.0, "refill": 2.0, "bought_together": 0.5, "popularity": 0.5}
    for sku, product in mixed.items():
        before = {part.feature: part.contribution for part in usual[sku].why}
        after = {part.feature: part.contribution for part in product.why}
        assert after.pop("giftable", None) == (0.9 if sku == "gift" else None)
        assert after == {name: pytest.approx(value * factors[name], abs=3e-6) for name, value in before.items()}
        assert product.score == round(sum(part.contribution for part in product.why), 6)
    assert mixed["gift"].reasons[-1].reference == "product_tags:礼盒"


def test_an_aim_of_zero_leaves_its_products_and_reasons_out(shop) -> None:
    with_orders(shop)
    shop.product_rules = ProductRules(objectives=ObjectiveMix(conversion=0.0))
    assert skus(ask(shop, customer_id="c1")) == ["cleanser"]


# --- a question -------------------------------------------------------------------------------------------------------


def with_creams(shop) -> None:
    """Four creams: by skin type two and two, by scent three and one, by size all different; one suits everybody."""
    for sku, skin, scent, size in (
        ("a", ["干皮"], "无香", "30 ml"),
        ("b", ["干皮"], "无香", "50 ml"),
        ("c", ["油皮"], "无香", "60 ml"),
        ("d", ["油皮"], "花香", "70 ml"),
    ):
        shop.add_product(sku, f"云苔面霜{sku}", attributes={"skin_types": skin, "scent": scent, "volume": size})
    shop.add_customer("c1")


def test_the_attribute_that_splits_the_candidates_best_is_asked_for(shop) -> None:
    with_creams(shop)
    asked = ask(shop, "云苔面霜", customer_id="c1").ask
    assert (asked.attribute, asked.values) == ("skin_types", ("干皮", "油皮"))
    assert asked.question == "请问您需要哪种肤质：干皮、油皮？"


def test_what_is_known_or_has_been_said_is_not_asked_for(shop) -> None:
    with_creams(shop)
    shop.add_customer("c2", "油皮")
    before = [Said(MessageRole.CUSTOMER, "我是干皮"), Said(MessageRole.AGENT, "好的")]
    for fields in ({"customer_id": "c2"}, {"customer_id": "c1", "context": before}):
        assert ask(shop, "云苔面霜", **fields).ask.attribute == "scent"
    asked_before = [Said(MessageRole.AGENT, "您是干皮还是油皮呢")]
    assert ask(shop, "云苔面霜", customer_id="c1", context=asked_before).ask.attribute == "scent"


@pytest.mark.parametrize(
    ("word", "text"),
    [
        *(("red", "I like red."), ("Red", "我要RED的"), ("red", "anything in 'red'?"), ("red", "the reds, please")),
        *(("t-shirt", "a T-shirt"), ("t-shirt", "two t shirts"), ("t shirt", "a tshirt")),
        *(("rose oil", "with rose-oil"), ("café", "at the CAFÉ"), ("XL", "size XL!"), ("S", "s, or m")),
        *(("干皮", "我是 干 皮"), ("A款", "要a款的"), ("Which scent do you like?", "So: which scent do you like")),
    ],
)
def test_words_are_said_however_they_are_written(word: str, text: str) -> None:
    assert Telling.of(text).has(word)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        *(("red", "when is it delivered"), ("red", "a redder one"), ("oil", "roseoil"), ("size", "oversized")),
        *(("S", "it's for Lars"), ("L", "I'll take it"), ("M", "I'm here"), ("caf", "café"), ("干皮", "干性皮肤")),
    ],
)
def test_words_are_not_said_by_others_that_hold_them(word: str, text: str) -> None:
    assert not Telling.of(text).has(word)


def with_shirts(shop) -> None:
    """Four shirts, red or blue, and each of cotton and of linen."""
    for number, colour in enumerate(("red", "red", "blue", "blue")):
        material = "linen" if number % 2 else "cotton"
        shop.add_product(f"s{number}", f"shirt {number}", attributes={"colour": colour, "material": material})


@pytest.mark.parametrize(
    ("message", "attribute"),
    [("a shirt, when is it delivered", "colour"), ("a shirt in red", "material"), ("a blue-red shirt", "material")],
)
def test_a_colour_is_known_by_its_own_name_only(shop, message: str, attribute: str) -> None:
    with_shirts(shop)
    assert ask(shop, message).ask.attribute == attribute


def test_a_question_asked_in_english_is_not_asked_again(shop) -> None:
    with_shirts(shop)
    for said, attribute in (("Which colour would you like?", "material"), ("Coloured goods come next week", "colour")):
        assert ask(shop, "a shirt", context=[Said(MessageRole.AGENT, said)]).ask.attribute == attribute


def test_what_was_asked_long_ago_in_the_same_conversation_is_not_asked_again(shop) -> None:
    with_creams(shop)
    texts = [(MessageRole.AGENT, "请问您的肤质是？"), *[(MessageRole.CUSTOMER, "嗯")] * 20]
    texts += [(MessageRole.AGENT, "在的"), (MessageRole.CUSTOMER, "云苔面霜")]
    here = {"tenant_id": DEFAULT_TENANT}
    shop.add(
        Conversation(**here, id="t1", customer_id="c1", version=len(texts)),
        *(
            Message(**here, conversation_id="t1", position=position, role=role, text=text, at=shop.clock())
            for position, (role, text) in enumerate(texts, start=1)
        ),
    )
    assert ask(shop, "", conversation_id="t1").ask.attribute == "scent"


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("云苔面霜过敏了，要退款", {}),
        ("云苔面霜", {"scene": Scene.GROUP}),
        ("云苔面霜", {"max_products": 0}),
        ("谢谢", {}),
        ("几点发货", {}),
    ],
)
def test_no_question_is_asked_where_it_would_be_out_of_place(shop, message: str, fields: dict[str, object]) -> None:
    with_creams(shop)
    assert ask(shop, message, customer_id="c1", **fields).ask is None


def test_nothing_is_asked_of_somebody_who_is_known_well(shop) -> None:
    with_creams(shop)
    shop.add_customer("tagged", "会员", "上海", "老客")
    shop.add_customer("regular")
    for number in range(2):
        shop.add_order(f"o{number}", "regular", "towel", days_ago=9 + number)
    for customer_id in ("tagged", "regular"):
        assert ask(shop, "云苔面霜", customer_id=customer_id).ask is None


def test_only_eligible_candidates_count_for_the_question(shop) -> None:
    with_creams(shop)
    for sku in ("a", "b"):
        shop.add_product(f"{sku}-gone", f"云苔面霜{sku}", attributes={"texture": f"质地{sku}"}, stock=0)
    assert ask(shop, "云苔面霜", customer_id="c1").ask.attribute == "skin_types"


def test_the_shops_own_words_and_the_customers_language_are_used(shop) -> None:
    with_creams(shop)
    shop.product_rules = ProductRules(questions=(("scent", Wording("喜欢什么香味呀？", "Which scent do you like?")),))
    assert ask(shop, "云苔面霜", customer_id="c1").ask.question == "喜欢什么香味呀？"
    shop.add_product("e", "cloud cream one", attributes={"scent": "花香"})
    shop.add_product("f", "cloud cream two", attributes={"scent": "无香"})
    assert ask(shop, "cloud cream please", customer_id="c1").ask.question == "Which scent do you like?"


def test_an_attribute_without_a_name_or_values_in_the_customers_language_is_not_asked_for(shop) -> None:
    for sku, maker, finish in (("a", "rose", "哑光"), ("b", "aloe", "亮面")):
        attributes = {"key_ingredients": [f"{maker} oil"], "妆效": finish, "coverage": finish}
        shop.add_product(sku, f"云苔面霜{sku} cloud cream", attributes=attributes)
    assert ask(shop, "云苔面霜").ask.attribute == "妆效"
    assert ask(shop, "cloud cream").ask.attribute == "key_ingredients"


def test_values_that_the_question_does_not_name_are_one_answer() -> None:
    eight = Split(dict.fromkeys("abcdefgh", 1), n_anyway=0, n_products=8)
    # half of the answers leave one of eight products, the others leave the four that are not named
    assert eight.gain == pytest.approx(3.0 - (0.5 * 0.0 + 0.5 * 2.0))
    assert Split({"a": 4, "b": 4}, n_anyway=0, n_products=8).gain == pytest.approx(1.0)


def test_a_value_that_fits_everybody_is_no_answer(shop) -> None:
    for sku, skin in (("a", "干皮"), ("b", "全肤质"), ("c", "全肤质"), ("d", "全肤质")):
        shop.add_product(sku, f"云苔面霜{sku}", attributes={"skin_types": [skin]})
    assert ask(shop, "云苔面霜").ask is None
