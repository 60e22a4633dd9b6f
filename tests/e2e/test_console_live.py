"""What arrives in the console by itself: messages, suggestions, what colleagues do, and who else is there."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from copilot.runtime import Runtime
from copilot.web.app import create_app
from copilot.web.server import ConsoleServer
from knowledge.tables import DEFAULT_TENANT, User

pytestmark = pytest.mark.browser

SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"
ON = "#live[data-state=on]"


@pytest.fixture(scope="module", autouse=True)
def staff(runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        for user_id, name in (("live-a", "安娜"), ("live-b", "小本")):
            session.merge(User(tenant_id=DEFAULT_TENANT, id=user_id, name=name))


@contextmanager
def another(chromium: Browser, url: str, agent_id: str = "") -> Iterator[Page]:
    """A page of somebody else, in a browser profile of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.set_default_timeout(20_000)
    if agent_id:
        context.add_cookies([{"name": "agent", "value": agent_id, "url": url}])
    page = context.new_page()
    yield page
    context.close()


def sit(page: Page, url: str, agent_id: str) -> None:
    page.context.add_cookies([{"name": "agent", "value": agent_id, "url": url}])
    page.reload()
    page.wait_for_selector(ON)


def fetched(page: Page) -> list[str]:
    """The paths a page asks for from now on, but for what it tells of itself."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(re.sub(r"^\w+://[^/]+|\?.*", "", request.url)))
    return asked


def test_a_message_from_elsewhere_brings_everything_without_another_request(desk: Any) -> None:
    page = desk.page
    page.fill("#draft", "写到一半")
    asked = fetched(page)
    desk.say("敏感肌能用吗")
    expect(page.locator(".bubble.customer .said")).to_have_text("敏感肌能用吗")
    expect(page.locator(".card[data-rank='1'] .reply")).to_have_text(SENSITIVE)
    expect(page.locator(f"#row-{desk.conversation_id} .last")).to_contain_text("敏感肌能用吗")
    expect(page.locator("#draft")).to_have_value("写到一半")
    assert [path for path in asked if not path.endswith(("/read", "/typing"))] == []
    page.locator(".card .accept").first.click()
    expect(page.locator(".bubble.agent .said")).to_have_text(SENSITIVE)


def test_a_conversation_opened_elsewhere_joins_the_list_at_its_place(desk: Any) -> None:
    opened = httpx2.post(f"{desk.url}/v1/conversations", json={"customer_id": "c2"}).json()["id"]
    row = desk.page.locator(f"#row-{opened}")
    expect(row).to_contain_text("<i>斜体</i>")
    message = {"role": "customer", "text": "我要投诉，过敏了"}
    httpx2.post(f"{desk.url}/v1/conversations/{opened}/messages", json=message).raise_for_status()
    expect(row.locator(".last")).to_contain_text("我要投诉")
    orders = "rows => rows.map(row => row.dataset.order.split(' ').map(Number))"
    found = desk.page.locator("#list li").evaluate_all(orders)
    assert len(found) > 1
    assert [one[0] for one in found] == sorted(one[0] for one in found)


def test_what_a_colleague_did_is_seen_and_said(desk: Any, chromium: Browser) -> None:
    sit(desk.page, desk.url, "live-a")
    desk.say("敏感肌能用吗")
    desk.page.wait_for_selector(".card")
    with another(chromium, desk.url, "live-b") as colleague:
        colleague.goto(f"{desk.url}/console/c/{desk.conversation_id}")
        colleague.wait_for_selector(ON)
        colleague.locator(".card[data-rank='1'] .accept").click()
        expect(desk.page.locator("#notice")).to_contain_text("小本 采用了一条建议")
        expect(desk.page.locator(".bubble.agent .said")).to_have_text(SENSITIVE)
        expect(desk.page.locator(".card .accept")).to_have_count(0)


def test_two_people_in_one_conversation_see_each_other(desk: Any, chromium: Browser) -> None:
    sit(desk.page, desk.url, "live-a")
    others = desk.page.locator("#presence")
    expect(others).to_be_empty()
    with another(chromium, desk.url, "live-b") as colleague:
        colleague.goto(f"{desk.url}/console/c/{desk.conversation_id}")
        expect(others).to_contain_text("小本 也在看")
        expect(colleague.locator("#presence")).to_contain_text("安娜 也在看")
        colleague.locator("#draft").press_sequentially("您好")
        expect(others).to_contain_text("小本 正在输入")
        colleague.fill("#draft", "您好，在的")
        colleague.press("#draft", "Enter")
        expect(desk.page.locator(".bubble.agent .said")).to_have_text("您好，在的")
        expect(others).to_contain_text("小本 也在看")
    expect(others).not_to_contain_text("小本")


def test_a_suggestion_is_marked_stale_at_once_and_cannot_be_sent(desk: Any, runtime: Runtime) -> None:
    page = desk.page
    desk.say("敏感肌能用吗")
    page.wait_for_selector(".card")
    old = page.locator("#suggestions .answer").get_attribute("data-set")
    busy = threading.Event()
    engine = runtime.engine
    try:
        # The engine takes its time, so that the message is there before its suggestions.
        object.__setattr__(runtime, "engine", Held(engine, busy))
        desk.say("算了，可以退货吗")
        expect(page.locator("#stale")).to_be_visible()
        expect(page.locator(".card[data-rank='1'] .accept")).to_be_disabled()
        desk.press("1")
        assert [one["role"] for one in desk.messages()] == ["customer", "customer"]
        form = {"set_id": old or "", "kind": "accept", "rank": "1"}
        refused = httpx2.post(f"{desk.url}/console/c/{desk.conversation_id}/decide", data=form)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:stale-conversation")
    finally:
        busy.set()
        object.__setattr__(runtime, "engine", engine)
    expect(page.locator("#suggestions .answer[data-version='2']")).to_contain_text("无理由退货")
    expect(page.locator("#stale")).to_be_hidden()
    expect(page.locator(".card[data-rank='1'] .accept")).to_be_enabled()


class Held:
    """An engine that answers only once it is let go."""

    def __init__(self, engine: Any, go: threading.Event) -> None:
        self._engine = engine
        self._go = go

    def suggest(self, request: Any) -> Any:
        self._go.wait(20)
        return self._engine.suggest(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def test_a_draft_from_a_stale_suggestion_stays_as_text(desk: Any) -> None:
    page = desk.page
    desk.say("敏感肌能用吗")
    page.wait_for_selector(".card")
    desk.press("e")
    page.keyboard.type("！")
    desk.say("算了，可以退货吗")
    expect(page.locator("#suggestions .answer[data-version='2']")).to_contain_text("无理由退货")
    expect(page.locator("#draft")).to_have_value(f"{SENSITIVE}！")
    expect(page.locator("#draft")).to_be_focused()


def test_the_same_suggestions_drawn_again_keep_focus_and_what_is_open(desk: Any) -> None:
    page = desk.page
    desk.say("敏感肌能用吗")
    page.wait_for_selector(".card")
    page.locator(".card[data-rank='1'] details summary").first.click()
    page.locator(".card[data-rank='1']").focus()
    page.evaluate(DRAW_AGAIN)
    expect(page.locator(".card[data-old]")).to_have_count(0)
    expect(page.locator(".card[data-rank='1']")).to_be_focused()
    expect(page.locator(".card[data-rank='1'] details").first).to_have_attribute("open", "")


DRAW_AGAIN = """async () => {
  const { put } = await import("/static/console/place.js");
  const html = document.querySelector("#suggestions").innerHTML.replace(" open=", " data-was-open=");
  document.querySelector(".card").dataset.old = "";
  put("suggestions", html);
}"""


def test_who_reads_further_up_is_not_pulled_down(desk: Any) -> None:
    page = desk.page
    for number in range(20):
        desk.say(f"第{number}条\n长\n消息")
    expect(page.locator(".bubble")).to_have_count(20)
    at_end = "document.querySelector('#thread').scrollTop > 0"
    assert page.evaluate(at_end)
    page.evaluate("document.querySelector('#thread').scrollTop = 0")
    desk.say("还在吗")
    expect(page.locator(".bubble")).to_have_count(21)
    assert page.evaluate("document.querySelector('#thread').scrollTop") == 0


def test_opening_a_conversation_reads_it(desk: Any) -> None:
    sit(desk.page, desk.url, "live-a")
    desk.say("敏感肌能用吗")
    row = desk.page.locator(f"#row-{desk.conversation_id}")
    expect(row.locator(".last")).to_contain_text("敏感肌能用吗")
    expect(row.locator(".count")).to_have_count(0)


def test_a_page_that_nobody_sees_gives_its_connection_back_and_catches_up(desk: Any, chromium: Browser) -> None:
    sit(desk.page, desk.url, "live-a")
    with another(chromium, desk.url, "live-b") as colleague:
        colleague.goto(f"{desk.url}/console/c/{desk.conversation_id}")
        expect(desk.page.locator("#presence")).to_contain_text("小本")
        hide(colleague, hidden=True)
        expect(desk.page.locator("#presence")).not_to_contain_text("小本")
        desk.say("敏感肌能用吗")
        expect(desk.page.locator(".card[data-rank='1'] .reply")).to_have_text(SENSITIVE)
        expect(colleague.locator(".bubble")).to_have_count(0)
        hide(colleague, hidden=False)
        expect(colleague.locator(".bubble.customer .said")).to_have_text("敏感肌能用吗")
        expect(colleague.locator(".card[data-rank='1'] .reply")).to_have_text(SENSITIVE)
        expect(desk.page.locator("#presence")).to_contain_text("小本")


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


class Restartable:
    """A server that can be killed and started again on the same port."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        app = create_app(self._runtime)
        self._listener = socket.create_server(("127.0.0.1", self.port))
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="none")
        self._running = ConsoleServer(config, app.state.hub)
        self._thread = threading.Thread(target=self._running.run, kwargs={"sockets": [self._listener]})
        self._thread.start()

    def kill(self) -> None:
        self._running.handle_exit(15, None)
        self._running.force_exit = True
        self._thread.join(timeout=20)
        self._listener.close()


