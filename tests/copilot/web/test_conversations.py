from typing import Any

import pytest
from starlette.testclient import TestClient


def test_every_message_raises_the_version(conversation: Any) -> None:
    assert conversation.say("在吗").json() == {
        "conversation_id": conversation.id,
        "position": 1,
        "conversation_version": 1,
    }
    assert conversation.say("您好", "agent").json()["conversation_version"] == 2
    assert conversation.texts() == ["在吗", "您好"]


def test_a_message_sent_twice_with_one_key_is_there_once(client: TestClient, conversation: Any) -> None:
    path, body = f"/v1/conversations/{conversation.id}/messages", {"role": "customer", "text": "在吗"}
    first, second = (client.post(path, json=body, headers={"Idempotency-Key": "m1"}) for _ in range(2))
    assert first.json() == second.json()
    assert conversation.texts() == ["在吗"]
    other = client.post(path, json={**body, "text": "你好"}, headers={"Idempotency-Key": "m1"})
    assert other.status_code == 409


def test_the_list_says_who_waits_and_for_how_many_messages(client: TestClient, conversation: Any) -> None:
    conversation.say("在吗")
    conversation.say("有人吗")
    row = client.get("/v1/conversations").json()[0]
    assert (row["customer_name"], row["last_text"], row["n_unanswered"]) == ("林小满", "有人吗", 2)
    assert row["waiting_since"]
    conversation.say("在的", "agent")
    row = client.get("/v1/conversations").json()[0]
    assert (row["n_unanswered"], row["waiting_since"]) == (0, None)


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("  \n", 422), ("退" * 20_000, 201), ("退" * 20_001, 422), ("<img src=x>", 201)]
)
def test_a_message_has_some_text_but_not_too_much(conversation: Any, text: str, status: int) -> None:
    assert conversation.say(text).status_code == status


def test_a_conversation_needs_a_customer_that_exists(client: TestClient) -> None:
    assert client.post("/v1/conversations", json={"customer_id": "nobody"}).status_code == 404
    assert client.post("/v1/conversations", json={}).status_code == 201


def test_an_unknown_conversation_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/conversations/nothing").status_code == 404
    path = "/v1/conversations/nothing/messages"
    assert client.post(path, json={"role": "customer", "text": "在吗"}).status_code == 404
