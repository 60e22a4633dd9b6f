import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from copilot.runtime import Runtime
from copilot.web.console.live import broadcast as broadcasting
from knowledge.tables import DEFAULT_TENANT, ReadMark, User

Event = tuple[str, dict[str, Any]]


class Shop:
    """A conversation of customer c1 on a real server, and what happens in it."""

    def __init__(self, server: str, runtime: Runtime) -> None:
        self.server = server
        self.runtime = runtime
        self.id = self.open()

    def open(self) -> str:
        opened: str = httpx2.post(f"{self.server}/v1/conversations", json={"customer_id": "c1"}).json()["id"]
        return opened

    def say(self, text: str, role: str = "customer", to: str = "", author_id: str | None = None) -> None:
        path = f"{self.server}/v1/conversations/{to or self.id}/messages"
        httpx2.post(path, json={"role": role, "text": text, "author_id": author_id}).raise_for_status()

    def tell(self, what: str, cookies: dict[str, str] | None = None, **values: str | int) -> httpx2.Response:
        with httpx2.Client(cookies=cookies) as client:
            return client.post(f"{self.server}/console/c/{self.id}/{what}", data=values)

    def seen(self) -> str:
        """The id of the latest news, as a page would be drawn with."""
        with httpx2.stream("GET", f"{self.server}/v1/stream") as response:
            return next(line for line in response.iter_lines() if line.startswith("id: ")).removeprefix("id: ")

    @contextmanager
    def follow(
        self, page: str = "page-one", agent: str = "", language: str = "zh", since: str | None = None, **headers: str
    ) -> Iterator[Iterator[Event]]:
        asked = {"page": page, "c": self.id, "since": self.seen() if since is None else since}
        headers = {"Accept-Language": language, **({"Cookie": f"agent={agent}"} if agent else {}), **headers}
        url = f"{self.server}/console/stream"
        with httpx2.stream("GET", url, params=asked, headers=headers, timeout=20) as response:
            assert response.status_code == 200
            lines = response.iter_lines()
            while ": listening" not in next(lines):
                pass
            yield read(lines)


def read(lines: Iterator[str]) -> Iterator[Event]:
    """Events until the stream has said a hundred times that nothing happens."""
    name, n_quiet = "", 0
    for line in lines:
        n_quiet += line.startswith(":")
        if n_quiet == 100:
            pytest.fail("the event waited for did not come")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def wait_for(events: Iterator[Event], name: str, holding: str = "") -> dict[str, Any]:
    return next(data for found, data in events if found == name and holding in str(data.get("html", "")))


def wait_for_all(events: Iterator[Event], *names: str) -> dict[str, dict[str, Any]]:
    """The first event of each name, in whichever order they come."""
    found: dict[str, dict[str, Any]] = {}
    while not set(names) <= found.keys():
        name, data = next(events)
        found.setdefault(name, data)
    return found


@pytest.fixture
def shop(server: str, runtime: Runtime) -> Shop:
    with runtime.workspace.database.write() as session:
        session.add(User(tenant_id=DEFAULT_TENANT, id="a2", name="小本"))
    return Shop(server, runtime)


def test_a_message_brings_its_bubble_its_suggestions_and_its_row_drawn(shop: Shop) -> None:
    with shop.follow() as events:
        shop.say("敏感肌能用吗<b>")
        found = wait_for_all(events, "bubbles", "suggestions", "rows")
    bubbles, suggestions, (row,) = found["bubbles"], found["suggestions"], found["rows"]["rows"]
    assert (bubbles["position"], bubbles["role"]) == (1, "customer")
    assert '<p class="said" dir="auto">敏感肌能用吗&lt;b&gt;</p>' in bubbles["html"]
    assert (suggestions["version"], 'data-version="1"' in suggestions["html"]) == (1, True)
    assert "这款不含酒精和香精" in suggestions["html"]
    assert (row["conversation_id"], "林小满" in row["html"], len(row["order"])) == (shop.id, True, 3)


def test_another_conversation_brings_its_row_alone(shop: Shop) -> None:
    other = shop.open()
    with shop.follow() as events:
        shop.say("可以退货吗", to=other)
        names = []
        for name, data in events:
            names.append(name)
            if name == "rows" and any("可以退货吗" in row["html"] for row in data["rows"]):
                break
        assert {"bubbles", "suggestions"}.isdisjoint(names)


def test_everybody_reads_the_same_in_their_own_language(shop: Shop) -> None:
    with shop.follow("page-one") as chinese, shop.follow("page-two", language="en") as english:
        shop.say("敏感肌能用吗")
        assert "建议" in wait_for(chinese, "suggestions")["html"]
        assert "Suggest" in wait_for(english, "suggestions")["html"]


