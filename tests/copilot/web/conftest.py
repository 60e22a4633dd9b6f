"""The application over a small shop on real SQLite, with the real index and a hash encoder in place of a model."""

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlmodel import Session
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.options import WebOptions
from copilot.web.server import ConsoleServer
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.library.products import change_product
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Customer, CustomerTag, Order, OrderLine, User
from knowledge.workspace import Workspace

RETURNS = "七天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。"
SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"


LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three scripts, two products, two customers and an agent; copied for every test."""
    workspace = Workspace.create(tmp_path_factory.mktemp("filled") / "workspace")
    with workspace.database.write() as session:
        add_script(session, "returns", RETURNS, "可以退货吗", "不想要了怎么退")
        add_script(session, "sensitive", SENSITIVE, "敏感肌能用吗")
        add_script(session, "vip", "黑金会员退货免运费。", "会员怎么退货", audience={"all": ["黑金"]})
        cream = ProductContent("舒缓面霜", price_fen=12_900, stock=9, tags=("敏感肌",), description="敏感肌可用的面霜")
        mask = ProductContent("补水面膜", price_fen=9_900, stock=9, description="补水")
        for sku, content in (("cream", cream), ("mask", mask)):
            change_product(session, DEFAULT_TENANT, sku, content, actor="e1", now=LONG_AGO)
        add_people(session)
    workspace.database.engine.dispose()
    return workspace.folder


def add_script(session: Session, script_id: str, text: str, *triggers: str, **content: Any) -> None:
    what = ScriptContent(text, triggers, **content)
    save_draft(session, DEFAULT_TENANT, script_id, what, actor="e1", now=LONG_AGO)
    publish_script(session, DEFAULT_TENANT, script_id, actor="e1", now=LONG_AGO)


def add_people(session: Session) -> None:
    shared = {"tenant_id": DEFAULT_TENANT}
    session.add(Customer(**shared, id="c1", name="林小满", city="杭州", updated_at=LONG_AGO))
    session.add(CustomerTag(**shared, customer_id="c1", tag="敏感肌", valid_from=LONG_AGO))
    session.add(Customer(**shared, id="c2", name="<b>粗体</b>", updated_at=LONG_AGO))
    session.add(Order(**shared, id="o1", customer_id="c1", ordered_at=LONG_AGO, status="delivered"))
    session.add(OrderLine(**shared, order_id="o1", sku="mask"))
    session.add(User(**shared, id="a1", name="温若宁"))


@pytest.fixture
def runtime(filled: Path, tmp_path: Path) -> Iterator[Runtime]:
    folder = tmp_path / "workspace"
    shutil.copytree(filled, folder)
    opened = Runtime.open(Settings(workspace=folder, encoder="hash"))
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