@pytest.fixture
def restartable(runtime: Runtime, server: str) -> Iterator[Restartable]:
    """Serves what the session's server has filled."""
    made = Restartable(runtime)
    made.start()
    yield made
    made.kill()


def test_a_restarted_server_is_found_again_and_no_draft_is_lost(restartable: Restartable, page: Page) -> None:
    url = restartable.url
    conversation_id = httpx2.post(f"{url}/v1/conversations", json={"customer_id": "c1"}).json()["id"]
    path = f"{url}/v1/conversations/{conversation_id}"
    httpx2.post(f"{path}/messages", json={"role": "customer", "text": "敏感肌能用吗"}).raise_for_status()
    page.goto(f"{url}/console/c/{conversation_id}?lang=zh")
    page.wait_for_selector(ON)
    page.wait_for_selector(".card")
    page.keyboard.press("e")
    page.keyboard.type("请放心")
    draft = page.locator("#draft")
    linked = page.locator("#composer [name=set_id]").input_value()
    restartable.kill()
    expect(page.locator("#live")).to_have_attribute("data-state", "off")
    expect(page.locator("#live")).to_contain_text(re.compile("断|重连|离线"))
    restartable.start()
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    expect(draft).to_have_value(f"{SENSITIVE}请放心")
    assert page.locator("#composer [name=set_id]").input_value() == linked
    httpx2.get(f"{url}/healthz").raise_for_status()
    draft.press("Enter")
    expect(page.locator(".bubble.agent .said")).to_have_text(f"{SENSITIVE}请放心")
    sent = httpx2.get(path).json()["messages"][-1]
    assert (sent["script_id"], sent["set_id"]) == ("sensitive", linked)


def test_what_was_said_while_the_server_was_away_is_there_afterwards(restartable: Restartable, page: Page) -> None:
    url = restartable.url
    conversation_id = httpx2.post(f"{url}/v1/conversations", json={"customer_id": "c1"}).json()["id"]
    page.goto(f"{url}/console/c/{conversation_id}?lang=zh")
    page.wait_for_selector(ON)
    restartable.kill()
    expect(page.locator("#live")).to_have_attribute("data-state", "off")
    restartable.start()
    path = f"{url}/v1/conversations/{conversation_id}/messages"
    httpx2.post(path, json={"role": "customer", "text": "敏感肌能用吗"}).raise_for_status()
    expect(page.locator(".bubble.customer .said")).to_have_text("敏感肌能用吗")
    expect(page.locator(".card[data-rank='1'] .reply")).to_have_text(SENSITIVE)
