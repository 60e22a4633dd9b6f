"""A real server and Debian's chromium."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.console.simulating import simulate_cookie
from copilot.web.pages.frame import UNNAMED
from copilot.web.server import ConsoleServer
from knowledge.tables import DEFAULT_TENANT, Customer, CustomerTag, Order, OrderLine
from knowledge.workspace import Workspace

CHROMIUM = Path("/usr/bin/chromium")
expect.set_options(timeout=20_000)
LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)
SCRIPTS = (
    ("sensitive", "这款不含酒精和香精，敏感肌建议先在耳后试用两天。", "敏感肌能用吗"),
    ("returns", "七天内未拆封可以无理由退货。", "可以退货吗"),
    ("markup", "<img src=x onerror=alert(1)> 会员每月八号双倍积分。", "会员日有什么活动"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.is_file():
        return
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason=f"needs {CHROMIUM} (apt-get install chromium)"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; closed after the module, because other tests cannot run event loops beside Playwright's."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    workspace = Workspace.create(tmp_path_factory.mktemp("e2e") / "workspace")
    shared = {"tenant_id": DEFAULT_TENANT}
    with workspace.database.write() as session:
        session.add(Customer(**shared, id="c1", name="林小满", city="杭州", updated_at=LONG_AGO))
        session.add(Customer(**shared, id="c2", name="<i>斜体</i>", updated_at=LONG_AGO))
        session.add(CustomerTag(**shared, customer_id="c1", tag="敏感肌", valid_from=LONG_AGO))
        session.add(Order(**shared, id="o1", customer_id="c1", ordered_at=LONG_AGO, status="delivered"))
        session.add(OrderLine(**shared, order_id="o1", sku="cream"))
    workspace.close()
    opened = Runtime.open(Settings(workspace=workspace.folder, encoder="hash"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server(runtime: Runtime) -> Iterator[str]:
    """The address of a server whose library was filled through its own API."""
    app = create_app(runtime)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, ws="none")
        running = ConsoleServer(config, app.state.hub)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        fill(url)
        yield url
        running.handle_exit(15, None)
        thread.join(timeout=10)


def fill(url: str) -> None:
    for script_id, text, trigger in SCRIPTS:
        body = {"id": script_id, "text": text, "triggers": [trigger], "title": script_id}
        httpx2.post(f"{url}/v1/scripts", json=body).raise_for_status()
        httpx2.post(f"{url}/v1/scripts/{script_id}/publish", json={}).raise_for_status()
    product = {"name": "舒缓面霜", "price_fen": 12_900, "stock": 9, "description": "会员可用的面霜"}
    httpx2.put(f"{url}/v1/products/balm", json=product).raise_for_status()


@dataclass(frozen=True)
class Desk:
    """An agent's page on a conversation."""

    page: Page
    url: str
    conversation_id: str

    def play(self, text: str) -> None:
        """Write as the customer, in the page."""
        self.page.fill("#as-customer", text)
        self.page.press("#as-customer", "Enter")

    def say(self, text: str) -> None:
        """Write as the customer, from elsewhere."""
        path = f"{self.url}/v1/conversations/{self.conversation_id}/messages"
        httpx2.post(path, json={"role": "customer", "text": text}).raise_for_status()

    def press(self, key: str) -> None:
        """Press a key with the focus in no box."""
        self.page.evaluate("document.activeElement.blur()")
        self.page.keyboard.press(key)

    def messages(self) -> list[dict[str, Any]]:
        """What the conversation holds, as the server has it."""
        found: list[dict[str, Any]] = httpx2.get(f"{self.url}/v1/conversations/{self.conversation_id}").json()[
            "messages"
        ]
        return found


@pytest.fixture
def customer(runtime: Runtime) -> str:
    """Somebody like c1 who has never written, so that nothing is suggested before they do."""
    shared = {"tenant_id": DEFAULT_TENANT, "customer_id": f"c1-{uuid4().hex[:8]}"}
    order_id = f"o1-{shared['customer_id']}"
    with runtime.workspace.database.write() as session:
        session.add(
            Customer(
                tenant_id=DEFAULT_TENANT, id=shared["customer_id"], name="林小满", city="杭州", updated_at=LONG_AGO
            )
        )
        session.add(CustomerTag(**shared, tag="敏感肌", valid_from=LONG_AGO))
        session.add(Order(**shared, id=order_id, ordered_at=LONG_AGO, status="delivered"))
        session.add(OrderLine(tenant_id=DEFAULT_TENANT, order_id=order_id, sku="cream"))
    return shared["customer_id"]


@pytest.fixture
def desk(server: str, page: Page, customer: str) -> Iterator[Desk]:
    """A page on a fresh conversation; any error in the page's scripts fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    page.context.add_cookies([{"name": simulate_cookie(UNNAMED), "value": "on", "url": server}])
    opened = httpx2.post(f"{server}/v1/conversations", json={"customer_id": customer}).json()["id"]
    page.goto(f"{server}/console/c/{opened}?lang=zh")
    page.wait_for_selector("#live[data-state=on]")
    yield Desk(page, server, opened)
    assert problems == []
