"""What the message asks of a product, from the database to the suggestion."""

from datetime import UTC, datetime, timedelta

import pytest

from copilot.engine.request import Said, SuggestRequest
from knowledge.index.strings import hashes64
from knowledge.tables import DEFAULT_TENANT, Event, IndexChange, IndexKind, MessageRole, Product

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def dresses(shop):
    """Six dresses; somebody has looked at the most expensive one."""
    for sku, fen, colour in (
        ("a", 9_900, "红色"),
        ("b", 19_900, "白色"),
        ("c", 29_900, "红色"),
        ("d", 39_900, "黑色"),
        ("e", 49_900, "红色"),
        ("f", 59_900, "白色"),
    ):
        shop.add_product(sku, f"连衣裙{sku}", category="连衣裙", price_fen=fen, attributes={"颜色": colour})
    shop.add_customer("xiaoyu")
    then = NOON - timedelta(days=1)
    shop.add(Event(tenant_id=DEFAULT_TENANT, id="1", customer_id="xiaoyu", kind="view", at=then, object="f"))
    return shop


def suggested(shop, message: str, *before: str, **fields) -> list:
    context = [
        Said(role, text)
        for text in before
        for role, text in ((MessageRole.CUSTOMER, text), (MessageRole.AGENT, "好的"))
    ]
    request = SuggestRequest(message=message, context=context, **fields)
    return list(shop.engine.suggest(request).products)


def skus(products: list) -> list[str]:
    return [product.sku for product in products]


def test_nothing_above_a_stated_limit_is_proposed_by_any_source(dresses) -> None:
    products = suggested(dresses, "有300元以内的吗", customer_id="xiaoyu", max_products=10)
    assert set(skus(products)) == {"a", "b", "c"}


def test_the_reason_quotes_the_customer_and_names_what_to_check(dresses) -> None:
    [product] = suggested(dresses, "要黑色的，500以内")
    assert product.sku == "d"
    reason = product.reasons[0]
    assert reason.text == "符合「500以内」「黑色」"
    assert reason.reference == "wish:price<=500&颜色=黑色"


def test_the_reason_says_what_is_not_wanted(dresses) -> None:
    reason = suggested(dresses, "连衣裙，不要红色")[0].reasons[0]
    assert (reason.text, reason.reference) == ("符合「连衣裙」「不要红色」", "wish:category=连衣裙&颜色!=红色")


def test_contributions_still_sum_to_the_score(dresses) -> None:
    for product in suggested(dresses, "最便宜的连衣裙"):
        assert sum(part.contribution for part in product.why) == pytest.approx(product.score)


def test_the_cheapest_is_first(dresses) -> None:
    assert skus(suggested(dresses, "最便宜的红色连衣裙")) == ["a", "c", "e"]


def test_where_nothing_is_cheap_enough_the_nearest_is_said_to_be_only_near(dresses) -> None:
    products = suggested(dresses, "有80元以内的吗")
    assert products[0].sku == "a"
    assert products[0].reasons[0].text == "没有商品符合「80元以内」，这件最接近：价格 99"
    assert products[0].reasons[0].reference == "wish:!price<=80&sku=a"


def test_what_is_out_of_stock_answers_no_wish(dresses) -> None:
    dresses.add_product("g", "连衣裙g", category="连衣裙", price_fen=5_000, stock=0, attributes={"颜色": "绿色"})
    assert skus(suggested(dresses, "最便宜的连衣裙"))[0] == "a"
    assert suggested(dresses, "要绿色的连衣裙") == []


def test_a_price_changed_now_counts_for_the_very_next_message(dresses) -> None:
    engine = dresses.engine
    ask = SuggestRequest(message="有60元以内的吗")
    assert engine.suggest(ask).products[0].reasons[0].reference.startswith("wish:!")
    with dresses.workspace.database.write() as session:
        session.get(Product, (DEFAULT_TENANT, "f")).price_fen = 5_000
        session.add(IndexChange(tenant_id=DEFAULT_TENANT, kind=IndexKind.PRODUCT, item_id="f"))
    assert skus(engine.suggest(ask).products) == ["f"]
    with dresses.workspace.database.write() as session:
        session.delete(session.get(Product, (DEFAULT_TENANT, "f")))
        session.add(IndexChange(tenant_id=DEFAULT_TENANT, kind=IndexKind.PRODUCT, item_id="f"))
    assert "f" not in skus(engine.suggest(ask).products)


def test_a_message_that_only_refines_keeps_what_was_asked_before(dresses) -> None:
    assert set(skus(suggested(dresses, "红色的有吗", "想买300元以内的连衣裙"))) == {"a", "c"}


def test_another_kind_of_product_begins_anew(dresses) -> None:
    dresses.add_product("h", "草帽", category="帽子", price_fen=80_000)
    assert skus(suggested(dresses, "有帽子吗", "想买300元以内的连衣裙")) == ["h"]


def test_a_question_about_an_order_is_not_narrowed(dresses) -> None:
    assert "f" in skus(suggested(dresses, "我买的红色连衣裙什么时候发货", customer_id="xiaoyu"))


def test_an_english_shop_is_told_in_english(dresses) -> None:
    engine = dresses.engine
    object.__setattr__(engine.setup, "shop", type(engine.setup.shop)("Dress", "en"))
    [product] = engine.suggest(SuggestRequest(message="do you have a black dress under 400 yuan")).products
    assert product.reasons[0].text == "Answers 'under 400 yuan' 'black'"


def test_a_view_finds_many_items_by_the_hashes_of_their_ids(dresses) -> None:
    _ = dresses.engine
    view = dresses.index.products
    found = view.ordinals(hashes64(["c", "nothing", "a"]))
    assert [view.item_id(int(one)) for one in found if one >= 0] == ["c", "a"]
    assert found[1] == -1
