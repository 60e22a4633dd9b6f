"""Candidates over HTTP: read, approved, merged, rejected, reopened."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from knowledge.library.candidates import propose
from knowledge.library.proposals import Proposal
from knowledge.tables import DEFAULT_TENANT

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ABROAD = "可以寄到港澳台，运费到付。"


def offer(runtime: Runtime, candidate_id: str, text: str = ABROAD, **row: Any) -> None:
    shared = {
        "candidate_id": candidate_id,
        "triggers": ["可以寄到香港吗"],
        "stage": "交易",
        "outcome": "conversion",
        "n": 1,
    }
    with runtime.workspace.database.write() as session:
        propose(session, DEFAULT_TENANT, [Proposal.of_row({**shared, "text": text, **row})], NOON)


@pytest.fixture
def offered(runtime: Runtime) -> str:
    offer(runtime, "m-3f2a9c0d11e45b77")
    return "/v1/candidates/m-3f2a9c0d11e45b77"


def ids(client: TestClient, **query: Any) -> list[str]:
    return [one["id"] for one in client.get("/v1/candidates", params=query).json()]


def suggested(client: TestClient, message: str) -> list[str]:
    return [one["script_id"] for one in client.post("/v1/suggest", json={"message": message}).json()["replies"]]


def fill(runtime: Runtime) -> None:
    for number, (verdict, shrunk, stage) in enumerate(
        [("harms", -0.1, "转化"), ("helps", 0.02, "转化"), ("cannot-tell", None, "交易"), ("helps", 0.08, "交易")]
    ):
        offer(runtime, f"m-{number}", f"第{number}条", verdict=verdict, shrunk=shrunk, stage=stage)
    offer(runtime, "m-4", "第4条", verdict="cannot-tell", shrunk=None, n=9, outcome="reply", stage="")


def test_what_helps_most_comes_first_and_what_harms_last(client: TestClient, runtime: Runtime) -> None:
    fill(runtime)
    assert ids(client) == ["m-3", "m-1", "m-4", "m-2", "m-0"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_make_up_the_whole_list(client: TestClient, runtime: Runtime, limit: int) -> None:
    fill(runtime)
    read: list[str] = []
    while page := ids(client, limit=limit, **({"after": read[-1]} if read else {})):
        read += page
    assert read == ids(client)
    assert client.get("/v1/candidates", params={"after": "nothing"}).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"verdict": "helps"}, ["m-3", "m-1"]),
        ({"verdict": "helps", "stage": "转化"}, ["m-1"]),
        ({"outcome": "reply"}, ["m-4"]),
        ({"source": "requested"}, ["request"]),
        ({"source": "mined", "q": "第2"}, ["m-2"]),
        ({"q": "国外"}, ["request"]),
        ({"q": "100%"}, []),
        ({"status": "requested"}, ["request"]),
        ({"status": "rejected"}, ["m-0"]),
        ({"status": "open", "verdict": ""}, ["m-3", "m-1", "m-4", "m-2", "request"]),
    ],
)
def test_candidates_are_found_by_what_is_known_of_them(
    client: TestClient, runtime: Runtime, query: dict[str, str], expected: list[str]
) -> None:
    fill(runtime)
    client.post("/v1/candidates", json={"message": "可以寄到国外吗"})
    client.post("/v1/candidates/m-0/reject", json={"reason": "有害"})
    assert [one.partition("-")[0] if one.startswith("r") else one for one in ids(client, **query)] == expected


def test_a_filter_that_does_not_exist_is_refused(client: TestClient) -> None:
    refused = client.get("/v1/candidates", params={"verdict": "good"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.verdict")


def test_one_candidate_comes_with_its_evidence(client: TestClient, offered: str) -> None:
    found = client.get(offered).json()
    assert (found["text"], found["source"], found["status"]) == (ABROAD, "mined", "new")
    assert found["evidence"] == {"outcome": "conversion", "n": 1}
    assert client.get("/v1/candidates/nothing").status_code == 404


def test_an_approved_candidate_is_suggested_at_once(client: TestClient, offered: str) -> None:
    assert "M-3f2a9c0d" not in suggested(client, "可以寄到香港吗")
    approved = client.post(f"{offered}/approve", json={"author": "e1", "title": "港澳台"}).json()
    assert (approved["status"], approved["script_id"], approved["decided_by"]) == ("approved", "M-3f2a9c0d", "e1")
    assert suggested(client, "可以寄到香港吗")[0] == "M-3f2a9c0d"
    script = client.get("/v1/scripts/M-3f2a9c0d").json()
    assert (script["title"], script["versions"][0]["text"], script["versions"][0]["stages"]) == (
        "港澳台",
        ABROAD,
        ["交易"],
    )


def test_an_editor_changes_what_is_approved(client: TestClient, offered: str) -> None:
    edited = {
        "text": "港澳台可寄。",
        "triggers": ["寄香港"],
        "stage": "",
        "scene": "direct",
        "script_id": "S9",
        "kind": "faq",
    }
    assert client.post(f"{offered}/approve", json=edited).json()["script_id"] == "S9"
    script = client.get("/v1/scripts/S9").json()
    version = script["versions"][0]
    assert (script["kind"], version["text"], version["triggers"]) == ("faq", "港澳台可寄。", ["寄香港"])
    assert (version["stages"], version["scenes"]) == ([], ["direct"])


def test_approving_twice_with_one_key_gives_the_same_answer_and_without_it_is_refused(
    client: TestClient, offered: str
) -> None:
    first, second = (client.post(f"{offered}/approve", json={}, headers={"Idempotency-Key": "a1"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    refused = client.post(f"{offered}/approve", json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:stale-version")


def test_a_text_that_a_rule_blocks_is_refused_with_the_rule_and_the_words(client: TestClient, offered: str) -> None:
    refused = client.post(f"{offered}/approve", json={"text": "全网最低，可以寄到香港。"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:copilot:problem:invalid-value")
    assert "全网最低" in refused.json()["detail"]
    assert "ad.absolute" in refused.json()["detail"]
    assert client.get(offered).json()["status"] == "new"


def test_a_slot_that_nothing_fills_is_refused_by_its_name(client: TestClient, offered: str) -> None:
    refused = client.post(f"{offered}/approve", json={"text": "{{customer.name}}，运费 {{freight}} 元"})
    assert refused.status_code == 422
    assert "'freight'" in refused.json()["detail"]


def test_triggers_are_merged_into_a_live_script(client: TestClient, offered: str) -> None:
    merged = client.post(f"{offered}/merge", json={"script_id": "returns", "how": "triggers"}).json()
    assert (merged["status"], merged["script_id"]) == ("merged", "returns")
    assert suggested(client, "可以寄到香港吗")[0] == "returns"
    live = client.get("/v1/scripts/returns").json()["versions"][0]
    assert (live["version"], live["triggers"]) == (2, ["可以退货吗", "不想要了怎么退", "可以寄到香港吗"])


def test_a_text_is_merged_as_the_next_version(client: TestClient, offered: str) -> None:
    wanted = {"script_id": "returns", "how": "version"}
    refused = client.post(f"{offered}/merge", json={**wanted, "text": "全网最低"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "text")
    client.post(f"{offered}/merge", json={**wanted, "text": "七天内可退。"})
    live = client.get("/v1/scripts/returns").json()["versions"][0]
    assert (live["version"], live["text"], live["status"]) == (2, "七天内可退。", "published")


def test_a_script_that_does_not_exist_takes_nothing_in(client: TestClient, offered: str) -> None:
    refused = client.post(f"{offered}/merge", json={"script_id": "nothing", "how": "triggers"})
    assert (refused.status_code, refused.json()["detail"]) == (404, "no script has the id 'nothing'")


def test_a_rejection_is_remembered_until_it_is_reopened(client: TestClient, runtime: Runtime, offered: str) -> None:
    assert client.post(f"{offered}/reject", json={"reason": ""}).status_code == 422
    rejected = client.post(f"{offered}/reject", json={"reason": "太笼统", "author": "e1"}).json()
    assert (rejected["status"], rejected["reason"]) == ("rejected", "太笼统")
    offer(runtime, "m-ffffffffffffffff", "可以寄到港澳台 运费到付", n=7)
    assert ids(client, status="open") == []
    assert client.get(offered).json()["evidence"]["n"] == 7
    assert client.post(f"{offered}/reopen", json={}).json()["status"] == "new"
    assert ids(client, status="open") == ["m-3f2a9c0d11e45b77"]


def test_an_approval_that_is_taken_back_is_suggested_no_more(client: TestClient, offered: str) -> None:
    client.post(f"{offered}/approve", json={})
    assert client.post(f"{offered}/reopen", json={}).json()["script_id"] is None
    assert "M-3f2a9c0d" not in suggested(client, "可以寄到香港吗")
    assert client.post(f"{offered}/reopen", json={}).status_code == 422


def test_a_wish_becomes_a_script_once_somebody_writes_it(client: TestClient) -> None:
    wish = client.post("/v1/candidates", json={"message": "可以寄到国外吗"}).json()
    assert (wish["source"], wish["status"], wish["text"]) == ("requested", "requested", "")
    path = f"/v1/candidates/{wish['id']}"
    assert client.post(f"{path}/approve", json={}).status_code == 422
    approved = client.post(f"{path}/approve", json={"text": "暂时不寄国外。"}).json()
    assert suggested(client, "可以寄到国外吗")[0] == approved["script_id"]
    client.post(f"{path}/reopen", json={})
    assert client.get(path).json()["status"] == "requested"
