from datetime import timedelta

import pytest
from sqlmodel import select

from copilot.engine.conversations import NewConversation, NewMessage, append_message, open_conversation
from copilot.engine.decisions import NewDecision
from copilot.engine.policy import SEARCH_FEATURES, Policy
from copilot.engine.request import Said, SuggestRequest
from copilot.engine.why_not import Fate
from copilot.errors import BadRequestError, UnknownIdError
from knowledge.tables import (
    DEFAULT_TENANT,
    Decision,
    DecisionKind,
    Message,
    MessageRole,
    Scene,
    ScriptUse,
    Suggestion,
    SuggestionSet,
)

SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"
HELLO = "您好，我是{{agent.name}}，需要帮忙随时叫我。"


def fill(shop) -> None:
    shop.add_agent("a1", "t1")
    shop.add_customer("c1", "沉睡", name="小林")
    shop.add_script("hello", HELLO, "在吗", "你好")
    shop.add_script("sale", "在的，新客满 129 减 20 优惠券已到账。", "你好呀", "在吗")
    shop.add_script("sensitive", SENSITIVE, "敏感肌能用吗")
    shop.add_script("ship", "每天下午四点前的订单当天发出。", "什么时候发货")
    shop.add_script(
        "wake",
        "{{customer.name}}，好久不见，上次那件用着怎么样？",
        "好久没来了",
        stages=["获客"],
        audience={"any": ["沉睡"]},
    )
    shop.add_script("stage", "新人看这里。", "新人怎么买", stages=["获客"])


def talked(shop, conversation_id: str, *said: tuple[str, str], days_ago: float = 1, **new) -> None:
    at = shop.clock.now - timedelta(days=days_ago)
    with shop.workspace.database.write() as session:
        opened = open_conversation(
            session,
            DEFAULT_TENANT,
            NewConversation(**{"customer_id": "c1", "agent_id": "a1", **new}),
            at,
            conversation_id,
        )
        for number, (role, text) in enumerate(said):
            append_message(session, opened, NewMessage(MessageRole(role), text), at + timedelta(minutes=number))


def opened(shop, **fields):
    fields = {"customer_id": "c1", "agent_id": "a1", **fields}
    return shop.engine.suggest(SuggestRequest(opening=True, **fields))


def ids(answer) -> list[str]:
    return [reply.script_id for reply in answer.replies]


def features(answer, script_id: str) -> set[str]:
    return {part.feature for reply in answer.replies if reply.script_id == script_id for part in reply.why}


def test_a_new_customer_is_greeted_with_slots_filled_and_nothing_advertised(shop) -> None:
    fill(shop)
    answer = opened(shop)
    greeting = next(reply for reply in answer.replies if reply.script_id == "hello")
    assert greeting.text == "您好，我是a1，需要帮忙随时叫我。"
    assert "greeting" in features(answer, "hello")
    assert "sale" not in ids(answer)


def test_the_message_is_empty_and_features_of_messages_have_no_part(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), ("agent", "能的"))
    answer = opened(shop)
    assert (answer.message, answer.abstained) == ("", False)
    assert all(features(answer, script_id).isdisjoint(SEARCH_FEATURES) for script_id in ids(answer))


def test_a_script_near_the_last_topic_follows_it_up(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), ("agent", "能的"), ("customer", "好的谢谢"))
    answer = opened(shop)
    assert ids(answer)[0] == "sensitive"
    assert "last_topic" in features(answer, "sensitive")
    assert "ship" not in ids(answer)


def test_the_topic_is_the_latest_and_of_this_conversation_before_others(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), days_ago=5)
    talked(shop, "t2", ("customer", "什么时候发货"), days_ago=2)
    assert ids(opened(shop))[0] == "ship"
    assert ids(opened(shop, customer_id=None, conversation_id="t1"))[0] == "sensitive"


