"""What an agent does beyond the plain reply: library, products, undo, openings, groups, drafts, input methods."""

from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from copilot.runtime import Runtime
from knowledge.tables import DEFAULT_TENANT, Customer, CustomerTag, Decision, SuggestionSet
from knowledge.workspace import utc_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "行李箱可以托运吗"
CASE = "可以托运，二十寸以内也能带上飞机。"
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\u202eמימין לשמאל\u202c‮ reversed",
    "零\u200b宽\u200d字\ufeff符",
    "👩‍👩‍👧‍👦🏳️‍🌈😂" * 20,
    "{{customer.name}} ${7*7} {{ 7*7 }}",
    "超" * 20_000,
)


@pytest.fixture(scope="module", autouse=True)
def cases(server: str) -> None:
    """A reply, one of another stage, one nobody may send, and a product for the same question."""
    publish(server, "case", CASE, [QUESTION])
    publish(server, "case-more", "箱内的充电宝请取出来随身带。", [QUESTION])
    publish(server, "case-gold", "黑金会员免费升级行李额度。", ["行李额度"], audience={"all": ["黑金"]})
    body = {"id": "case-draft", "text": "行李箱的保修期是三年。", "triggers": ["行李箱保修"]}
    httpx2.post(f"{server}/v1/scripts", json=body).raise_for_status()
    product = {"name": "行李箱 20 寸", "price_fen": 39_900, "stock": 9, "url": "https://shop.example/case"}
    httpx2.put(f"{server}/v1/products/case", json={**product, "description": QUESTION}).raise_for_status()


def publish(server: str, script_id: str, text: str, triggers: list[str], **content: Any) -> None:
    body = {"id": script_id, "text": text, "triggers": triggers, "title": script_id, **content}
    httpx2.post(f"{server}/v1/scripts", json=body).raise_for_status()
    httpx2.post(f"{server}/v1/scripts/{script_id}/publish", json={}).raise_for_status()


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


@pytest.mark.parametrize(
    ("words", "how"),
    [("case", "标题"), ("带上飞机", "词语"), ("xinglixiang", "拼音"), ("cdb", "首字母")],
)
def test_the_library_is_searched_by_words_and_by_sound(asked: Any, words: str, how: str) -> None:
    find(asked, words)
    first = asked.page.locator("#search-list .hit").first
    expect(first).to_have_attribute("data-script", "case-more" if words == "cdb" else "case")
    expect(first.locator(".how")).to_contain_text(how)
    expect(first.locator("mark").first).to_be_visible()


def test_enter_does_not_take_the_result_of_what_was_typed_before(asked: Any) -> None:
    find(asked, "case")
    asked.page.fill("#search-q", "")
    asked.page.keyboard.type("无理由退货")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator("#draft")).to_have_value("七天内未拆封可以无理由退货。")


def test_a_filter_narrows_the_results(asked: Any) -> None:
    publish(asked.url, "case-stage", "行李箱交付时请当面验货。", ["行李箱验货"], stages=["交付"])
    find(asked, "验货")
    expect(asked.page.locator("#search-list [data-script='case-stage']")).to_be_visible()
    asked.page.locator("#search select[name=stage]").select_option("获客")
    expect(asked.page.locator("#search [data-script='case-stage']")).to_have_count(0)


def test_nothing_found_leads_to_asking_for_a_script(asked: Any) -> None:
    find(asked, "zxqvwklj")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator("#request")).to_be_visible()
    expect(asked.page.locator("#wish")).to_have_value(QUESTION)
    expect(asked.page.locator("#wish-note")).to_have_value("zxqvwklj")


def test_what_comes_from_the_library_keeps_its_script(asked: Any) -> None:
    find(asked, "无理由退货")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator(".editing")).to_contain_text("returns")
    asked.page.keyboard.type("请保留吊牌")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator("#draft")).to_have_value("")
    said = asked.messages()[-1]
    assert (said["text"], said["script_id"]) == ("七天内未拆封可以无理由退货。请保留吊牌", "returns")


@pytest.mark.parametrize(
    ("words", "fate", "says"),
    [
        ("case-gold", "excluded", "黑金"),
        ("case-draft", "not_live", "草稿"),
        ("case", "shown", "就在建议里"),
    ],
)
def test_why_not_says_what_became_of_any_script(asked: Any, words: str, fate: str, says: str) -> None:
    find(asked, words, "why-not")
    asked.page.keyboard.press("Enter")
    shown = asked.page.locator("#fate .fate")
    expect(shown).to_have_attribute("data-fate", fate)
    expect(shown).to_contain_text(says)


