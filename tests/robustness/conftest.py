"""A small shop on disk, and processes that work in it until they are killed."""

import csv
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from numpy.random import Generator, default_rng

from knowledge.imports import import_folder
from knowledge.index.build import build_index
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.library.products import change_product
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Customer
from knowledge.workspace import Workspace
from models.encoders.hashing import HashEncoder

WORKERS = Path(__file__).with_name("workers.py")
THEN = datetime(2026, 11, 2, 12, tzinfo=UTC)


@dataclass
class Worker:
    """A process that says what it has done, one line each."""

    process: subprocess.Popen[str]
    said: list[list[str]] = field(default_factory=list)

    @classmethod
    def start(cls, role: str, workspace: Path, seed: int = 0, step: int = 0, files: Path | None = None) -> "Worker":
        facts = [role, workspace, seed, step, *([files] if files else [])]
        command = [sys.executable, str(WORKERS), *map(str, facts)]
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"))

    def listen(self, n_lines: int) -> list[list[str]]:
        """All that was said, at least `n_lines` more unless it ends before."""
        for _ in range(n_lines):
            if not (line := self.process.stdout.readline()):
                break
            self.said.append(line.split())
        return self.said

    def ask(self, *words: object) -> list[str]:
        """The answer to a command."""
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.listen(1)[-1]

    def kill_after(self, n_lines: int, pause_s: float) -> list[list[str]]:
        """Kill it as no process can prevent, a moment after it said so many lines; gives all that it said."""
        self.listen(n_lines)
        time.sleep(pause_s)  # the moment of death is random on purpose
        self.process.send_signal(signal.SIGKILL)
        return self.last_words()

    def last_words(self) -> list[list[str]]:
        """All that it said, once it is dead by kill."""
        rest = self.process.stdout.read()
        self.said += [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        self.close()
        assert self.process.returncode == -signal.SIGKILL, "it ended before it could be killed"
        return self.said

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture
def start() -> Iterator[Callable[..., Worker]]:
    """Starts workers; none outlives its test."""
    started: list[Worker] = []

    def start_worker(*arguments: object) -> Worker:
        started.append(Worker.start(*arguments))
        return started[-1]

    yield start_worker
    for worker in started:
        if worker.process.poll() is None:
            worker.process.kill()
        worker.close()


@pytest.fixture(scope="session")
def stocked_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of twenty scripts, ten products, one customer, and an index built from them."""
    folder = tmp_path_factory.mktemp("stocked") / "workspace"
    workspace = Workspace.create(folder)
    with workspace.database.write() as session:
        session.add(Customer(tenant_id=DEFAULT_TENANT, id="c1", name="小林", updated_at=THEN))
        for number in range(20):
            content = ScriptContent(f"{number}号答复：四点前付款当天发货。", (f"发货问题s{number}",))
            save_draft(session, DEFAULT_TENANT, f"s{number}", content, actor="editor", now=THEN)
            publish_script(session, DEFAULT_TENANT, f"s{number}", actor="editor", now=THEN)
        for number in range(10):
            content = ProductContent(f"洗面奶{number}号", price_fen=5_900, stock=5)
            change_product(session, DEFAULT_TENANT, f"p{number}", content, actor="editor", now=THEN)
    build_index(workspace.database, workspace.index_folder, DEFAULT_TENANT, HashEncoder())
    workspace.close()
    return folder


@pytest.fixture
def shop_folder(stocked_shop: Path, tmp_path: Path) -> Path:
    """A copy of the stocked shop of the test's own."""
    return Path(shutil.copytree(stocked_shop, tmp_path / "workspace"))


@pytest.fixture(scope="session")
def brand_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few thousand rows of products, scripts, customers and orders."""
    folder = tmp_path_factory.mktemp("files")
    random = default_rng(7)
    _write(folder / "products.csv", ["sku", "name", "price", "stock"], (
        [f"sku{n}", f"精华{n}号", 10 + n, random.integers(50)] for n in range(400)
    ))  # fmt: skip
    _write(folder / "scripts.csv", ["id", "text", "triggers"], (
        [f"script{n}", f"第{n}条答复，请放心。", f"问题{n}|怎么{n}"] for n in range(500)
    ))  # fmt: skip
    _write(folder / "customers.csv", ["id", "name", "tags", "identities"], (
        [f"customer{n}", f"客人{n}", f"会员|来源:{n % 7}", f"wecom:{n}"] for n in range(600)
    ))  # fmt: skip
    columns = ["order_id", "customer_id", "sku", "ordered_at", "quantity", "amount", "status"]
    _write(folder / "orders.csv", columns, _order_lines(random))
    return folder


@pytest.fixture(scope="session")
def imported_whole(stocked_shop: Path, brand_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stocked shop after an import that nothing interrupted."""
    folder = Path(shutil.copytree(stocked_shop, tmp_path_factory.mktemp("whole") / "workspace"))
    workspace = Workspace.open(folder)
    import_folder(workspace.database, DEFAULT_TENANT, brand_files, now=lambda: THEN)
    workspace.close()
    return folder


def _order_lines(random: Generator) -> Iterator[list[object]]:
    for number in range(800):
        ordered_at = f"2026-{random.integers(1, 11):02d}-{random.integers(1, 28):02d} 10:00"
        customer = f"customer{random.integers(600)}"
        for sku in random.choice(400, random.integers(1, 4), replace=False):
            yield [f"order{number}", customer, f"sku{sku}", ordered_at, 1, 59, "delivered"]


def _write(path: Path, columns: list[str], rows: Iterator[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
