import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SENSITIVE = "这款不含酒精和香精，敏感肌建议先在耳后试用两天。"


def test_a_customer_message_brings_suggestions_and_key_1_sends_the_first(desk: Any) -> None:
    page = desk.page
    desk.play("敏感肌能用吗")
    expect(page.locator(".bubble.customer .said")).to_have_text("敏感肌能用吗")
    expect(page.locator(".card[data-rank='1'] .reply")).to_have_text(SENSITIVE)
    expect(page.locator(".card[data-rank='1'] mark")).to_have_text("敏感肌能用吗")
    expect(page.locator("#announce")).to_have_text(re.compile(r"\d 条建议回复"))
    desk.press("1")
    expect(page.locator(".bubble.agent .said")).to_have_text(SENSITIVE)
    expect(page.locator(".bubble.agent .from")).to_have_text("话术 sensitive")
    expect(page.locator("#suggestions")).to_contain_text("等待客户发来消息")


def test_key_e_puts_the_text_into_the_box_and_enter_sends_it(desk: Any) -> None:
    page = desk.page
    desk.play("敏感肌能用吗")
    page.wait_for_selector(".card")
    desk.press("e")
    expect(page.locator("#draft")).to_be_focused()
    expect(page.locator("#draft")).to_have_value(SENSITIVE)
    page.keyboard.type("好的")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("请放心")
    page.keyboard.press("Enter")
    expect(page.locator("#draft")).to_have_value("")
    sent = desk.messages()[-1]
    assert (sent["text"], sent["script_id"]) == (f"{SENSITIVE}好的\n请放心", "sensitive")


def test_key_x_asks_for_the_reason_and_takes_the_card_away(desk: Any) -> None:
    page = desk.page
    desk.play("敏感肌能用吗")
    page.wait_for_selector(".card[data-rank='1']")
    desk.press("x")
    expect(page.locator("#dismiss")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator(".card[data-rank='1']")).to_have_count(0)
    expect(page.locator("#dismiss")).to_be_hidden()
    assert len(desk.messages()) == 1


def test_a_suggestion_the_conversation_has_left_behind_is_not_sent(desk: Any) -> None:
    page = desk.page
    desk.play("敏感肌能用吗")
    page.wait_for_selector(".card")
    desk.press("e")
    page.keyboard.type("！")
    desk.say("算了，可以退货吗")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("这条建议已过时")
    expect(page.locator("#draft")).to_have_value(f"{SENSITIVE}！")
    expect(page.locator("#thread")).to_contain_text("算了，可以退货吗")
    assert [one["role"] for one in desk.messages()] == ["customer", "customer"]


def test_markup_is_shown_as_text(desk: Any) -> None:
    page = desk.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    desk.play("<script>alert(1)</script>")
    expect(page.locator(".bubble.customer .said")).to_have_text("<script>alert(1)</script>")
    desk.play("会员日有什么活动")
    expect(page.locator("#suggestions")).to_contain_text("会员")
    assert page.locator("#thread script, #suggestions img, #list i").count() == 0


def test_a_message_from_elsewhere_appears_without_touching_the_draft(desk: Any) -> None:
    page = desk.page
    page.fill("#draft", "写到一半")
    desk.say("可以退货吗")
    expect(page.locator(".bubble.customer .said")).to_have_text("可以退货吗")
    expect(page.locator(".card .reply").first).to_contain_text("无理由退货")
    expect(page.locator("#draft")).to_have_value("写到一半")
    page.reload()
    expect(page.locator("#draft")).to_have_value("写到一半")


def test_digits_typed_into_a_box_or_an_input_method_send_nothing(desk: Any) -> None:
    page = desk.page
    desk.play("敏感肌能用吗")
    page.wait_for_selector(".card")
    page.focus("#draft")
    page.keyboard.type("1")
    composing = (
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'Digit1', isComposing: true, bubbles: true}))"
    )
    page.evaluate(composing)
    expect(page.locator("#draft")).to_have_value("1")
    assert len(desk.messages()) == 1


def test_without_a_suggestion_a_script_can_be_requested(desk: Any) -> None:
    page = desk.page
    desk.play("zxqv wklj")
    page.locator("#suggestions").get_by_role("button", name="申请话术").click()
    expect(page.locator("#wish")).to_have_value("zxqv wklj")
    page.fill("#wish-note", "问的是什么牌子")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("已申请")
    wished = [one for one in httpx2.get(f"{desk.url}/v1/candidates").json() if one["triggers"] == ["zxqv wklj"]]
    assert [one["evidence"]["note"] for one in wished] == ["问的是什么牌子"]


def test_the_keys_are_shown_and_escape_closes_them(desk: Any) -> None:
    desk.press("Shift+Slash")
    expect(desk.page.locator("#help")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#help")).to_be_hidden()


def test_a_new_conversation_is_opened_for_a_customer_that_was_found(server: str, page: Page) -> None:
    page.goto(f"{server}/console?lang=en")
    expect(page.get_by_role("heading", name="Choose a conversation")).to_be_visible()
    page.locator("nav [data-opens=new]").click()
    page.get_by_label("Find a customer").fill("小满")
    page.locator("#found").get_by_text("林小满").first.click()
    page.get_by_label("Group").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/console/c/*")
    expect(page.locator(".talk .head")).to_contain_text("Group")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (400, 800)])
def test_nothing_is_wider_than_the_window(desk: Any, width: int, height: int) -> None:
    page = desk.page
    page.set_viewport_size({"width": width, "height": height})
    desk.play("敏感肌能用吗")
    page.wait_for_selector(".card")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("#draft")).to_be_in_viewport()


def test_a_question_worth_asking_is_added_to_what_is_being_written(desk: Any) -> None:
    page = desk.page
    for number, colour in enumerate(("豆沙色", "正红色", "豆沙色", "橘色")):
        product = {"name": f"水光唇釉{number}", "category": "唇釉", "stock": 9, "attributes": {"色号": colour}}
        httpx2.put(f"{desk.url}/v1/products/lip-{number}", json=product).raise_for_status()
    desk.play("推荐一款唇釉")
    page.fill("#draft", "您好～")
    page.get_by_role("button", name="写进回复").click()
    expect(page.locator("#draft")).to_have_value(re.compile("^您好～ .*色号.*豆沙色"))
    assert [message["text"] for message in desk.messages()] == ["推荐一款唇釉"]