def test_why_not_shows_the_score_beside_that_of_the_first(asked: Any) -> None:
    find(asked, "returns", "why-not")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator(".duel thead")).to_contain_text("排在最前的 case")
    row = asked.page.locator(".duel tbody tr", has_text="与触发语一致")
    expect(row.locator("td").nth(1)).to_contain_text("+")
    assert asked.page.locator(".duel tbody tr").count() >= 3


def test_a_product_joins_a_reply_that_is_being_edited(asked: Any, runtime: Runtime) -> None:
    asked.press("e")
    asked.press("p")
    asked.page.keyboard.press("1")
    card = "行李箱 20 寸 ¥399\nhttps://shop.example/case"
    expect(asked.page.locator("#draft")).to_have_value(f"{CASE}\n{card}")
    expect(asked.page.locator(".editing")).to_contain_text("商品")
    asked.page.keyboard.press("Enter")
    expect(asked.page.locator("#draft")).to_have_value("")
    assert kinds(runtime, asked.conversation_id) == {("edit", "reply", "case"), ("edit", "product", "case")}


def kinds(runtime: Runtime, conversation_id: str) -> set[tuple[str, str, str | None]]:
    query = (
        select(Decision)
        .join(SuggestionSet, col(SuggestionSet.id) == col(Decision.set_id))
        .where(col(SuggestionSet.conversation_id) == conversation_id)
    )
    with runtime.workspace.database.read() as session:
        return {(one.kind.value, one.item_kind, one.item_id) for one in session.execute(query).scalars()}


def test_without_products_a_digit_after_p_sends_nothing(desk: Any) -> None:
    desk.play("敏感肌能用吗")
    expect(desk.page.locator(".card")).not_to_have_count(0)
    desk.page.evaluate("document.querySelectorAll('.product').forEach((one) => one.remove())")
    desk.press("p")
    desk.page.keyboard.press("1")
    expect(desk.page.locator("#notice")).to_contain_text("没有可以这样做的")
    assert len(desk.messages()) == 1


def test_the_button_takes_a_sent_message_back_into_the_box(asked: Any) -> None:
    asked.press("1")
    button = asked.page.locator("#undo").get_by_role("button", name="撤回")
    button.click()
    expect(asked.page.locator("#draft")).to_have_value(CASE)
    gone = asked.page.locator(".bubble.agent.is-withdrawn .said")
    expect(gone).to_have_text(CASE)
    assert "line-through" in gone.evaluate("(one) => getComputedStyle(one).textDecorationLine")
    expect(button).to_have_count(0)
    expect(asked.page.locator(".card[data-rank='1'] .reply")).to_have_text(CASE)


def test_a_stale_suggestion_cannot_be_accepted(asked: Any) -> None:
    asked.page.evaluate("document.querySelector('#suggestions').toggleAttribute('data-stale', true)")
    asked.press("1")
    expect(asked.page.locator("#notice")).to_contain_text("已过时")
    asked.page.locator(".card .accept").first.click(force=True)
    assert len(asked.messages()) == 1


