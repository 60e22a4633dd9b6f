"""What the console's forms and windows do, over HTTP."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.console.simulating import simulate_cookie
from knowledge.tables import DEFAULT_TENANT, Decision, Member, Message, MessageRole
from knowledge.workspace import utc_now

SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"


def suggestions(client: TestClient, conversation: Any) -> str:
    return html.unescape(client.get(f"/console/c/{conversation.id}/suggestions").text)


def set_of(fragment: str) -> str:
    found = re.search(r'data-set="(\w+)"', fragment)
    assert found
    return found.group(1)


def send(client: TestClient, conversation: Any, **form: str) -> Any:
    return client.post(f"/console/c/{conversation.id}/send", data=form)


def decisions(runtime: Runtime) -> list[Decision]:
    with runtime.workspace.database.read() as session:
        return list(session.execute(select(Decision).order_by(col(Decision.item_kind).desc())).scalars())


def search(client: TestClient, conversation: Any, **query: str) -> str:
    return client.get(f"/console/c/{conversation.id}/search", params=query).text


def test_a_reply_with_products_is_one_message_and_a_decision_for_each(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    conversation.say("敏感肌能用吗，推荐一款面霜")
    panel = suggestions(client, conversation)
    assert 'data-mention="舒缓面霜 ¥129"' in panel
    text = f"{SENSITIVE}\n舒缓面霜 ¥129"
    form = {"text": text, "set_id": set_of(panel), "rank": "1", "base": SENSITIVE, "products": "1", "key": "k"}
    assert send(client, conversation, **form).status_code == 204
    reply, product = decisions(runtime)
    assert (reply.kind, reply.item_kind, reply.item_id) == ("edit", "reply", "sensitive")
    assert (product.kind, product.item_kind, product.rank, product.sent_text) == ("edit", "product", 1, text)
    assert conversation.texts() == ["敏感肌能用吗，推荐一款面霜", text]


def test_taking_back_a_reply_takes_back_the_products_it_mentioned(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    conversation.say("敏感肌能用吗，推荐一款面霜")
    form = {"text": "看看这款", "set_id": set_of(suggestions(client, conversation)), "rank": "1", "products": "1"}
    send(client, conversation, **form)
    client.post(f"/console/c/{conversation.id}/undo")
    assert [one.undone_at is not None for one in decisions(runtime)] == [True, True]
    assert client.post(f"/console/c/{conversation.id}/undo").status_code == 409


def test_a_product_that_was_not_suggested_cannot_be_mentioned(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    form = {"text": "看看这款", "set_id": set_of(suggestions(client, conversation)), "rank": "1", "products": "9"}
    refused = send(client, conversation, **form)
    assert (refused.status_code, "product of rank 9" in refused.json()["detail"]) == (404, True)
    assert conversation.texts() == ["敏感肌能用吗"]


@pytest.mark.parametrize("products", ["a", "1,", "1;2", "-1", "1" * 50])
def test_ranks_that_are_none_are_refused(client: TestClient, conversation: Any, products: str) -> None:
    assert send(client, conversation, text="您好", products=products).status_code == 422


@pytest.mark.parametrize("is_first", [True, False])
def test_a_script_from_the_library_is_named_in_the_message(
    client: TestClient, conversation: Any, is_first: bool
) -> None:
    form = {"text": "七天内可退。", "script_id": "returns"}
    if not is_first:
        conversation.say("zxqv wklj")
        form["set_id"] = set_of(suggestions(client, conversation))
    assert send(client, conversation, **form).status_code == 204
    said = client.get(f"/v1/conversations/{conversation.id}").json()["messages"][-1]
    assert (said["text"], said["script_id"]) == ("七天内可退。", "returns")


def test_a_script_that_does_not_exist_is_not_named(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    form = {"text": "您好", "set_id": set_of(suggestions(client, conversation)), "script_id": "nowhere"}
    assert send(client, conversation, **form).status_code == 404
    assert send(client, conversation, text="您好", script_id="nowhere").status_code == 404


def test_an_open_slot_is_never_sent(client: TestClient, conversation: Any) -> None:
    refused = send(client, conversation, text="您的订单 {{order.id}} 已发出")
    assert (refused.status_code, "{{order.id}}" in refused.json()["detail"]) == (422, True)
    assert conversation.texts() == []


@pytest.mark.parametrize(
    ("typed", "how"),
    [("returns", "标题或触发语一致"), ("无理由退货", "词语"), ("keyituihuo", "拼音"), ("kythm", "首字母")],
)
def test_the_library_is_found_by_words_and_by_sound_and_says_how(
    client: TestClient, conversation: Any, typed: str, how: str
) -> None:
    first = search(client, conversation, q=typed).split('role="option"')[1]
    assert 'data-script="returns"' in first
    assert how in first


def test_what_was_typed_is_marked_in_what_was_found(client: TestClient, conversation: Any) -> None:
    assert "<mark>无理由退货</mark>" in search(client, conversation, q="无理由退货")


def test_a_filter_leaves_out_what_is_for_other_stages(client: TestClient, conversation: Any) -> None:
    body = {"id": "cart", "text": "购物车里的面霜还在。", "triggers": ["购物车"], "stages": ["获客"]}
    client.post("/v1/scripts", json=body).raise_for_status()
    client.post("/v1/scripts/cart/publish", json={}).raise_for_status()
    assert 'data-script="cart"' in search(client, conversation, q="购物车", stage="获客")
    assert 'data-script="cart"' not in search(client, conversation, q="购物车", stage="交付")


def test_slots_are_filled_for_this_customer_and_open_ones_are_named(client: TestClient, conversation: Any) -> None:
    text = "{{customer.name}}您好，{{product.price}} 元。"
    client.post("/v1/scripts", json={"id": "price", "text": text, "triggers": ["报价单"]}).raise_for_status()
    client.post("/v1/scripts/price/publish", json={}).raise_for_status()
    found = html.unescape(search(client, conversation, q="报价单"))
    assert "林小满您好，{{product.price}} 元。" in found
    assert "缺少 product.price" in found


def test_in_a_group_the_library_fills_in_nothing_personal(client: TestClient) -> None:
    client.post("/v1/scripts", json={"id": "hi", "text": "{{customer.name}}您好", "triggers": ["问候单"]})
    client.post("/v1/scripts/hi/publish", json={}).raise_for_status()
    group = client.post("/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    found = html.unescape(client.get(f"/console/c/{group}/search", params={"q": "问候单"}).text)
    assert "林小满" not in found
    assert "缺少 customer.name" in found


def test_a_script_among_the_suggestions_is_inserted_as_the_suggestion(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    set_id = set_of(suggestions(client, conversation))
    first = search(client, conversation, q="sensitive").split('role="option"')[1]
    assert f'data-script="sensitive" data-set="{set_id}" data-rank="1"' in first


def test_nothing_found_offers_to_ask_for_a_script(client: TestClient, conversation: Any) -> None:
    assert 'data-wants="zxqvwklj"' in search(client, conversation, q="zxqvwklj")


@pytest.mark.parametrize(("query", "status"), [({"stage": "x"}, 422), ({"q": "长" * 501}, 422)])
def test_a_search_that_cannot_be_is_refused(
    client: TestClient, conversation: Any, query: dict[str, str], status: int
) -> None:
    assert client.get(f"/console/c/{conversation.id}/search", params=query).status_code == status
    assert client.get(f"/console/c/{conversation.id}/why-not", params=query).status_code == status


def why(client: TestClient, conversation: Any, script_id: str) -> str:
    return client.get(f"/console/c/{conversation.id}/why-not/{script_id}").text


def test_why_not_names_the_rule_that_kept_a_script_away(client: TestClient, conversation: Any) -> None:
    conversation.say("会员怎么退货")
    shown = why(client, conversation, "vip")
    assert 'data-fate="excluded"' in shown
    assert "缺少必须的标签（黑金）" in shown


def test_why_not_puts_the_contributions_beside_those_of_the_first(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    suggestions(client, conversation)
    shown = why(client, conversation, "returns")
    assert "排在最前的 sensitive" in shown
    row = next(one for one in shown.split("<tr>") if "触发语相近" in one)
    assert row.count("<svg") >= 1


def test_why_not_finds_drafts_and_says_that_they_are_not_live(client: TestClient, conversation: Any) -> None:
    client.post("/v1/scripts", json={"id": "draft", "text": "还没写完的草稿", "triggers": ["草稿"]})
    conversation.say("敏感肌能用吗")
    found = client.get(f"/console/c/{conversation.id}/why-not", params={"q": "draft"}).text
    assert f'data-asks="/console/c/{conversation.id}/why-not/draft"' in found
    shown = why(client, conversation, "draft")
    assert "没有在用的版本" in shown
    assert "草稿" in shown


def test_why_not_of_nothing_is_a_problem(client: TestClient, conversation: Any) -> None:
    assert client.get(f"/console/c/{conversation.id}/why-not/nowhere").status_code == 404


def test_a_script_id_with_a_slash_can_be_asked_about(client: TestClient, conversation: Any) -> None:
    client.post("/v1/scripts", json={"id": "a/b", "text": "带斜线的编号", "triggers": ["斜线"]}).raise_for_status()
    conversation.say("敏感肌能用吗")
    assert "话术 a/b · v1" in why(client, conversation, "a%2Fb")


def test_undo_brings_a_dismissed_reply_back(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    form = {"set_id": set_of(suggestions(client, conversation)), "kind": "dismiss", "rank": "1", "reason": "tone"}
    client.post(f"/console/c/{conversation.id}/decide", data=form)
    assert SENSITIVE not in suggestions(client, conversation)
    assert "刚标记了一条不合适" in client.get(f"/console/c/{conversation.id}/undoable").text
    undone = client.post(f"/console/c/{conversation.id}/undo")
    assert json.loads(undone.headers["hx-trigger"])["undone"]["text"] == ""
    assert SENSITIVE in suggestions(client, conversation)
    assert client.get(f"/console/c/{conversation.id}/undoable").text.strip() == ""


def test_undo_withdraws_what_was_sent_and_gives_its_text_back(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    form = {"set_id": set_of(suggestions(client, conversation)), "kind": "accept", "rank": "1"}
    client.post(f"/console/c/{conversation.id}/decide", data=form)
    undone = client.post(f"/console/c/{conversation.id}/undo")
    assert json.loads(undone.headers["hx-trigger"])["undone"]["text"] == SENSITIVE
    assert SENSITIVE in suggestions(client, conversation)


def test_undo_works_for_whoever_sits_there_and_for_nobody_else(client: TestClient, conversation: Any) -> None:
    client.post("/me/seat", data={"agent_id": "a1"})
    send(client, conversation, text="您好")
    client.cookies.clear()
    with_seat = {"Cookie": "agent=a2"}
    other = client.post("/v1/conversations", json={"customer_id": "c1"}).json()["id"]
    assert client.post(f"/console/c/{other}/undo", headers=with_seat).status_code == 409
    client.post("/me/seat", data={"agent_id": "a1"})
    assert client.post(f"/console/c/{conversation.id}/undo").status_code == 204


def test_after_two_minutes_nothing_is_offered(client: TestClient, conversation: Any, runtime: Runtime) -> None:
    send(client, conversation, text="您好")
    with runtime.workspace.database.write() as session:
        said = session.get(Message, (DEFAULT_TENANT, conversation.id, 1))
        assert said is not None
        said.at = utc_now() - timedelta(seconds=121)
    assert client.get(f"/console/c/{conversation.id}/undoable").text.strip() == ""
    refused = client.post(f"/console/c/{conversation.id}/undo")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:cannot-undo")


def yesterday(runtime: Runtime, conversation_id: str) -> None:
    """All that was said was said yesterday."""
    with runtime.workspace.database.write() as session:
        query = select(Message).where(col(Message.conversation_id) == conversation_id)
        for message in session.execute(query).scalars():
            message.at = utc_now() - timedelta(days=1)


def greet(client: TestClient) -> None:
    body = {"id": "hello", "text": "您好，欢迎回来，有什么可以帮您？", "triggers": ["你好"]}
    client.post("/v1/scripts", json=body).raise_for_status()
    client.post("/v1/scripts/hello/publish", json={}).raise_for_status()


def test_before_the_first_word_of_the_day_there_are_opening_suggestions_made_once(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    greet(client)
    conversation.say("敏感肌能用吗")
    conversation.say("能用", role="agent")
    assert "开场建议" not in suggestions(client, conversation)
    yesterday(runtime, conversation.id)
    panel = suggestions(client, conversation)
    assert "开场建议" in panel
    assert 'class="card"' in panel
    assert set_of(suggestions(client, conversation)) == set_of(panel)


def test_an_opening_is_sent_like_any_suggestion_and_then_the_day_has_begun(
    client: TestClient, conversation: Any
) -> None:
    greet(client)
    panel = suggestions(client, conversation)
    assert "欢迎回来" in panel
    form = {"set_id": set_of(panel), "kind": "accept", "rank": "1"}
    assert client.post(f"/console/c/{conversation.id}/decide", data=form).status_code == 204
    assert "等待客户发来消息" in suggestions(client, conversation)


def test_a_customer_who_waits_since_yesterday_is_answered_first(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    greet(client)
    conversation.say("敏感肌能用吗")
    yesterday(runtime, conversation.id)
    panel = suggestions(client, conversation)
    assert "开场建议" not in panel
    assert SENSITIVE in panel


def test_a_group_shows_its_members_or_else_those_who_wrote(client: TestClient, runtime: Runtime) -> None:
    group = client.post("/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    client.post(f"/v1/conversations/{group}/messages", json={"role": "customer", "text": "在吗", "author_id": "c2"})
    members = client.get(f"/console/c/{group}").text.split('class="members"')[1].split("</div>")[0]
    assert "1 位成员" in members
    assert "&lt;b&gt;粗体&lt;/b&gt;" in members
    with runtime.workspace.database.write() as session:
        shared = {"tenant_id": DEFAULT_TENANT, "conversation_id": group}
        session.add(Member(**shared, member_id="m1", name="周敏"))
        session.add(Member(**shared, member_id="m2", name="温若宁", role=MessageRole.AGENT))
    members = client.get(f"/console/c/{group}").text.split('class="members"')[1].split("</div>")[0]
    assert re.findall(r"<li[^>]*>(.*?)</li>", members) == ["周敏", "温若宁"]


def test_while_a_group_complains_no_product_is_suggested_and_the_reason_is_shown(client: TestClient) -> None:
    group = client.post("/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    for text in ("用了过敏，我要投诉", "推荐一款面霜"):
        client.post(f"/v1/conversations/{group}/messages", json={"role": "customer", "text": text})
    panel = client.get(f"/console/c/{group}/suggestions").text
    assert 'class="product"' not in panel
    assert "客户在投诉，此时不推荐商品" in panel


def test_playing_the_customer_is_off_until_somebody_switches_it_on_for_themselves(
    client: TestClient, conversation: Any
) -> None:
    path = f"/console/c/{conversation.id}"
    assert 'id="play"' not in client.get(path).text
    client.post("/me/seat", data={"agent_id": "a1"})
    switched = client.post("/console/simulate", data={"on": "true"})
    assert (switched.status_code, switched.headers["hx-refresh"]) == (204, "true")
    assert simulate_cookie("a1") in client.cookies
    assert 'id="play"' in client.get(path).text
    client.post("/me/seat", data={"agent_id": "nobody-known"})
    assert 'id="play"' not in client.get(path).text
    client.post("/me/seat", data={"agent_id": "a1"})
    client.post("/console/simulate", data={"on": "false"})
    assert 'id="play"' not in client.get(path).text
