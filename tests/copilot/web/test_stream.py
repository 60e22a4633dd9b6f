import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from copilot.engine.conversations import NewConversation, NewMessage, append_message, open_conversation
from copilot.runtime import Runtime
from knowledge.tables import MessageRole
from knowledge.workspace import utc_now

Event = tuple[str, dict[str, object]]


@contextmanager
def listen(server: str, **headers: str) -> Iterator[Iterator[Event]]:
    """Events as they arrive, once the stream is open."""
    with httpx2.stream("GET", f"{server}/v1/stream", headers=headers, timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        while ": listening" not in next(lines):
            pass
        yield read(lines)


def read(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_customer_message_is_told_and_then_its_suggestions(server: str) -> None:
    conversation_id = httpx2.post(f"{server}/v1/conversations", json={"customer_id": "c1"}).json()["id"]
    with listen(server) as events:
        path = f"{server}/v1/conversations/{conversation_id}/messages"
        httpx2.post(path, json={"role": "customer", "text": "敏感肌能用吗"})
        name, message = next(events)
        assert (name, message["conversation_id"], message["text"]) == ("message", conversation_id, "敏感肌能用吗")
        name, told = next(event for event in events if event[1].get("set_id"))
        assert (name, told["conversation_version"], told["abstained"]) == ("suggestions", 1, False)
        httpx2.post(f"{server}/v1/decisions", json={"set_id": told["set_id"], "kind": "accept", "rank": 1})
        names = [next(events)[0], next(events)[0]]
    assert names == ["message", "decision"]


def test_a_message_that_another_process_wrote_is_told_once(server: str, runtime: Runtime) -> None:
    tenant_id, database = runtime.settings.tenant, runtime.workspace.database
    with listen(server) as events:
        with database.write() as session:
            conversation = open_conversation(session, tenant_id, NewConversation("c1"), utc_now())
            append_message(session, conversation, NewMessage(MessageRole.CUSTOMER, "在吗"), utc_now())
        assert [next(events)[0], next(events)[0]] == ["message", "suggestions"]
        with database.write() as session:
            append_message(session, conversation, NewMessage(MessageRole.AGENT, "在的"), utc_now())
        name, message = next(events)
    assert (name, message["text"]) == ("message", "在的")


def test_a_listener_that_was_away_is_told_to_refresh(server: str) -> None:
    with listen(server, **{"Last-Event-ID": "before-1"}) as events:
        assert next(events) == ("refresh", {"reason": "reconnected"})


def test_a_quiet_stream_says_that_it_is_still_there(server: str) -> None:
    with httpx2.stream("GET", f"{server}/v1/stream", timeout=10) as response:
        assert any(line == ": still here" for line in response.iter_lines())


@pytest.mark.parametrize("other", ["another"])
def test_a_stream_of_one_conversation_tells_of_no_other(server: str, other: str) -> None:
    ids = [httpx2.post(f"{server}/v1/conversations", json={}).json()["id"] for _ in range(2)]
    with httpx2.stream("GET", f"{server}/v1/stream", params={"conversation_id": ids[1]}, timeout=10) as response:
        lines = response.iter_lines()
        next(lines)
        for conversation_id in ids:
            path = f"{server}/v1/conversations/{conversation_id}/messages"
            httpx2.post(path, json={"role": "agent", "text": "您好"})
        name, message = next(read(lines))
    assert (name, message["conversation_id"]) == ("message", ids[1])