def test_an_opening_is_suggested_and_sent(server: str, page: Page, runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        shared = {"tenant_id": DEFAULT_TENANT}
        session.add(Customer(**shared, id="opened", name="周敏", updated_at=utc_now()))
        session.add(CustomerTag(**shared, customer_id="opened", tag="开场", valid_from=utc_now()))
    publish(server, "opening", "周末好，新到的箱子想先给您看看。", ["你好"], audience={"all": ["开场"]})
    opened = httpx2.post(f"{server}/v1/conversations", json={"customer_id": "opened"}).json()["id"]
    page.goto(f"{server}/console/c/{opened}?lang=zh")
    expect(page.locator("#suggestions h2")).to_have_text("开场建议")
    wanted = page.locator(".card[data-rank='1'] .reply").text_content() or ""
    page.keyboard.press("1")
    expect(page.locator(".bubble.agent .said")).to_have_text(wanted)
    expect(page.locator("#suggestions")).to_contain_text("等待客户发来消息")


def test_a_group_shows_members_and_nothing_private(server: str, page: Page) -> None:
    publish(server, "named", "{{customer.name}}您好，行李箱有现货。", ["行李箱有货吗"])
    group = httpx2.post(f"{server}/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    for author, text in (("c2", "行李箱有货吗"), ("c1", "我要投诉，拉杆坏了"), ("c1", "推荐一款行李箱")):
        body = {"role": "customer", "text": text, "author_id": author}
        httpx2.post(f"{server}/v1/conversations/{group}/messages", json=body).raise_for_status()
    page.goto(f"{server}/console/c/{group}?lang=zh")
    expect(page.locator(".members li")).to_have_text(["<i>斜体</i>", "林小满"])
    expect(page.locator("#suggestions")).to_contain_text("客户在投诉，此时不推荐商品")
    expect(page.locator(".product[data-rank]")).to_have_count(0)
    expect(page.locator("#suggestions")).not_to_contain_text("林小满")
    expect(page.locator("#customer")).not_to_contain_text("杭州")


def test_playing_the_customer_is_switched_on_and_stays_on(server: str, page: Page) -> None:
    opened = httpx2.post(f"{server}/v1/conversations", json={"customer_id": "c2"}).json()["id"]
    page.goto(f"{server}/console/c/{opened}?lang=zh")
    switch = page.get_by_role("switch", name="模拟客户")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(page.locator("#as-customer")).to_have_count(0)
    switch.click()
    expect(page.locator("#as-customer")).to_be_visible()
    expect(page.locator("#play")).to_contain_text("演练")
    page.reload()
    expect(page.get_by_role("switch", name="模拟客户")).to_have_attribute("aria-checked", "true")


def test_a_draft_survives_a_reload_with_what_it_was_made_of(asked: Any) -> None:
    page = asked.page
    asked.press("e")
    page.keyboard.type("改")
    page.reload()
    expect(page.locator("#draft")).to_have_value(f"{CASE}改")
    expect(page.locator(".editing")).to_contain_text("第 1 条")
    page.focus("#draft")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble.agent .from")).to_have_text("话术 case")


def test_every_conversation_has_a_draft_of_its_own(asked: Any) -> None:
    page = asked.page
    page.fill("#draft", "这里的")
    other = httpx2.post(f"{asked.url}/v1/conversations", json={"customer_id": "c2"}).json()["id"]
    page.goto(f"{asked.url}/console/c/{other}")
    expect(page.locator("#draft")).to_have_value("")
    page.fill("#draft", "那里的")
    page.goto(f"{asked.url}/console/c/{asked.conversation_id}")
    expect(page.locator("#draft")).to_have_value("这里的")


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "rtl", "zero-width", "emoji", "templates", "20000"])
def test_hostile_text_is_text_in_the_draft_the_thread_and_the_library(desk: Any, text: str) -> None:
    page = desk.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    desk.say(text)
    expect(page.locator(".bubble.customer .said")).to_have_text(text.strip("\ufeff"))
    page.fill("#draft", text)
    page.reload()
    expect(page.locator("#draft")).to_have_value(text)
    desk.press("/")
    page.fill("#search-q", text[:200])
    expect(page.locator("#search-results [data-for]")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('#thread script, #thread img, #search-results img').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def compose(page: Page, text: str) -> Any:
    """Begin to write with an input method, in whatever has the focus."""
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    return session


COMPOSED_KEY = """([code, key]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { code, key, keyCode: 229, isComposing: true, bubbles: true, cancelable: true }))"""


def test_an_input_method_in_the_box_neither_sends_nor_runs_keys(asked: Any) -> None:
    page = asked.page
    page.focus("#draft")
    session = compose(page, "nihao")
    expect(page.locator("#draft")).to_have_value("nihao")
    for code, key in (("Enter", "Enter"), ("Digit1", "1"), ("Escape", "Escape"), ("Space", " ")):
        assert page.evaluate(COMPOSED_KEY, [code, key]), code
    expect(page.locator("#draft")).to_be_focused()
    assert len(asked.messages()) == 1
    session.send("Input.insertText", {"text": "你好"})
    expect(page.locator("#draft")).to_have_value("你好")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble.agent .said")).to_have_text("你好")


def test_an_input_method_in_the_search_neither_takes_nor_moves(asked: Any) -> None:
    page = asked.page
    find(asked, "case")
    page.fill("#search-q", "")
    session = compose(page, "tuihuo")
    for code in ("Enter", "ArrowDown", "Escape"):
        assert page.evaluate(COMPOSED_KEY, [code, code]), code
    expect(page.locator("#search")).to_be_visible()
    session.send("Input.insertText", {"text": "退货"})
    expect(page.locator("#search [data-for='退货']")).to_be_visible()
    expect(page.locator("#draft")).to_have_value("")


@pytest.mark.parametrize(
    ("opener", "window"),
    [
        ("[data-opens='why-not']", "#why-not"),
        (".bar [data-opens='help']", "#help"),
        (".card [data-does='dismiss']", "#dismiss"),
    ],
)
def test_the_focus_returns_to_where_a_window_was_opened(asked: Any, opener: str, window: str) -> None:
    page = asked.page
    page.locator(opener).first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(window)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(window)).to_be_hidden()
    inside = ".card" if window == "#dismiss" else opener
    assert page.evaluate("(inside) => Boolean(document.activeElement.closest(inside))", inside)