def test_what_was_said_long_ago_or_later_than_now_is_no_topic(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), days_ago=34)
    assert "sensitive" not in ids(opened(shop))
    talked(shop, "t2", ("customer", "敏感肌能用吗"), days_ago=1)
    assert "sensitive" not in ids(opened(shop, at=shop.clock.now - timedelta(days=3)))


def test_a_customer_without_a_topic_or_a_name_in_an_audience_gets_greetings_only(shop) -> None:
    fill(shop)
    shop.add_customer("c2")
    assert ids(opened(shop, customer_id="c2")) == ["hello"]


def test_a_script_for_this_stage_and_somebody_like_this_customer_is_offered(shop) -> None:
    fill(shop)
    answer = opened(shop)
    assert "wake" in ids(answer)
    assert {"tag_affinity", "stage"} <= features(answer, "wake")
    assert next(reply for reply in answer.replies if reply.script_id == "wake").text.startswith("小林，好久不见")


def test_the_stage_alone_is_no_reason_to_write(shop) -> None:
    fill(shop)
    assert "stage" not in ids(opened(shop))


def test_with_nothing_that_fits_it_abstains_and_says_so(shop) -> None:
    shop.add_customer("c1")
    shop.add_script("ship", "每天下午四点前的订单当天发出。", "什么时候发货")
    answer = opened(shop, agent_id=None)
    assert (answer.replies, answer.abstained) == ((), True)
    assert answer.abstain_reason.startswith("unlikely")


def test_audiences_scopes_and_slots_are_obeyed(shop) -> None:
    fill(shop)
    shop.add_script("men", "您好，先生。", "你好", audience={"gender": "male"})
    shop.add_script("theirs", "您好，我们组为您服务。", "你好", scope="team:t9")
    shop.add_script("parcel", "您好，{{order.id}} 到了吗？", "你好")
    answer = opened(shop, max_replies=10)
    assert {"men", "theirs", "parcel"}.isdisjoint(ids(answer))
    assert ("parcel", "slot:order.id") in {(one.item_id, one.rule) for one in answer.excluded}


def test_a_greeting_for_another_stage_does_not_greet(shop) -> None:
    fill(shop)
    shop.add_script("after", "您好，收到了吗？", "你好", stages=["服务与运营"])
    assert "after" not in ids(opened(shop))
    assert "after" in ids(opened(shop, stage="服务与运营", max_replies=10))


def test_what_was_sent_lately_is_not_said_again(shop) -> None:
    fill(shop)
    shop.add_script("other", "敏感肌可以先看成分，酒精和香精少的更稳。", "敏感肌能用哪个")
    talked(shop, "t1", ("customer", "敏感肌能用吗"))
    first = shop.engine.suggest(SuggestRequest(conversation_id="t1", agent_id="a1"))
    assert first.replies[0].script_id == "sensitive"
    for _ in range(3):
        shop.desk.decide(NewDecision(first.set_id, DecisionKind.DISMISS, rank=1))
    shop.desk.decide(NewDecision(first.set_id, DecisionKind.ACCEPT, rank=1))
    shop.clock.advance(days=1)
    assert ids(opened(shop))[0] == "other"


def test_promotion_is_silent_after_a_complaint(shop) -> None:
    fill(shop)
    shop.add_product("cream", "面霜", replenish_days=30)
    shop.add_order("o1", "c1", "cream", days_ago=40)
    assert [one.sku for one in opened(shop).products] == ["cream"]
    talked(shop, "t1", ("customer", "用了过敏，我要投诉"))
    answer = opened(shop)
    assert (answer.products, answer.products_reason) == ((), "complaint")