def test_fragments_are_drawn_once_for_all_who_see_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    for name in ("draw_bubbles", "draw_suggestions"):
        original = getattr(broadcasting, name)
        monkeypatch.setattr(broadcasting, name, lambda *args, o=original, n=name: drawn.append(n) or o(*args))
    with shop.follow("page-one", "a1") as one, shop.follow("page-two", "a2") as two:
        shop.say("敏感肌能用吗")
        for events in (one, two):
            wait_for(events, "suggestions", "这款不含酒精和香精")
    assert sorted(drawn) == ["draw_bubbles", "draw_suggestions"]


def test_what_a_colleague_did_is_told_to_the_others(shop: Shop) -> None:
    shop.say("敏感肌能用吗")
    with shop.follow("page-one", "a1") as mine, shop.follow("page-two", "a2") as theirs:
        set_id = httpx2.post(f"{shop.server}/v1/suggest", json={"conversation_id": shop.id}).json()["set_id"]
        decision = {"set_id": set_id, "kind": "accept", "rank": 1, "agent_id": "a2"}
        httpx2.post(f"{shop.server}/v1/decisions", json=decision).raise_for_status()
        told = wait_for(mine, "decision")
        assert (told["kind"], told["agent_id"], told["text"]) == ("accept", "a2", "小本 采用了一条建议")
        assert wait_for(mine, "suggestions")["version"] == 2
        names = [name for name, _ in [next(theirs) for _ in range(2)]]
        assert "decision" not in names


def test_an_answer_that_was_sent_leaves_nothing_to_suggest(shop: Shop) -> None:
    shop.say("敏感肌能用吗")
    with shop.follow() as events:
        shop.say("您好，可以的", role="agent")
        assert wait_for(events, "bubbles")["role"] == "agent"
        suggestions = wait_for(events, "suggestions")
        assert (suggestions["version"], "data-rank" in suggestions["html"]) == (2, False)


def test_two_pages_see_each_other_come_write_and_go(shop: Shop) -> None:
    with shop.follow("page-one", "a1") as mine:
        with shop.follow("page-two", "a2"):
            assert "也在看" in wait_for(mine, "presence", "小本")["html"]
            assert shop.tell("typing", page="page-two").status_code == 204
            assert "小本" in wait_for(mine, "presence", "正在输入")["html"]
            shop.say("您好", role="agent", author_id="a2")
            assert "正在输入" not in wait_for(mine, "presence", "小本")["html"]
        assert next(data for name, data in mine if name == "presence" and "小本" not in data["html"])


def test_what_was_read_is_noted_for_who_read_it_and_their_row_is_drawn_again(shop: Shop, runtime: Runtime) -> None:
    shop.say("敏感肌能用吗")
    with shop.follow("page-one", "a1") as events:
        assert shop.tell("read", {"agent": "a1"}, position=1).status_code == 204
        assert next(data for name, data in events if name == "rows" and "is-unread" not in data["rows"][0]["html"])
    assert shop.tell("read", position=1).status_code == 204
    with runtime.workspace.database.read() as session:
        marks = {one.agent_id: one.position for one in session.execute(select(ReadMark)).scalars()}
    assert marks == {"a1": 1}
    assert shop.tell("read", {"agent": "a1"}, position=9).status_code == 422
    assert shop.tell("read", {"agent": "a1"}, position=-1).status_code == 422


def test_a_page_that_missed_something_reads_again_what_it_shows(shop: Shop) -> None:
    whole = ["list", "thread", "suggestions", "customer"]
    with shop.follow(since="of-another-process") as events:
        assert next(data for name, data in events if name == "refresh")["parts"] == whole
    with shop.follow(**{"Last-Event-ID": shop.seen()}) as events:
        assert next(data for name, data in events if name == "refresh")["parts"] == whole
    before = shop.seen()
    shop.say("可以退货吗", to=shop.open())
    with shop.follow(since=before) as events:
        assert next(data for name, data in events if name == "refresh")["parts"] == ["list"]
    shop.say("敏感肌能用吗")
    with shop.follow(since=before) as events:
        assert next(data for name, data in events if name == "refresh")["parts"] == whole


def test_a_page_drawn_from_the_latest_reads_nothing_again(shop: Shop) -> None:
    with shop.follow() as events:
        shop.say("敏感肌能用吗")
        names = [name for name, _ in (next(events) for _ in range(3))]
    assert "refresh" not in names


@pytest.mark.parametrize("asked", [{}, {"page": "x"}, {"page": "page-one", "c": ""}, {"page": "<script>alert"}])
def test_a_stream_needs_to_know_which_page_asks(server: str, asked: dict[str, str]) -> None:
    refused = httpx2.get(f"{server}/console/stream", params=asked)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:copilot:problem:invalid-value")
