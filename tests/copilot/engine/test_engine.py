from datetime import timedelta

import pytest
from sqlmodel import select

from copilot.engine.request import Said, SuggestRequest
from copilot.errors import BadRequestError, UnknownIdError
from knowledge.tables import (
    MessageRole,
    Scene,
    ScriptStatus,
    ScriptUse,
    Suggestion,
    SuggestionSet,
)
from knowledge.tables.library import EVERYONE

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"


def ask(shop, message: str, **fields):
    return shop.engine.suggest(SuggestRequest(message=message, **fields))


def fill(shop) -> None:
    shop.add_script("returns", RETURNS, "可以退货吗", "不想要了怎么退")
    shop.add_script("shipping", "每天下午四点前的订单当天发出，江浙沪一般次日到。", "什么时候发货", "几天能到")
    shop.add_script("sensitive", "这款不含酒精和香精，敏感肌建议先在耳后试用两天。", "敏感肌能用吗")


def test_a_message_that_equals_a_trigger_gets_its_script_first(shop) -> None:
    fill(shop)
    answer = ask(shop, "可以 退貨 嗎？")
    assert answer.replies[0].script_id == "returns"
    assert answer.replies[0].text == RETURNS
    assert answer.replies[0].matched == ("可以退货吗",)


def test_contributions_sum_exactly_to_the_score(shop) -> None:
    fill(shop)
    for reply in ask(shop, "敏感肌能用吗").replies:
        assert round(sum(part.contribution for part in reply.why), 6) == reply.score


def test_a_message_about_nothing_known_gets_no_reply_and_the_reason(shop) -> None:
    fill(shop)
    answer = ask(shop, "zxqv wklj")
    assert answer.abstained
    assert answer.replies == ()
    assert answer.abstain_reason.startswith("unlikely")


def test_a_message_of_emoji_has_nothing_to_answer(shop) -> None:
    fill(shop)
    assert ask(shop, "😊😊").abstain_reason.startswith("no_content")


def test_everything_shown_is_recorded(shop) -> None:
    fill(shop)
    shop.add_customer("c1", name="小林")
    answer = ask(shop, "可以退货吗", customer_id="c1", agent_id="a1")
    with shop.workspace.database.read() as session:
        kept = session.exec(select(SuggestionSet)).one()
        assert (kept.id, kept.customer_id, kept.agent_id) == (answer.set_id, "c1", "a1")
        assert kept.policy_version == shop.policy.version
        rows = session.exec(select(Suggestion).order_by(Suggestion.rank)).all()
        assert [(row.rank, row.item_id, row.text) for row in rows if row.kind == "reply"] == [
            (reply.rank, reply.script_id, reply.text) for reply in answer.replies
        ]
        assert rows[0].features == {part.feature: part.contribution for part in answer.replies[0].why}
        uses = {row.agent_id: row.n_shown for row in session.exec(select(ScriptUse)) if row.script_id == "returns"}
    assert uses == {EVERYONE: 1, "a1": 1}


def test_a_script_for_another_audience_is_left_out_with_the_rule(shop) -> None:
    fill(shop)
    shop.add_script("vip", "黑金会员退货免运费，顺丰上门取件。", "会员怎么退货", audience={"all": ["黑金"]})
    shop.add_customer("c1", "新客")
    answer = ask(shop, "会员怎么退货", customer_id="c1")
    assert "vip" not in [reply.script_id for reply in answer.replies]
    assert "vip" in [one.item_id for one in answer.excluded]
    assert [one.rule for one in answer.excluded if one.item_id == "vip"] == ["audience.all:黑金"]
    shop.add_customer("c2", "黑金")
    assert ask(shop, "会员怎么退货", customer_id="c2").replies[0].script_id == "vip"


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"scenes": ["group"]}, "scene:group"),
        ({"scope": "team:vip"}, "scope:team:vip"),
        ({"scope": "private:a9"}, "scope:private:a9"),
        ({"valid_to_days": -1}, "validity:expired"),
        ({"valid_from_days": 1}, "validity:not yet"),
    ],
)
def test_a_script_out_of_place_never_appears(shop, columns: dict[str, object], rule: str) -> None:
    fill(shop)
    for name in ("valid_from", "valid_to"):
        if f"{name}_days" in columns:
            columns[name] = shop.clock.now + timedelta(days=columns.pop(f"{name}_days"))
    shop.add_script("special", "双十一满三百减五十。", "双十一有什么优惠", **columns)
    shop.add_agent("a1", "shop")
    answer = ask(shop, "双十一有什么优惠", agent_id="a1")
    assert "special" not in [reply.script_id for reply in answer.replies]
    assert ("special", rule) in [(one.item_id, one.rule) for one in answer.excluded]


@pytest.mark.parametrize("status", [ScriptStatus.DRAFT, ScriptStatus.REVIEW, ScriptStatus.RETIRED])
def test_only_published_scripts_are_suggested(shop, status: ScriptStatus) -> None:
    fill(shop)
    shop.add_script("other", "满九十九元包邮。", "包邮吗", status=status)
    assert "other" not in [reply.script_id for reply in ask(shop, "包邮吗").replies]


def test_slots_are_filled_and_an_unfilled_one_stops_the_script(shop) -> None:
    shop.add_script("status", "{{customer.name}}您好，订单{{order.id}}{{order.status}}。", "我的订单到哪了")
    shop.add_customer("c1", name="小林")
    assert ask(shop, "我的订单到哪了", customer_id="c1").excluded[0].rule == "slot:order.id|order.status"
    shop.add_order("o7", "c1", "sku", days_ago=1, status="shipped")
    answer = ask(shop, "我的订单到哪了", customer_id="c1")
    assert answer.replies[0].text == "小林您好，订单o7已发货，运输中。"


