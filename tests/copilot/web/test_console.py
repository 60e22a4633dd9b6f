import re
from typing import Any

import pytest
from starlette.testclient import TestClient

XSS = "<script>alert('x')</script>"


def suggestions(client: TestClient, conversation: Any, **headers: str) -> str:
    return client.get(f"/console/c/{conversation.id}/suggestions", headers=headers).text


def set_id_of(fragment: str) -> str:
    found = re.search(r'data-set="(\w+)"', fragment)
    assert found
    return found.group(1)


def test_the_root_leads_to_the_console(client: TestClient) -> None:
    response = client.get("/")
    assert (response.url.path, response.status_code) == ("/console", 200)


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [("", "", "zh-Hans"), ("", "en-GB,zh;q=0.5", "en"), ("?lang=zh", "en", "zh-Hans"), ("?lang=fr", "de,en", "en")],
)
def test_the_page_speaks_the_language_that_was_asked_for(
    client: TestClient, query: str, accepted: str, language: str
) -> None:
    page = client.get(f"/console{query}", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page


def test_a_chosen_language_is_remembered(client: TestClient) -> None:
    client.get("/console?lang=en")
    assert '<html lang="en">' in client.get("/console", headers={"Accept-Language": "zh"}).text


def test_no_page_holds_a_script_or_style_of_its_own(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    for path in ("/console", f"/console/c/{conversation.id}", f"/console/c/{conversation.id}/suggestions"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)


def test_a_reply_shows_its_text_reasons_and_the_matching_characters(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    fragment = suggestions(client, conversation)
    assert "这款不含酒精和香精" in fragment
    assert "<mark>敏感肌能用吗</mark>" in fragment
    assert "与触发语一致" in fragment


def test_without_a_suggestion_the_reason_and_a_way_to_ask_for_a_script_are_shown(
    client: TestClient, conversation: Any
) -> None:
    conversation.say("zxqv wklj")
    fragment = suggestions(client, conversation)
    assert "最接近的话术把握不足" in fragment
    assert "申请话术" in fragment
    form = {"message": "zxqv wklj", "set_id": set_id_of(fragment)}
    asked = client.post(f"/console/c/{conversation.id}/request-script", data=form)
    assert (asked.status_code, "requested" in asked.headers["hx-trigger"]) == (204, True)
    assert client.get("/v1/candidates").json()[0]["evidence"]["conversation_id"] == conversation.id


def test_what_a_rule_keeps_back_is_explained(client: TestClient, conversation: Any) -> None:
    conversation.say("会员怎么退货")
    assert "缺少必须的标签（黑金）" in suggestions(client, conversation)
    assert "a required tag is missing (黑金)" in suggestions(client, conversation, **{"Accept-Language": "en"})


def test_looking_twice_shows_the_same_suggestions(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    assert set_id_of(suggestions(client, conversation)) == set_id_of(suggestions(client, conversation))


def test_once_answered_nothing_is_suggested_until_the_customer_writes(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    form = {"set_id": set_id_of(suggestions(client, conversation)), "kind": "accept", "rank": "1"}
    sent = client.post(f"/console/c/{conversation.id}/decide", data=form)
    assert (sent.status_code, "said" in sent.headers["hx-trigger"]) == (204, True)
    assert "等待客户发来消息" in suggestions(client, conversation)
    assert "话术 sensitive" in client.get(f"/console/c/{conversation.id}/thread").text


@pytest.mark.parametrize(
    ("text", "rank", "kind", "script_id"),
    [("这款不含酒精。", "1", "edit", "sensitive"), ("您好，请稍等", "", "freehand", None)],
)
def test_a_reply_written_by_hand_is_sent_and_recorded(
    client: TestClient, conversation: Any, text: str, rank: str, kind: str, script_id: str | None
) -> None:
    conversation.say("敏感肌能用吗")
    form = {"text": text, "set_id": set_id_of(suggestions(client, conversation)), "rank": rank, "key": "k"}
    assert client.post(f"/console/c/{conversation.id}/send", data=form).status_code == 204
    said = client.get(f"/v1/conversations/{conversation.id}").json()["messages"][-1]
    assert (said["text"], said["script_id"]) == (text, script_id)
    assert f'copilot_decisions_total{{kind="{kind}"}} 1.0' in client.get("/metrics").text


def test_the_first_word_of_an_agent_needs_no_suggestion_and_is_sent_once(client: TestClient, conversation: Any) -> None:
    for _ in range(2):
        form = {"text": "您好", "set_id": "", "rank": "", "key": "k"}
        assert client.post(f"/console/c/{conversation.id}/send", data=form).status_code == 204
    assert conversation.texts() == ["您好"]
    refused = client.post(f"/console/c/{conversation.id}/send", data={"text": "全网最低", "key": "l"})
    assert refused.status_code == 422


def test_a_dismissed_reply_is_shown_no_more(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    fragment = suggestions(client, conversation)
    form = {"set_id": set_id_of(fragment), "kind": "dismiss", "rank": "1", "reason": "tone"}
    assert client.post(f"/console/c/{conversation.id}/decide", data=form).status_code == 204
    assert 'data-rank="1"' not in suggestions(client, conversation).split('class="goods"')[0]


def test_everything_shown_is_text(client: TestClient) -> None:
    opened = client.post("/v1/conversations", json={"customer_id": "c2", "channel": XSS}).json()["id"]
    client.post(f"/v1/conversations/{opened}/messages", json={"role": "customer", "text": f"{XSS} 敏感肌能用吗"})
    client.post("/v1/scripts", json={"id": "evil", "text": XSS, "triggers": [XSS], "title": XSS})
    client.post("/v1/scripts/evil/publish", json={})
    for path in ("", "/thread", "/suggestions", "/customer"):
        page = client.get(f"/console/c/{opened}{path}").text
        assert "<script>" not in page
        assert "<b>粗体" not in page
    assert "&lt;script&gt;" in client.get(f"/console/c/{opened}/thread").text


def test_the_customer_panel_shows_tags_orders_and_stage(client: TestClient, conversation: Any) -> None:
    panel = client.get(f"/console/c/{conversation.id}/customer").text
    for shown in ("林小满", "杭州", "敏感肌", "补水面膜", "已签收"):
        assert shown in panel


def test_a_new_conversation_is_opened_for_the_chosen_customer(client: TestClient) -> None:
    assert "林小满" in client.get("/console/customers", params={"q": "小满"}).text
    opened = client.post("/console/conversations", data={"customer_id": "c1", "scene": "group"})
    page = client.get(opened.headers["hx-redirect"])
    assert page.status_code == 200
    assert "群聊" in page.text


def test_a_link_to_nothing_shows_a_page_that_says_so(client: TestClient) -> None:
    response = client.get("/console/c/nothing")
    assert response.status_code == 404
    assert "没有这个会话" in response.text


def test_scripts_and_styles_are_asked_about_each_time(client: TestClient) -> None:
    first = client.get("/static/console/console.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/console/console.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_long_message_is_shown_whole(client: TestClient, conversation: Any) -> None:
    conversation.say("长" * 20_000)
    assert "长" * 20_000 in client.get(f"/console/c/{conversation.id}/thread").text


def test_the_chosen_agent_is_who_sends(client: TestClient, conversation: Any) -> None:
    client.post("/me/seat", data={"agent_id": "a1"})
    client.post(f"/console/c/{conversation.id}/send", data={"text": "您好"})
    assert client.get(f"/v1/conversations/{conversation.id}").json()["messages"][0]["author_id"] == "a1"


def test_scripts_stay_small_and_say_where_they_come_from() -> None:
    from copilot.web.app import STATIC

    own = [path for kind in ("*.js", "*.css") for path in STATIC.rglob(kind) if path.parent.name != "vendor"]
    assert own
    assert all(len(path.read_text(encoding="utf-8").splitlines()) < 300 for path in own)
    shared = sum(path.stat().st_size for folder in ("shared", "vendor") for path in (STATIC / folder).glob("*.js"))
    for pages in ("console", "desk"):
        assert shared + sum(path.stat().st_size for path in (STATIC / pages).glob("*.js")) < 100_000, pages
    assert (STATIC / "vendor" / "htmx.LICENSE.txt").is_file()
