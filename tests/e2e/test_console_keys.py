"""Every key of the table, pressed in a browser."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlmodel import col

from copilot.runtime import Runtime
from copilot.web.console.keys import KEYS, Key, Place
from knowledge.tables import Decision, SuggestionSet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "保温杯怎么清洗"
REPLIES = {
    "cup-soda": "小苏打加温水浸泡半小时，再用软毛刷刷洗杯身。",
    "cup-lid": "密封圈要拆下来单独清洁，晾干以后再装回去。",
    "cup-not": "不锈钢内胆请不要用钢丝球，也不要放进洗碗机。",
}
CUPS = {"cup-s": "保温杯 350", "cup-m": "保温杯 500", "cup-l": "保温杯 750"}


@pytest.fixture(scope="module", autouse=True)
def cups(server: str) -> None:
    """Three replies and three products for one question."""
    for script_id, text in REPLIES.items():
        body = {"id": script_id, "text": text, "triggers": [QUESTION], "title": script_id}
        httpx2.post(f"{server}/v1/scripts", json=body).raise_for_status()
        httpx2.post(f"{server}/v1/scripts/{script_id}/publish", json={}).raise_for_status()
    for sku, name in CUPS.items():
        product = {"name": name, "price_fen": 8_900, "stock": 9, "url": f"https://shop.example/{sku}"}
        httpx2.put(f"{server}/v1/products/{sku}", json={**product, "description": QUESTION}).raise_for_status()


@pytest.fixture
def asked(desk: Any) -> Any:
    """A page with three replies and three products, and the focus in no box."""
    desk.play(QUESTION)
    expect(desk.page.locator(".card")).to_have_count(3)
    expect(desk.page.locator(".product[data-rank]")).to_have_count(3)
    desk.page.evaluate("document.activeElement.blur()")
    return desk


def reply(desk: Any, rank: str) -> str:
    text: str = desk.page.locator(f".card[data-rank='{rank}'] .reply").text_content()
    return text


def decisions(runtime: Runtime, desk: Any) -> list[Decision]:
    query = (
        select(Decision)
        .join(SuggestionSet, col(SuggestionSet.id) == col(Decision.set_id))
        .where(col(SuggestionSet.conversation_id) == desk.conversation_id)
    )
    with runtime.workspace.database.read() as session:
        return list(session.execute(query).scalars())


def accept(desk: Any, key: Key, press: Callable[[], None], _: Runtime) -> None:
    wanted = reply(desk, key.argument)
    press()
    expect(desk.page.locator(".bubble.agent .said")).to_have_text(wanted)
    assert desk.messages()[-1]["text"] == wanted


def choose(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    for rank in ("1", "2", "3", "1"):
        press()
        expect(desk.page.locator(f".card[data-rank='{rank}']")).to_be_focused()


def edit(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.keyboard.press("s")
    desk.page.keyboard.press("s")
    press()
    expect(desk.page.locator("#draft")).to_be_focused()
    expect(desk.page.locator("#draft")).to_have_value(reply(desk, "2"))


def append(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.fill("#draft", "您好")
    for rank in ("1", "2"):
        before = desk.page.input_value("#draft")
        desk.page.evaluate("document.activeElement.blur()")
        press()
        expect(desk.page.locator("#draft")).to_have_value(f"{before}\n{reply(desk, rank)}")


def copy(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press()
    expect(desk.page.locator("#notice")).to_contain_text("已复制")
    assert desk.page.evaluate("navigator.clipboard.readText()") == reply(desk, "1")


def dismiss(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#dismiss")).to_be_visible()


def products(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator(".product[data-rank='1']")).to_be_focused()


def insert(desk: Any, key: Key, press: Callable[[], None], runtime: Runtime) -> None:
    name = desk.page.locator(f".product[data-rank='{key.argument}'] strong").text_content()
    desk.page.keyboard.press("p")
    press()
    sku = next(sku for sku, one in CUPS.items() if one == name)
    expect(desk.page.locator("#draft")).to_have_value(f"{name} ¥89\nhttps://shop.example/{sku}")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#draft")).to_have_value("")
    (decision,) = decisions(runtime, desk)
    assert (decision.item_kind, decision.rank, decision.item_id) == ("product", int(key.argument), sku)


def request(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#wish")).to_have_value(QUESTION)
    expect(desk.page.locator("#wish-note")).to_be_focused()


def undo(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.keyboard.press("x")
    desk.page.keyboard.press("1")
    expect(desk.page.locator(".card[data-rank='1']")).to_have_count(0)
    desk.page.evaluate("document.activeElement.blur()")
    press()
    expect(desk.page.locator(".card[data-rank='1']")).to_be_visible()


def search(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#search-q")).to_be_focused()
    expect(desk.page.locator("#search-q")).to_have_value("")


def why_not(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#why-not-q")).to_be_focused()


def to_reply(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#draft")).to_be_focused()
    expect(desk.page.locator("#draft")).to_have_value("")


def current(desk: Any) -> int:
    found: int = desk.page.evaluate(
        "[...document.querySelectorAll('#list a.row')].findIndex((row) => row.hasAttribute('aria-current'))"
    )
    return found


def address(desk: Any, row: int) -> str:
    path: str = desk.page.locator("#list a.row").nth(row).get_attribute("href")
    return path


def another(desk: Any, text: str) -> str:
    """A conversation of somebody else, who waits; drawn into the list."""
    opened: str = httpx2.post(f"{desk.url}/v1/conversations", json={"customer_id": "c2"}).json()["id"]
    path = f"{desk.url}/v1/conversations/{opened}/messages"
    httpx2.post(path, json={"role": "customer", "text": text}).raise_for_status()
    expect(desk.page.locator(f"#list a[href$='{opened}'] .waiting")).to_be_visible()
    return opened


def waiting(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    another(desk, "我要投诉，东西坏了")
    rows = desk.page.locator("#list a.row:has(.waiting):not([aria-current])")
    wanted = rows.first.get_attribute("href")
    press()
    desk.page.wait_for_url(f"**{wanted}*")


def following(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    another(desk, "在吗")
    desk.page.goto(f"{desk.url}{address(desk, 0)}")
    wanted = address(desk, 1)
    press()
    desk.page.wait_for_url(f"**{wanted}*")


def previous(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    another(desk, "在吗")
    desk.page.goto(f"{desk.url}{address(desk, 1)}")
    wanted = address(desk, current(desk) - 1)
    press()
    desk.page.wait_for_url(f"**{wanted}*")


def help_(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    press()
    expect(desk.page.locator("#help")).to_be_visible()


def step(desk: Any, key: Key, press: Callable[[], None], _: Runtime) -> None:
    for _i in range(2):
        desk.page.keyboard.press("s")
    press()
    expect(desk.page.locator(f".card[data-rank='{2 + int(key.argument)}']")).to_be_focused()


def send(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.fill("#draft", "稍等，我看一下")
    press()
    expect(desk.page.locator(".bubble.agent .said")).to_have_text("稍等，我看一下")


def newline(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.fill("#draft", "第一行")
    press()
    desk.page.keyboard.type("2")
    expect(desk.page.locator("#draft")).to_have_value("第一行\n2")
    assert len(desk.messages()) == 1


def reason(desk: Any, key: Key, press: Callable[[], None], runtime: Runtime) -> None:
    desk.page.keyboard.press("x")
    press()
    expect(desk.page.locator(".card[data-rank='1']")).to_have_count(0)
    (decision,) = decisions(runtime, desk)
    assert decision.reason == ("irrelevant", "tone", "wrong", "outdated", "other")[int(key.argument) - 1]


def find(desk: Any, words: str) -> None:
    desk.page.keyboard.press("/")
    desk.page.keyboard.type(words)
    expect(desk.page.locator(f"#search-list[data-for='{words}'] .hit").first).to_have_attribute("aria-selected", "true")


def move(desk: Any, key: Key, press: Callable[[], None], _: Runtime) -> None:
    find(desk, QUESTION)
    desk.page.keyboard.press("ArrowDown")
    press()
    hits = desk.page.locator("#search-list .hit")
    expect(hits.nth(1 + int(key.argument))).to_have_attribute("aria-selected", "true")
    expect(desk.page.locator("#search-list .hit[aria-selected=true]")).to_have_count(1)


def take(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    find(desk, "无理由退货")
    press()
    expect(desk.page.locator("#search")).to_be_hidden()
    expect(desk.page.locator("#draft")).to_be_focused()
    expect(desk.page.locator("#draft")).to_have_value("七天内未拆封可以无理由退货。")


def leave(desk: Any, _key: Key, press: Callable[[], None], _: Runtime) -> None:
    desk.page.keyboard.press("Shift+Slash")
    expect(desk.page.locator("#help")).to_be_visible()
    press()
    expect(desk.page.locator("#help")).to_be_hidden()
    desk.page.focus("#draft")
    press()
    expect(desk.page.locator("#draft")).not_to_be_focused()


CHECKS: Mapping[str, Callable[[Any, Key, Callable[[], None], Runtime], None]] = {
    "accept": accept,
    "choose": choose,
    "edit": edit,
    "append": append,
    "copy": copy,
    "dismiss": dismiss,
    "products": products,
    "insert": insert,
    "request": request,
    "undo": undo,
    "search": search,
    "why-not": why_not,
    "reply": to_reply,
    "waiting": waiting,
    "next": following,
    "previous": previous,
    "help": help_,
    "step": step,
    "send": send,
    "newline": newline,
    "reason": reason,
    "move": move,
    "take": take,
    "leave": leave,
}


def named(key: Key) -> str:
    return f"{key.place}-{key.label}"


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_a_key_does_what_the_table_says(asked: Any, key: Key, runtime: Runtime) -> None:
    combined = f"Shift+{key.code}" if key.shift else key.code
    CHECKS[key.action](asked, key, lambda: asked.page.keyboard.press(combined), runtime)


def test_the_page_and_its_help_hold_the_whole_table_and_no_other_key(desk: Any) -> None:
    shown = desk.page.eval_on_selector_all(
        "#help [data-codes]",
        "keys => keys.map(({ dataset: d, textContent }) => "
        "[d.codes, 'shift' in d, d.at, d.action, d.argument, 'repeats' in d, textContent])",
    )
    wanted = [[one.codes, one.shift, one.place, one.action, one.argument, one.repeats, one.label] for one in KEYS]
    assert shown == wanted


@pytest.mark.parametrize("key", [key for key in KEYS if key.place is Place.PAGE], ids=named)
def test_a_key_of_the_page_means_nothing_in_a_box(asked: Any, key: Key) -> None:
    page = asked.page
    page.focus("#as-customer")
    page.keyboard.press(f"Shift+{key.code}" if key.shift else key.code)
    assert page.locator("dialog[open]").count() == 0
    assert page.input_value("#draft") == ""
    expect(page.locator("#as-customer")).to_be_focused()
    assert len(asked.messages()) == 1