def test_nothing_personal_is_filled_in_a_group(shop) -> None:
    shop.add_script("hello", "{{customer.name}}您好，在的。", "在吗")
    shop.add_customer("c1", name="小林")
    answer = ask(shop, "在吗", customer_id="c1", scene=Scene.GROUP)
    assert answer.abstained
    assert answer.excluded[0].rule == "slot:customer.name"


def test_a_reply_that_breaks_advertising_law_is_blocked_with_the_words(shop) -> None:
    shop.add_script("bad", "我们家全网最低价，放心拍。", "能便宜点吗")
    answer = ask(shop, "能便宜点吗")
    assert answer.abstained
    assert answer.excluded[0].rule == "compliance:ad.absolute:全网最低"


def test_near_duplicates_collapse(shop) -> None:
    shop.add_script("one", "亲，下午四点前付款当天发货哦。", "今天能发货吗")
    shop.add_script("two", "亲，下午四点前付款当天发货哦！", "今天可以发货吗")
    answer = ask(shop, "今天能发货吗")
    assert [reply.script_id for reply in answer.replies] == ["one"]


def test_a_script_just_sent_ranks_lower_for_the_same_customer(shop) -> None:
    from copilot.engine.decisions import NewDecision
    from knowledge.tables import DecisionKind

    shop.add_script("one", "四点前付款当天发货。", "发货时间")
    shop.add_customer("c1")
    first = ask(shop, "发货时间", customer_id="c1")
    shop.desk.decide(NewDecision(first.set_id, DecisionKind.ACCEPT, rank=1))
    again = ask(shop, "发货时间", customer_id="c1")
    assert "fatigue" in {part.feature for part in again.replies[0].why}
    assert again.replies[0].score < first.replies[0].score


def test_bursts_are_answered_together(shop) -> None:
    fill(shop)
    said = [Said(MessageRole.CUSTOMER, "你好"), Said(MessageRole.AGENT, "在的"), Said(MessageRole.CUSTOMER, "敏感肌")]
    answer = ask(shop, "能用吗", context=said)
    assert answer.message == "敏感肌 能用吗"
    assert answer.replies[0].script_id == "sensitive"


def test_an_unknown_customer_is_refused(shop) -> None:
    with pytest.raises(UnknownIdError, match="nobody"):
        ask(shop, "在吗", customer_id="nobody")


@pytest.mark.parametrize("message", ["", "   ", "长" * 20_001])
def test_an_empty_or_endless_message_is_refused(message: str) -> None:
    with pytest.raises(BadRequestError, match="message"):
        SuggestRequest(message=message)


def test_a_very_long_message_is_answered(shop) -> None:
    fill(shop)
    assert ask(shop, "啊" * 19_000 + "可以退货吗").set_id


def test_products_in_a_group_say_nothing_of_what_one_person_bought(shop) -> None:
    fill(shop)
    shop.add_product("cream", "云苔面霜", replenish_days=30)
    shop.add_customer("c1", name="小林")
    shop.add_order("o1", "c1", "cream", days_ago=31)
    alone = ask(shop, "可以退货吗", customer_id="c1")
    assert [(one.sku, one.reasons[0].reference) for one in alone.products] == [("cream", "order:o1")]
    assert ask(shop, "可以退货吗", customer_id="c1", scene=Scene.GROUP).products == ()


def test_nothing_is_promoted_to_somebody_who_complains(shop) -> None:
    fill(shop)
    shop.add_product("cream", "云苔面霜", replenish_days=30)
    shop.add_customer("c1", name="小林")
    shop.add_order("o1", "c1", "cream", days_ago=31)
    answer = ask(shop, "用了过敏，我要退款", customer_id="c1")
    assert (answer.products, answer.products_reason) == ((), "complaint")


def test_a_thing_that_lasts_is_not_offered_again(shop) -> None:
    fill(shop)
    shop.add_product("towel", "长绒棉浴巾")
    shop.add_customer("c1")
    shop.add_order("o1", "c1", "towel", days_ago=400)
    answer = ask(shop, "长绒棉浴巾", customer_id="c1")
    assert answer.products == ()
    assert ("towel", "owned:lasts") in [(one.item_id, one.rule) for one in answer.excluded]


def test_the_script_of_the_product_on_screen_comes_first(shop) -> None:
    for sku, name in (("A", "云雾面霜"), ("B", "晨露精华")):
        shop.add_product(sku, name, stock=9)
        shop.add_script(f"sensitive-{sku}", f"{name}敏感肌可以用，建议先试用。", f"{name}敏感肌能用吗", skus=[sku])
    for sku in ("A", "B"):
        assert ask(shop, "这个敏感肌能用吗", sku=sku).replies[0].script_id == f"sensitive-{sku}"


def test_other_characters_than_the_customers_are_no_reason_for_silence(shop) -> None:
    fill(shop)
    simplified, traditional = (
        shop.engine.rehearse(SuggestRequest(message=message))[0].replies
        for message in ("不想要了怎么退货", "不想要了怎麼退貨")
    )
    assert [(reply.script_id, reply.score) for reply in traditional] == [
        (reply.script_id, reply.score) for reply in simplified
    ]


def test_pinyin_is_answered_as_what_it_spells(shop) -> None:
    fill(shop)
    reply = ask(shop, "keyi tuihuo ma").replies[0]
    assert reply.script_id == "returns"
    assert "language" not in {part.feature for part in reply.why}
