"""Every state of the console, scanned for what people with other needs would stumble over."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "雨伞能带上地铁吗"
REPLIES = {"umbrella": "可以，收好放进伞套就行。", "umbrella-long": "长柄伞请竖着拿，不要挡住车门。"}


@pytest.fixture(scope="module", autouse=True)
def umbrellas(server: str) -> None:
    """Two replies and a product for one question."""
    for script_id, text in REPLIES.items():
        body = {"id": script_id, "text": text, "triggers": [QUESTION], "title": script_id}
        httpx2.post(f"{server}/v1/scripts", json=body).raise_for_status()
        httpx2.post(f"{server}/v1/scripts/{script_id}/publish", json={}).raise_for_status()
    product = {"name": "折叠雨伞", "price_fen": 5_900, "stock": 9, "description": QUESTION}
    httpx2.put(f"{server}/v1/products/umbrella", json=product).raise_for_status()


@pytest.fixture
def asked(desk: Any) -> Any:
    desk.play(QUESTION)
    expect(desk.page.locator(".card[data-rank='1']")).to_be_visible()
    desk.page.evaluate("document.activeElement.blur()")
    return desk


def find(desk: Any, words: str, window: str = "search") -> None:
    desk.page.keyboard.press("/" if window == "search" else "w")
    desk.page.keyboard.type(words)
    expect(desk.page.locator(f"#{window} [data-for='{words}']")).to_be_visible()


def seen(_: Any) -> None:
    """The page as it stands."""


def searching(desk: Any) -> None:
    find(desk, "雨伞")


def asking_why(desk: Any) -> None:
    find(desk, "returns", "why-not")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#fate .duel")).to_be_visible()


def dismissing(desk: Any) -> None:
    desk.press("x")


def wishing(desk: Any) -> None:
    desk.press("n")


def helping(desk: Any) -> None:
    desk.press("Shift+Slash")


def stale(desk: Any) -> None:
    desk.page.evaluate("document.querySelector('#suggestions').toggleAttribute('data-stale', true)")


def composing(desk: Any) -> None:
    desk.press("e")
    desk.press("p")
    desk.page.keyboard.press("1")


def undone(desk: Any) -> None:
    desk.press("1")
    desk.page.locator("#undo button").click()
    expect(desk.page.locator(".is-withdrawn")).to_be_visible()


STATES: tuple[Callable[[Any], None], ...] = (
    seen,
    searching,
    asking_why,
    dismissing,
    wishing,
    helping,
    stale,
    composing,
    undone,
)


@pytest.fixture(params=[("light", 1280), ("dark", 400)], ids=["light-1280", "dark-400"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Bright and wide, or dark and narrow where a test says so."""
    scheme, width = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="zh-CN", color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_state_has_a_serious_finding_of_axe(asked: Any, state: Callable[[Any], None]) -> None:
    state(asked)
    expect(asked.page.locator("#customer")).not_to_be_empty()
    found = Axe().run(asked.page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
    assert asked.page.evaluate("document.documentElement.scrollWidth") <= asked.page.viewport_size["width"]
