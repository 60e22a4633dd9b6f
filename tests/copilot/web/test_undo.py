from typing import Any

import pytest
from starlette.testclient import TestClient

KEY = {"Idempotency-Key": "u1"}


def undo(client: TestClient, conversation: Any, headers: dict[str, str] | None = None, **body: object) -> Any:
    return client.post(f"/v1/conversations/{conversation.id}/undo", json={"agent_id": "a1", **body}, headers=headers)


@pytest.fixture
def accepted(client: TestClient, conversation: Any) -> Any:
    conversation.say("敏感肌能用吗")
    answer = conversation.suggest()
    client.post("/v1/decisions", json={"set_id": answer["set_id"], "kind": "accept", "rank": 1, "agent_id": "a1"})
    return answer


def test_a_sent_reply_is_taken_back_and_the_thread_says_so(
    client: TestClient, conversation: Any, accepted: Any
) -> None:
    undone = undo(client, conversation)
    assert undone.status_code == 200
    assert undone.json() == {
        "kind": "accept",
        "text": accepted["replies"][0]["text"],
        "set_id": accepted["set_id"],
        "rank": 1,
        "item_kind": "reply",
        "position": 2,
    }
    messages = client.get(f"/v1/conversations/{conversation.id}").json()["messages"]
    assert [message["withdrawn_at"] is None for message in messages] == [True, False]
    assert conversation.suggest()["message"] == "敏感肌能用吗"


def test_the_same_key_takes_back_once(client: TestClient, conversation: Any, accepted: Any) -> None:
    conversation.say("我也看看", role="agent")
    first, second = undo(client, conversation, KEY), undo(client, conversation, KEY)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.json()["kind"] == "accept"
    refused = undo(client, conversation, KEY, agent_id="a2")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:key-reused")


def test_nothing_to_take_back_is_a_conflict_and_told_in_words(client: TestClient, conversation: Any) -> None:
    refused = undo(client, conversation)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:cannot-undo")
    assert "nothing of yours" in refused.json()["detail"]


def test_once_the_customer_has_answered_it_is_a_conflict(client: TestClient, conversation: Any, accepted: Any) -> None:
    conversation.say("好的谢谢")
    refused = undo(client, conversation)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:cannot-undo")
    assert conversation.texts()[1] == accepted["replies"][0]["text"]


def test_a_conversation_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.post("/v1/conversations/t404/undo", json={"agent_id": "a1"}).status_code == 404