def test_a_group_knows_nothing_of_what_was_said_in_private(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"))
    talked(shop, "g1", ("agent", "大家好"), scene=Scene.GROUP)
    answer = opened(shop, conversation_id="g1", customer_id=None)
    assert (answer.scene, "sensitive" in ids(answer)) == ("group", False)
    assert "wake" not in ids(answer)  # its slot is personal
    talked(shop, "g2", ("customer", "敏感肌能用吗"), scene=Scene.GROUP)
    assert "sensitive" in ids(opened(shop, conversation_id="g2", customer_id=None))


def test_withdrawn_messages_are_no_topic(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"))
    with shop.workspace.database.write() as session:
        session.get(Message, (DEFAULT_TENANT, "t1", 1)).withdrawn_at = shop.clock.now
    assert "sensitive" not in ids(opened(shop))


def test_it_is_recorded_with_the_conversations_version_and_a_policy_of_its_own(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), ("agent", "能的"))
    answer = opened(shop, customer_id=None, conversation_id="t1")
    assert answer.conversation_version == 2
    assert answer.versions.policy != Policy().version
    with shop.workspace.database.read() as session:
        kept = session.exec(select(SuggestionSet)).one()
        shown = session.exec(select(Suggestion).where(Suggestion.kind == "reply").order_by(Suggestion.rank)).all()
    assert (kept.id, kept.conversation_version, kept.message) == (answer.set_id, 2, "")
    assert [one.item_id for one in shown] == ids(answer)
    assert shown[0].features == {part.feature: part.contribution for part in answer.replies[0].why}


def test_it_is_sent_like_any_reply_and_says_nothing_of_how_a_script_does_as_an_answer(shop) -> None:
    fill(shop)
    talked(shop, "t1", ("customer", "敏感肌能用吗"), ("agent", "能的"))
    answer = opened(shop, customer_id=None, conversation_id="t1")
    shop.desk.decide(NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=1, agent_id="a1"))
    with shop.workspace.database.read() as session:
        assert session.get(Message, (DEFAULT_TENANT, "t1", 3)).text == answer.replies[0].text
        assert session.exec(select(ScriptUse)).all() == []
    assert shop.desk.undo("t1", "a1").set_id == answer.set_id
    with shop.workspace.database.read() as session:
        assert session.exec(select(ScriptUse)).all() == []
        assert session.exec(select(Decision)).one().undone_at is not None


def test_why_not_tells_of_openings_too(shop) -> None:
    fill(shop)
    asked = SuggestRequest(opening=True, customer_id="c1", agent_id="a1", at=shop.clock.now)
    answer, _ = shop.engine.rehearse(asked)
    found = {script_id: shop.engine.why_not(asked, script_id) for script_id in ("hello", "wake", "stage", "ship")}
    assert [found[one].fate for one in ("hello", "wake")] == [Fate.SHOWN, Fate.SHOWN]
    assert found["hello"].score == next(one.score for one in answer.replies if one.script_id == "hello")
    assert (found["ship"].fate, found["ship"].rule) == (Fate.NOT_RETRIEVED, "not_retrieved")
    assert found["stage"].score < found["wake"].score


def test_answers_to_messages_are_the_same_whether_openings_were_made_or_not(shop) -> None:
    fill(shop)
    asked = SuggestRequest(message="敏感肌能用吗", customer_id="c1", agent_id="a1", at=shop.clock.now)
    before, _ = shop.engine.rehearse(asked)
    for _ in range(5):
        opened(shop)
    after, _ = shop.engine.rehearse(asked)
    assert after.replies == before.replies


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"message": "在吗", "customer_id": "c1"}, "message"),
        ({"customer_id": "c1", "context": (Said(MessageRole.CUSTOMER, "在吗"),)}, "message"),
        ({}, "customer_id"),
    ],
)
def test_an_opening_has_somebody_to_write_to_and_no_message(fields, field: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        SuggestRequest(opening=True, **fields)
    assert refused.value.field == field


@pytest.mark.parametrize("fields", [{"customer_id": "c9"}, {"customer_id": None, "conversation_id": "t9"}])
def test_somebody_unknown_is_an_error(shop, fields) -> None:
    fill(shop)
    with pytest.raises(UnknownIdError):
        opened(shop, **fields)
