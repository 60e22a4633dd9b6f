"""A whole shift without a mouse."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.server import ConsoleServer
from knowledge.tables import Decision, Message, MessageRole, User
from knowledge.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WASH = ("保温杯怎么清洗", "茶垢怎么去掉", "杯子有味道怎么洗")
SHIP = ("什么时候发货", "几天能到", "今天能发出吗")
BILL = ("怎么开发票", "发票在哪里下载")
SCRIPTS = {
    "wash": ("小苏打加温水浸泡半小时，再用软毛刷刷洗杯身。", WASH),
    "seal": ("密封圈要拆下来单独清洁，晾干以后再装回去。", WASH),
    "ship": ("付款后四十八小时内发出，江浙沪一般次日到。", SHIP),
    "bill": ("电子发票会在签收后自动发到您的邮箱。", BILL),
}
AGENT = "a1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Runtime]]:
    """A shop of its own, where nobody waits but who writes here."""
    workspace = Workspace.create(tmp_path_factory.mktemp("shift") / "workspace")
    with workspace.database.write() as session:
        session.add(User(tenant_id="default", id=AGENT, name="温若宁"))
    workspace.close()
    runtime = Runtime.open(Settings(workspace=workspace.folder, encoder="hash"))
    app = create_app(runtime)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, ws="none")
        running = ConsoleServer(config, app.state.hub)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for script_id, (text, triggers) in SCRIPTS.items():
            body = {"id": script_id, "text": text, "triggers": triggers, "title": script_id}
            httpx2.post(f"{url}/v1/scripts", json=body).raise_for_status()
            httpx2.post(f"{url}/v1/scripts/{script_id}/publish", json={}).raise_for_status()
        product = {"name": "保温杯 500", "price_fen": 8_900, "stock": 9, "description": "保温杯怎么清洗，茶垢怎么去掉"}
        httpx2.put(f"{url}/v1/products/cup", json=product).raise_for_status()
        yield url, runtime
        running.handle_exit(15, None)
        thread.join(timeout=10)
    runtime.close()


class Shift:
    """An agent's keyboard, and what the shop has afterwards."""

    def __init__(self, page: Page, url: str, runtime: Runtime) -> None:
        self.page, self.url, self.runtime = page, url, runtime

    def write_in(self, text: str) -> str:
        """A customer writes in a new conversation."""
        opened: str = httpx2.post(f"{self.url}/v1/conversations", json={"agent_id": AGENT}).json()["id"]
        path = f"{self.url}/v1/conversations/{opened}/messages"
        httpx2.post(path, json={"role": "customer", "text": text}).raise_for_status()
        return opened

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def next(self) -> str:
        """Open the next customer who waits; what that one wrote, once suggestions stand beside it."""
        before = self.page.url
        self.press("g")
        self.page.wait_for_url(lambda url: url != before and "/console/c/" in url)
        self.page.wait_for_selector("#suggestions .answer[data-set]:not([data-set=''])")
        return self.page.locator(".bubble.customer .said").first.text_content() or ""

    def reply(self, rank: int) -> str:
        return self.page.locator(f".card[data-rank='{rank}'] .reply").text_content() or ""

    def sent(self, text: str) -> None:
        """See that a reply stands in the thread."""
        expect(self.page.locator(".bubble.agent:not(.is-withdrawn) .said").last).to_have_text(text)

    def leave_box(self) -> None:
        self.press("Escape")
        expect(self.page.locator("#draft")).not_to_be_focused()


@pytest.fixture
def shift(shop: tuple[str, Runtime], page: Page) -> Iterator[Shift]:
    url, runtime = shop
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.context.add_cookies([{"name": "agent", "value": AGENT, "url": url}])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name in ("click", "dblclick", "hover", "tap"):
        setattr(page.mouse, name, lambda *_, **__: pytest.fail("the mouse was used"))
    yield Shift(page, url, runtime)
    assert problems == []


def text(script_id: str) -> str:
    return SCRIPTS[script_id][0]


def accept_the_second(shift: Shift) -> None:
    wanted = shift.reply(2)
    shift.press("2")
    shift.sent(wanted)


def edit_with_a_second_line(shift: Shift) -> None:
    shift.press("e")
    shift.page.keyboard.type("好的")
    shift.press("Shift+Enter")
    shift.page.keyboard.type("请放心")
    shift.press("Enter")
    shift.sent(f"{text('ship')}好的\n请放心")


def dismiss_bring_back_and_accept(shift: Shift) -> None:
    first = shift.page.locator("#suggestions .card[data-rank='1']")
    shift.press("x", "2")
    expect(first).to_have_count(0)
    shift.press("z")
    expect(first.locator(".reply")).to_have_text(text("bill"))
    shift.press("1")
    shift.sent(text("bill"))


