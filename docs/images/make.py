"""Make the screenshots of README and docs: the sample brand, a real server, Debian's chromium.

Run with `make screenshots`; takes a minute or two. The pictures show what the demo shows on the day they are made.
"""

import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from copilot.cli.demo import invent_work, make_demo
from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.server import ConsoleServer

FOLDER = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SEED, N_EXCHANGES = 7, 300
DESK, SIDEBAR = (1280, 800), (400, 800)


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the page, its size, language and colours, and what is done before."""

    name: str
    path: str
    size: tuple[int, int] = DESK
    language: str = "zh-CN"
    scheme: str = "light"
    before: Callable[[Page], None] = lambda _: None


def _see_suggestions(page: Page) -> None:
    page.wait_for_selector(".card")


def _open_library(page: Page) -> None:
    _see_suggestions(page)
    page.keyboard.press("/")
    page.locator("dialog[open] [type=search]").fill("tuihuo")
    page.locator("dialog[open] mark").first.wait_for()


def _see_checks(page: Page) -> None:
    page.wait_for_function("!/检查中|Checking/.test(document.body.innerText)", timeout=60_000)


def _see_findings(page: Page) -> None:
    page.wait_for_function("!/正在计算/.test(document.body.innerText)", timeout=300_000)


SHOTS = (
    Shot("console", "/console/c/waiting-sensitive", before=_see_suggestions),
    Shot("console-dark", "/console/c/waiting-price", scheme="dark", before=_see_suggestions),
    Shot("console-sidebar", "/console/c/waiting-sensitive", SIDEBAR, before=_see_suggestions),
    Shot("console-english", "/console/c/waiting-english", language="en-US", before=_see_suggestions),
    Shot("console-search", "/console/c/waiting-parcel", before=_open_library),
    Shot("scripts", "/desk/scripts"),
    Shot("editor", "/desk/scripts/S223", before=_see_checks),
    Shot("health", "/desk/health", before=_see_findings),
    Shot("performance", "/desk/performance?days=84", before=_see_findings),
    Shot("transfer", "/desk/transfer"),
)


def main() -> None:
    """Make all pictures, or those named as arguments."""
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder) / "workspace") as url, sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for shot in wanted:
            _take(browser, url, shot)
        browser.close()


def _take(browser: Browser, url: str, shot: Shot) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=shot.language,
        color_scheme="dark" if shot.scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "agent", "value": "a01", "url": url}])
    page = context.new_page()
    page.goto(f"{url}{shot.path}")
    shot.before(page)
    page.wait_for_timeout(800)  # fonts and the last fragment
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()
    sys.stdout.write(f"{shot.name}.png\n")


@contextmanager
def _server(workspace: Path) -> Iterator[str]:
    settings = Settings(workspace=workspace)
    make_demo(settings, SEED)
    invent_work(settings, SEED, N_EXCHANGES)
    runtime = Runtime.open(settings)
    app = create_app(runtime)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ConsoleServer(uvicorn.Config(app, log_level="warning", ws="none"), app.state.hub)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.handle_exit(15, None)
            thread.join(timeout=20)
            runtime.close()


if __name__ == "__main__":
    main()
