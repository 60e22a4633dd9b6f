from typing import Any

import pytest
from starlette.testclient import TestClient


def test_an_opening_is_asked_for_a_conversation_and_follows_its_last_topic(
    client: TestClient, conversation: Any
) -> None:
    conversation.say("敏感肌能用吗")
    conversation.say("能的", role="agent")
    answer = client.post("/v1/suggest", json={"conversation_id": conversation.id, "opening": True}).json()
    assert (answer["message"], answer["conversation_version"]) == ("", 2)
    assert answer["replies"][0]["script_id"] == "sensitive"
    assert {part["feature"] for part in answer["replies"][0]["why"]} >= {"last_topic"}


def test_an_opening_for_a_customer_nothing_is_known_of_abstains(client: TestClient) -> None:
    answer = client.post("/v1/suggest", json={"customer_id": "c2", "opening": True}).json()
    assert (answer["abstained"], answer["replies"]) == (True, [])
    assert answer["abstain_reason"].startswith("unlikely")


@pytest.mark.parametrize("body", [{}, {"message": "在吗", "customer_id": "c1"}])
def test_an_opening_with_a_message_or_for_nobody_is_refused(client: TestClient, body: dict[str, str]) -> None:
    refused = client.post("/v1/suggest", json={"opening": True, **body})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:copilot:problem:invalid-value")