def reply_with_a_product(shift: Shift) -> None:
    first = shift.reply(1)
    shift.press("e", "Escape", "p", "1", "Enter")
    shift.sent(f"{first}\n保温杯 500 ¥89")


def ask_for_a_script_and_answer_by_hand(shift: Shift) -> None:
    shift.press("n")
    expect(shift.page.locator("#wish")).to_have_value("zxqv wklj")
    shift.press("Enter")
    expect(shift.page.locator("#request")).to_be_hidden()
    write(shift, "稍等，我问一下同事")


def two_snippets_in_one_reply(shift: Shift) -> None:
    both = f"{shift.reply(1)}\n{shift.reply(2)}"
    shift.press("a", "Escape", "a", "Enter")
    shift.sent(both)


def search_by_initials(shift: Shift) -> None:
    shift.press("/")
    shift.page.keyboard.type("dzfp")
    shift.press("Enter")
    expect(shift.page.locator("#draft")).to_have_value(text("bill"))
    shift.press("Enter")
    shift.sent(text("bill"))


def send_take_back_and_better(shift: Shift) -> None:
    shift.press("1")
    shift.sent(text("bill"))
    shift.press("z")
    expect(shift.page.locator("#draft")).to_have_value(text("bill"))
    expect(shift.page.locator(".bubble.agent.is-withdrawn .said")).to_have_text(text("bill"))
    shift.page.keyboard.type("还有别的问题吗？")
    shift.press("Enter")
    shift.sent(f"{text('bill')}还有别的问题吗？")


def ask_why_then_copy_and_paste(shift: Shift) -> None:
    shift.press("w")
    shift.page.keyboard.type("发票")
    shift.press("Enter")
    expect(shift.page.locator("#fate .verdict")).to_be_visible()
    shift.press("Escape", "c")
    expect(shift.page.locator("#notice")).to_contain_text("已复制")
    shift.press("r", "Control+v", "Enter")
    shift.sent(text("ship"))


def write(shift: Shift, words: str = "在的，您请说") -> None:
    shift.press("r")
    shift.page.keyboard.type(words)
    shift.press("Enter")
    shift.sent(words)


DEEDS: Mapping[str, Callable[[Shift], None]] = {
    WASH[0]: accept_the_second,
    SHIP[0]: edit_with_a_second_line,
    BILL[0]: dismiss_bring_back_and_accept,
    WASH[1]: reply_with_a_product,
    "zxqv wklj": ask_for_a_script_and_answer_by_hand,
    WASH[2]: two_snippets_in_one_reply,
    SHIP[1]: search_by_initials,
    BILL[1]: send_take_back_and_better,
    SHIP[2]: ask_why_then_copy_and_paste,
    "在吗": write,
}
"""What the agent does, by what the customer wrote."""


def test_ten_customers_are_served_with_the_keyboard_alone(shift: Shift) -> None:
    page = shift.page
    conversations = [shift.write_in(asked) for asked in DEEDS]
    page.goto(f"{shift.url}/console?lang=zh")
    expect(page.locator("#list .waiting")).to_have_count(len(DEEDS))
    served = []
    for _ in DEEDS:
        served.append(shift.next())
        DEEDS[served[-1]](shift)
        shift.leave_box()
    assert sorted(served) == sorted(DEEDS)
    expect(page.locator("#list .waiting")).to_have_count(0)
    shift.press("g")
    expect(page.locator("#notice")).to_contain_text("没有别的客户在等")
    assert unanswered(shift.runtime, conversations) == []
    assert kinds(shift.runtime) >= {"accept", "edit", "freehand", "dismiss"}


def unanswered(runtime: Runtime, conversations: list[str]) -> list[str]:
    """The conversations whose last word that stands is the customer's."""
    found = []
    with runtime.workspace.database.read() as session:
        for conversation_id in conversations:
            query = (
                select(col(Message.role))
                .where(col(Message.conversation_id) == conversation_id, col(Message.withdrawn_at).is_(None))
                .order_by(col(Message.position).desc())
            )
            if session.execute(query.limit(1)).scalar_one() is MessageRole.CUSTOMER:
                found.append(conversation_id)
    return found


def kinds(runtime: Runtime) -> set[str]:
    with runtime.workspace.database.read() as session:
        rows: list[Any] = list(session.execute(select(Decision)).scalars())
    assert all(row.agent_id == AGENT for row in rows)
    return {row.kind.value for row in rows}
