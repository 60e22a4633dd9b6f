from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.schemas.portrait import PORTRAIT, PortraitOut
from knowledge.tables import DEFAULT_TENANT, AuditEntry, Event
from knowledge.workspace import utc_now

LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)
TAGS = "/v1/customers/c1/tags"


def portrait(client: TestClient, **asked: Any) -> Any:
    response = client.get("/v1/customers/c1/portrait", params=asked)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_portrait_has_every_part(client: TestClient, conversation: Any) -> None:
    conversation.say("面霜多少钱")
    found = portrait(client)
    assert (found["customer_id"], found["name"], found["stage"]) == ("c1", "林小满", "转化")
    assert [one["tag"] for one in found["tags"]] == ["敏感肌"]
    assert found["purchases"]["recency_days"] == (utc_now() - LONG_AGO).days
    assert (found["intent"]["score"], found["intent"]["moves"][0]["what"]) == (10, "ask_price")
    assert found["orders"][0]["lines"][0]["name"] == "补水面膜"
    assert {one["kind"] for one in found["timeline"]["entries"]} == {"order", "talk", "tag_begun"}


def test_a_portrait_of_the_past_knows_nothing_later(client: TestClient, runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        at = utc_now() - timedelta(hours=1)
        session.add(Event(tenant_id=DEFAULT_TENANT, id="e1", customer_id="c1", kind="cart", at=at, object="cream"))
    assert portrait(client)["intent"]["score"] == 18
    before = portrait(client, at=(utc_now() - timedelta(hours=2)).isoformat())
    assert (before["intent"]["score"], before["intent"]["moves"]) == (0, [])


@pytest.mark.parametrize(
    "asked",
    [{"at": "2999-01-01T00:00:00Z"}, {"at": "yesterday"}, {"after": "x"}, {"limit": 0}, {"limit": 201}, {"x": 1}],
)
def test_a_question_that_makes_no_sense_is_refused(client: TestClient, asked: Any) -> None:
    response = client.get("/v1/customers/c1/portrait", params=asked)
    assert (response.status_code, response.json()["type"]) == (422, "urn:copilot:problem:invalid-value")


def test_somebody_unknown_has_no_portrait_and_gets_no_tags(client: TestClient) -> None:
    assert client.get("/v1/customers/c404/portrait").status_code == 404
    assert client.post("/v1/customers/c404/tags", json={"tag": "油皮"}).status_code == 404
    assert client.delete("/v1/customers/c404/tags/油皮").status_code == 404


def test_tags_are_given_once_and_taken_away_once(client: TestClient, runtime: Runtime) -> None:
    body = {"tag": "肤质", "value": "油皮", "author": "a1"}
    for _ in range(2):
        given = client.post(TAGS, json=body, headers={"Idempotency-Key": "k1"})
        assert given.status_code == 201
        assert [(one["tag"], one["value"], one["source"]) for one in given.json()["tags"]] == [
            ("敏感肌", "", "import"),
            ("肤质", "油皮", "agent"),
        ]
    for _ in range(2):
        address = f"{TAGS}/肤质"
        taken = client.delete(address, params={"value": "油皮", "author": "a1"}, headers={"Idempotency-Key": "k2"})
        assert [one["tag"] for one in taken.json()["tags"]] == ["敏感肌"]
    assert client.delete(f"{TAGS}/肤质", params={"value": "油皮"}).status_code == 404
    with runtime.workspace.database.read() as session:
        newest = select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(2)
        entries = session.execute(newest).scalars().all()
    assert [(one.action, one.actor, one.subject) for one in entries] == [
        ("tag.remove", "a1", "c1"),
        ("tag.add", "a1", "c1"),
    ]


def test_a_key_is_not_used_for_two_things(client: TestClient) -> None:
    client.post(TAGS, json={"tag": "油皮"}, headers={"Idempotency-Key": "k1"})
    assert client.post(TAGS, json={"tag": "干皮"}, headers={"Idempotency-Key": "k1"}).status_code == 409


@pytest.mark.parametrize("tag", ["T/C 混纺", "<b>", "a?b#c%d", "👩‍👧"])
def test_a_tag_with_marks_in_it_can_be_taken_away(client: TestClient, tag: str) -> None:
    from urllib.parse import quote

    client.post(TAGS, json={"tag": tag}).raise_for_status()
    taken = client.delete(f"{TAGS}/{quote(tag, safe='')}")
    assert [one["tag"] for one in taken.json()["tags"]] == ["敏感肌"]


@pytest.mark.parametrize("body", [{}, {"tag": ""}, {"tag": "长" * 201}, {"tag": "\u200b"}, {"tag": "a", "colour": 1}])
def test_a_tag_that_cannot_be_shown_is_refused(client: TestClient, body: Any) -> None:
    assert client.post(TAGS, json=body).status_code == 422


def test_the_example_of_the_description_is_a_portrait(client: TestClient) -> None:
    assert PortraitOut.model_validate(PORTRAIT).customer_id == "c0199"
    schemas = client.get("/v1/openapi.json").json()["components"]["schemas"]
    assert schemas["PortraitOut"]["examples"] == [PORTRAIT]
    assert schemas["TagIn"]["examples"]
