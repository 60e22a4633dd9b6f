"""The desk's pages as the server draws them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from knowledge.library.candidates import propose
from knowledge.library.proposals import Proposal
from knowledge.tables import DEFAULT_TENANT

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
XSS = "<script>alert('x')</script>"
CONVERSION = {
    "effect": 0.081,
    "low": 0.042,
    "high": 0.119,
    "n_treated": 812,
    "n_comparison": 3248,
    "treated_rate": 0.214,
    "comparison_rate": 0.133,
    "raw_difference": 0.121,
    "within_agent": {"mean": 0.07, "low": 0.01, "high": 0.13, "n": 9},
    "e_value": 2.4,
    "e_value_limit": 1.8,
    "overlap": 0.93,
    "needs_more": None,
    "verdict": "helps",
    "why": "",
}
COMPLAINT = {"effect": None, "needs_more": 1200, "verdict": "cannot-tell", "why": "too few"}
MINED: dict[str, Any] = {
    "candidate_id": "m-1",
    "text": "这款不含酒精，{{customer.name}}可以先在耳后试用两天。",
    "title": "试用",
    "triggers": ["会过敏吗", "怎么试用"],
    "stage": "转化",
    "scene": "direct",
    "n": 812,
    "n_agents": 9,
    "outcome": "conversion",
    "effect": 0.081,
    "low": 0.042,
    "high": 0.119,
    "shrunk": 0.07,
    "verdict": "helps",
    "why": "Bought more often.",
    "basis": "observational (adjusted)",
    "outcomes": {"conversion": CONVERSION, "complaint": COMPLAINT},
    "segments": [{"segment": "scene", "value": "group", "effect": -0.05, "low": -0.09, "high": -0.01, "n": 212}],
    "contexts": [{"text": "脸红怎么办", "n": 120}],
    "examples": [{"conversation_id": "archive-77", "position": 1, "message": "会过敏吗", "reply": "先耳后试两天"}],
    "playbook": [{"customer": "怎么试", "reply": "抹在耳后", "n": 31}],
    "near_duplicates": [{"script_id": "sensitive", "similarity": 0.91}, {"script_id": "gone", "similarity": 0.8}],
    "compliance": [{"rule": "mined.rule", "severity": "warn", "reason": "请核对", "words": "两天"}],
}


@pytest.fixture(autouse=True)
def offered(runtime: Runtime) -> None:
    offer(runtime, **MINED)


def offer(runtime: Runtime, **row: Any) -> None:
    with runtime.workspace.database.write() as session:
        propose(session, DEFAULT_TENANT, [Proposal.of_row(row)], NOON)


def page(client: TestClient, path: str = "/m-1", **query: str) -> str:
    return client.get(f"/desk/candidates{path}", params={"lang": "zh", **query}).text


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_list_begins_with_the_strongest_candidate(client: TestClient, runtime: Runtime) -> None:
    offer(runtime, candidate_id="m-0", text="别的", verdict="helps", shrunk=0.01)
    home = client.get("/desk/candidates?lang=zh")
    assert home.text.index("这款不含酒精") < home.text.index("别的")
    assert '<code dir="auto">m-1</code>' in home.text


def test_the_evidence_stands_beside_the_candidate(client: TestClient) -> None:
    shown = plain(page(client))
    for told in (
        "有帮助 +8.1",
        "与普通回复相比，「成交」高 8.1 个百分点（+4.2 到 +11.9），用了 812 次。",
        "观察数据（已校正）",
        "使用 812",
        "校正后的差别 +8.1 +4.2 … +11.9",
        "同一客服之内 9 轮对话 +7.0 +1.0 … +13.0",
        "未校正的差别 不宜据此判断 +12.1",
        "用了 812 次，与 3,248 次相似情形",
        "用时 21.4%，不用时 13.3%",
        "93% 的使用能找到可比的情形",
        "都变为 2.4 倍；变为 1.8 倍",
        "投诉 尚不能判断 too few 无法估计差别。 现在还不能判断，约需再用 1,200 次。",
        "场景 · 群聊 212 次 −5.0",
        "脸红怎么办 120 次",
        "抹在耳后 31 次",
        "mined.rule",
    ):
        assert told in shown, told


def test_the_same_page_speaks_english(client: TestClient) -> None:
    shown = plain(page(client, lang="en"))
    for told in ("helps +8.1", "Adjusted difference", "2.4 times as likely; 1.8 times would be enough", "cannot tell"):
        assert told in shown, told


def test_an_interval_that_holds_zero_needs_no_hidden_cause(client: TestClient, runtime: Runtime) -> None:
    weak = {**CONVERSION, "e_value": 1.3, "e_value_limit": 1.0}
    offer(runtime, **{**MINED, "outcomes": {"conversion": weak}})
    assert "区间已含零" in page(client)


def test_near_duplicates_are_compared_word_by_word(client: TestClient) -> None:
    shown = page(client)
    near = shown[shown.index('class="near"') :]
    assert "这款不含酒精<mark>和香精</mark>，<mark>敏感肌建议</mark>" in near
    assert "<mark>{{customer.name}}可以</mark>" in near
    assert "这条话术已不在线" in near


def test_an_example_is_linked_when_the_workspace_holds_its_conversation(client: TestClient, runtime: Runtime) -> None:
    assert "会话在归档文件中" in page(client)
    opened = client.post("/v1/conversations", json={}).json()["id"]
    offer(runtime, **{**MINED, "examples": [{"conversation_id": opened, "message": "会过敏吗"}]})
    assert f'href="/console/c/{opened}"' in page(client)


def test_evidence_that_cannot_be_read_is_named_and_the_page_stands(client: TestClient, runtime: Runtime) -> None:
    offer(runtime, **{**MINED, "segments": [{"effect": "large"}]})
    shown = plain(page(client))
    assert "有些证据无法读取： segments" in shown
    assert "校正后的差别" in shown


def test_a_list_is_filtered_and_its_links_keep_the_filter(client: TestClient, runtime: Runtime) -> None:
    offer(runtime, candidate_id="m-2", text="在的呢", verdict="harms", shrunk=-0.1)
    shown = page(client, "", verdict="harms", q="在的")
    assert 'href="/desk/candidates/m-2?status=open&amp;verdict=harms&amp;q=' in shown
    assert "这款不含酒精" not in shown
    assert "没有符合条件的候选" in page(client, "", q="没有的话")


def test_a_long_list_is_read_in_parts(client: TestClient, runtime: Runtime) -> None:
    for number in range(60):
        offer(runtime, candidate_id=f"n-{number:02}", text=f"第 {number} 条", n=100 - number)
    first, last = page(client), page(client, "/n-59")
    assert (first.count('class="item"'), last.count('class="item"')) == (50, 11)
    assert "51–61 / 61" in plain(last)
    assert 'rel="prev" data-key="KeyK" href="/desk/candidates/n-58' in last


def test_a_candidate_that_does_not_exist_is_said_so(client: TestClient) -> None:
    missing = client.get("/desk/candidates/nothing?lang=zh")
    assert missing.status_code == 404
    assert "没有这条候选" in missing.text


def form(text: str = "耳后试用两天。", **fields: str) -> dict[str, str]:
    return {"text": text, "title": "试用", "triggers": "会过敏吗\r\n\r\n怎么试用", "stage": "", "scene": "", **fields}


def test_approving_publishes_the_form_and_goes_on_with_the_next(client: TestClient, runtime: Runtime) -> None:
    offer(runtime, candidate_id="m-2", text="在的呢")
    client.post("/me/seat", data={"agent_id": "a1"})
    done = client.post("/desk/candidates/m-1/approve?verdict=", data=form("第一行\r\n第二行", script_id="S7", key="k"))
    assert done.status_code == 204
    assert done.headers["hx-redirect"] == "/desk/candidates/m-2?status=open&done=m-1"
    live = client.get("/v1/scripts/S7").json()["versions"][0]
    assert (live["text"], live["triggers"], live["author"]) == ("第一行\n第二行", ["会过敏吗", "怎么试用"], "a1")
    following = plain(client.get(done.headers["hx-redirect"] + "&lang=zh").text)
    assert "已通过，话术 S7 已上线" in following
    assert "a1 已通过，成为话术 S7" in plain(page(client))


def test_a_form_sent_twice_is_one_approval(client: TestClient) -> None:
    first, second = (client.post("/desk/candidates/m-1/approve", data=form(key="k")) for _ in range(2))
    assert (first.status_code, second.status_code) == (204, 204)
    assert client.post("/desk/candidates/m-1/approve", data=form(key="l")).status_code == 409


@pytest.mark.parametrize("how", ["triggers", "version"])
def test_a_candidate_is_merged_as_it_stands_in_the_form(client: TestClient, how: str) -> None:
    done = client.post("/desk/candidates/m-1/merge", data=form(target="returns", how=how))
    assert done.headers["hx-redirect"] == "/desk/candidates?status=open&done=m-1"
    live = client.get("/v1/scripts/returns").json()["versions"][0]
    assert ("会过敏吗" in live["triggers"], live["text"] == "耳后试用两天。") == (how == "triggers", how == "version")


@pytest.mark.parametrize("fields", [{"reason": "只对一人有用"}, {"usual": "只对一人有用"}])
def test_a_rejection_takes_an_own_or_a_usual_reason(client: TestClient, fields: dict[str, str]) -> None:
    assert client.post("/desk/candidates/m-1/reject", data={"key": ""}).status_code == 422
    client.post("/desk/candidates/m-1/reject", data=fields)
    shown = plain(page(client))
    assert "desk 已驳回" in shown
    assert "只对一人有用" in shown
    again = client.post("/desk/candidates/m-1/reopen", data={"key": ""})
    assert again.headers["hx-redirect"] == "/desk/candidates/m-1?status=open"
    assert client.get("/v1/candidates/m-1").json()["status"] == "new"


def test_what_stands_against_a_text_is_told_while_it_is_written(client: TestClient) -> None:
    told = plain(client.post("/desk/check", data=form("全网最低 {{amount}}"), headers={"Accept-Language": "zh"}).text)
    assert "这些变量没有数据可填，请改写： amount" in told
    assert "不可上线 全网最低" in told
    assert "没有触犯合规规则" in client.post("/desk/check", data=form(), headers={"Accept-Language": "zh"}).text
    assert plain(client.post("/desk/check", data=form("")).text) == ""


def test_a_trigger_that_is_too_long_is_refused_not_cut(client: TestClient) -> None:
    refused = client.post("/desk/candidates/m-1/approve", data=form() | {"triggers": "长" * 201})
    assert (refused.status_code, "triggers" in refused.json()["detail"]) == (422, True)


def test_only_live_scripts_are_found_to_merge_into(client: TestClient) -> None:
    client.post("/v1/scripts/vip/retire", json={})
    found = client.get("/desk/merge-targets", params={"q": "退"}).text
    assert 'value="returns"' in found
    assert 'value="vip"' not in found


def test_a_wish_shows_who_asked_and_where(client: TestClient) -> None:
    opened = client.post("/v1/conversations", json={}).json()["id"]
    wish = {"message": "可以寄到国外吗", "conversation_id": opened, "note": "客户在海外"}
    wished = client.post("/v1/candidates", json=wish).json()["id"]
    shown = page(client, f"/{wished}")
    assert "客服求过 1 次" in shown
    assert "客户在海外" in shown
    assert f'href="/console/c/{opened}"' in shown


def test_everything_shown_is_text_and_no_page_holds_a_script_or_style_of_its_own(
    client: TestClient, runtime: Runtime
) -> None:
    parts = {
        "contexts": [{"text": XSS, "n": 1}],
        "examples": [{"conversation_id": XSS, "message": XSS, "reply": XSS}],
        "playbook": [{"customer": XSS, "reply": XSS}],
        "near_duplicates": [{"script_id": "returns", "similarity": 1.0}],
        "outcomes": {XSS: {"verdict": XSS, "why": XSS}},
        "segments": [{"segment": XSS, "value": XSS, "effect": 0.1, "low": 0.0, "high": 0.2, "n": 1}],
    }
    texts = dict.fromkeys(("text", "title", "stage", "scene", "why", "basis", "outcome", "verdict"), XSS)
    offer(runtime, candidate_id="evil", triggers=[XSS], skus=[XSS], **texts, **parts)
    shown = page(client, "/evil")
    assert shown.count("&lt;script&gt;") > 10
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=\"|javascript:", shown)
