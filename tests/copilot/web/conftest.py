"""The application over the small shop, filled with a few scripts, products and customers."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.options import WebOptions
from copilot.web.server import ConsoleServer

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"
SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"


def fill(shop: Any) -> None:
    shop.add_script("returns", RETURNS, "可以退货吗", "不想要了怎么退")
    shop.add_script("sensitive", SENSITIVE, "敏感肌能用吗")
    shop.add_script("vip", "黑金会员退货免运费。", "会员怎么退货", audience={"all": ["黑金"]})
    shop.add_product("cream", "舒缓面霜", tags=["敏感肌"], description="敏感肌可用的面霜")
    shop.add_product("mask", "补水面膜", description="补水")
    shop.add_customer("c1", "敏感肌", name="林小满", city="杭州")
    shop.add_customer("c2", name="<b>粗体</b>")
    shop.add_order("o1", "c1", "mask", days_ago=20)
    shop.add_agent("a1", "store")


@pytest.fixture
def runtime(shop: Any) -> Iterator[Runtime]:
    fill(shop)
    opened = Runtime.open(Settings(workspace=shop.workspace.folder, encoder="hash"))
    yield opened
    opened.close()


@pytest.fixture
def client(runtime: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(runtime)) as opened:
        yield opened


@dataclass(frozen=True)
class Conversation:
    """A conversation of customer c1, and short ways to go on with it."""

    client: TestClient
    id: str

    def say(self, text: str, role: str = "customer") -> Any:
        return self.client.post(f"/v1/conversations/{self.id}/messages", json={"role": role, "text": text})

    def suggest(self) -> Any:
        return self.client.post("/v1/suggest", json={"conversation_id": self.id}).json()

    def texts(self) -> list[str]:
        return [one["text"] for one in self.client.get(f"/v1/conversations/{self.id}").json()["messages"]]


@pytest.fixture
def conversation(client: TestClient) -> Conversation:
    opened = client.post("/v1/conversations", json={"customer_id": "c1", "agent_id": "a1"})
    return Conversation(client, opened.json()["id"])


@pytest.fixture
def server(runtime: Runtime) -> Iterator[str]:
    """The address of a real server."""
    app = create_app(runtime, WebOptions(poll_s=0.05, heartbeat_s=0.2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, ws="none")
        running = ConsoleServer(config, app.state.hub)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.handle_exit(15, None)
        thread.join(timeout=10)
        assert not thread.is_alive()
