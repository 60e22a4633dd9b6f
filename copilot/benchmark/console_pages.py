"""Open consoles in a real browser, which note when suggestions were painted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from copilot.benchmark.console_traffic import Shop
from copilot.errors import NotReadyError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WINDOW = {"width": 1280, "height": 800}
WATCH = """
(() => {
  const visible = {}, begun = new Set();
  window.copilotVisible = visible;
  const look = () => {
    const panel = document.querySelector("#suggestions");
    const version = Number(panel?.querySelector(".answer[data-set]:not([data-set=''])")?.dataset.version ?? 0);
    if (!version || begun.has(version) || panel.hasAttribute("data-stale")) return;
    begun.add(version);
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => (visible[version] = performance.timeOrigin + performance.now());
      painted.port2.postMessage(null);
    });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ["data-stale"] });
})();
"""
"""Notes for each version of the conversation the moment after the frame that first showed its suggestions."""


@dataclass(frozen=True)
class Pages:
    """Consoles that are open, in the order of the shop's conversations."""

    pages: "tuple[Page, ...]"

    def wait(self, seconds: float) -> list[dict[int, float]]:
        """After some time: for each page and version, when its suggestions were visible, in seconds of the clock."""
        self.pages[0].wait_for_timeout(1000 * seconds)
        return [
            {int(version): at / 1000 for version, at in page.evaluate("window.copilotVisible").items()}
            for page in self.pages
        ]


@contextmanager
def open_pages(url: str, shop: Shop) -> Iterator[Pages]:
    """One console for each conversation, each in a browser profile of its own and following the stream.

    Raises:
        NotReadyError: Playwright or Chromium is missing, or a page does not follow.
    """
    with _browser() as browser, ExitStack() as stack:
        pages = []
        for conversation_id, agent_id in zip(shop.conversation_ids, shop.agent_ids, strict=True):
            context = browser.new_context(viewport=WINDOW, locale="zh-CN")  # type: ignore[arg-type]
            stack.callback(context.close)
            context.add_init_script(WATCH)
            seat = {"name": "agent", "value": agent_id, "domain": str(urlsplit(url).hostname), "path": "/"}
            context.add_cookies([seat])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{url}/console/c/{conversation_id}")
            page.wait_for_selector("#live[data-state=on]")
            pages.append(page)
        yield Pages(tuple(pages))


@contextmanager
def _browser() -> "Iterator[Browser]":
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NotReadyError("--console needs Playwright; run: pip install 'customer-copilot[dev]'") from error
    if not CHROMIUM.is_file():
        raise NotReadyError(f"--console needs {CHROMIUM}; run: apt-get install chromium")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
            yield browser
            browser.close()
    except Error as error:
        raise NotReadyError(f"a console did not open: {str(error).splitlines()[0]}") from error
