from typing import Any

import pytest
from starlette.testclient import TestClient

KEY = {"Idempotency-Key": "k1"}


def test_an_accepted_reply_joins_the_conversation(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    answer = conversation.suggest()
    recorded = client.post("/v1/decisions", json={"set_id": answer["set_id"], "kind": "accept", "rank": 1})
    assert recorded.status_code == 201
    assert recorded.json()["conversation_version"] == 2
    assert conversation.texts() == ["敏感肌能用吗", answer["replies"][0]["text"]]


def test_the_same_decision_with_the_same_key_counts_once(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    body = {"set_id": conversation.suggest()["set_id"], "kind": "accept", "rank": 1}
    first = client.post("/v1/decisions", json=body, headers=KEY)
    second = client.post("/v1/decisions", json=body, headers=KEY)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(conversation.texts()) == 2


def test_a_key_used_for_another_decision_is_refused(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    body = {"set_id": conversation.suggest()["set_id"], "kind": "dismiss", "rank": 1}
    client.post("/v1/decisions", json=body, headers=KEY)
    refused = client.post("/v1/decisions", json={**body, "reason": "tone"}, headers=KEY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:key-reused")


def test_accepting_after_the_customer_has_written_again_is_refused(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    answer = conversation.suggest()
    conversation.say("算了，我想退货")
    refused = client.post("/v1/decisions", json={"set_id": answer["set_id"], "kind": "accept", "rank": 1})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:stale-conversation")
    assert conversation.texts() == ["敏感肌能用吗", "算了，我想退货"]


def test_a_text_that_breaks_the_law_is_not_sent(client: TestClient, conversation: Any) -> None:
    conversation.say("敏感肌能用吗")
    body = {"set_id": conversation.suggest()["set_id"], "kind": "edit", "rank": 1, "sent_text": "全网最低价"}
    refused = client.post("/v1/decisions", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "sent_text")
    assert conversation.texts() == ["敏感肌能用吗"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"set_id": "none", "kind": "accept", "rank": 1}, 404),
        ({"set_id": "none", "kind": "stale"}, 422),
        ({"set_id": "none", "kind": "accept", "rank": 10**30}, 422),
        ({"set_id": "none", "kind": "accept", "rank": 1, "extra": 1}, 422),
    ],
)
def test_a_decision_that_cannot_be_is_refused(client: TestClient, body: dict, status: int) -> None:
    assert client.post("/v1/decisions", json=body).status_code == status


def test_an_outcome_is_recorded_once_per_key(client: TestClient) -> None:
    set_id = client.post("/v1/suggest", json={"message": "敏感肌能用吗"}).json()["set_id"]
    body = {"set_id": set_id, "kind": "purchase", "value": 129}
    first, second = (client.post("/v1/outcomes", json=body, headers=KEY) for _ in range(2))
    assert first.status_code == 201
    assert first.json() == second.json()
    assert client.post("/v1/outcomes", json={**body, "set_id": "none"}).status_code == 404
