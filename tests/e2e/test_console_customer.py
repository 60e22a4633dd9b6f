from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def tags(desk: Any, customer: str) -> list[str]:
    return [one["tag"] for one in httpx2.get(f"{desk.url}/v1/customers/{customer}").json()["tags"]]


def findings(page: Any) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(one["impact"], one["id"]) for one in found if one["impact"] in ("serious", "critical")]


def test_a_tag_is_given_by_keyboard_and_undone(desk: Any, customer: str) -> None:
    page = desk.page
    page.locator("#new-tag").fill("肤质：油皮")
    page.keyboard.press("Enter")
    expect(page.locator(".tags")).to_contain_text("肤质：油皮")
    expect(page.locator("#tag-undo")).to_be_visible()
    assert "肤质" in tags(desk, customer)
    page.locator("#tag-undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tags")).not_to_contain_text("肤质：油皮")
    assert "肤质" not in tags(desk, customer)


def test_a_tag_is_taken_away_with_one_click_and_given_back(desk: Any, customer: str) -> None:
    page = desk.page
    page.get_by_role("button", name="移除标签「敏感肌」").click()
    expect(page.locator(".portrait-tags")).to_contain_text("已移除「敏感肌」")
    assert tags(desk, customer) == []
    page.locator("#tag-undo").click()
    expect(page.locator(".tags")).to_contain_text("敏感肌")
    assert tags(desk, customer) == ["敏感肌"]


def test_a_tag_the_shop_uses_is_one_click_away(desk: Any, customer: str) -> None:
    page = desk.page
    httpx2.delete(f"{desk.url}/v1/customers/{customer}/tags/敏感肌").raise_for_status()
    page.reload()
    page.locator(".suggested button", has_text="敏感肌").click()
    expect(page.locator(".tags")).to_contain_text("敏感肌")
    assert tags(desk, customer) == ["敏感肌"]


def test_what_is_unfolded_and_typed_stays_when_the_panel_is_drawn_again(desk: Any) -> None:
    page = desk.page
    fold = page.locator("#customer details.taste").first
    fold.locator("summary").click()
    page.locator("#new-tag").fill("写到一半")
    with page.expect_response(lambda response: response.url.endswith("/customer")):
        page.evaluate("window.htmx.trigger('#customer', 'refresh')")
    expect(page.locator("#new-tag")).to_have_value("写到一半")
    expect(page.locator("#customer details.taste").first).to_have_attribute("open", "")


def test_the_intent_rises_with_what_the_customer_asks(desk: Any) -> None:
    page = desk.page
    expect(page.locator(".intent .score b")).to_have_text("0")
    desk.say("面霜多少钱，怎么下单")
    page.evaluate("window.htmx.trigger('#customer', 'refresh')")
    expect(page.locator(".intent .score b")).to_have_text("26")
    expect(page.locator(".moves li").first).to_contain_text("问下单")
    expect(page.locator(f"[id='row-{desk.conversation_id}'] .marks")).to_contain_text("意向 26")


def test_markup_in_a_tag_is_shown_as_text(desk: Any) -> None:
    page = desk.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    page.locator("#new-tag").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.locator(".tags")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#customer img").count() == 0


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_has_no_serious_finding(desk: Any, width: int, scheme: Any) -> None:
    page = desk.page
    desk.say("面霜多少钱")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.reload()
    page.wait_for_selector("#customer .portrait-tags")
    page.evaluate("for (const one of document.querySelectorAll('#customer details')) one.open = true")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_group_shows_members_and_no_tags(desk: Any, customer: str) -> None:
    page = desk.page
    opened = httpx2.post(f"{desk.url}/v1/conversations", json={"customer_id": customer, "scene": "group"}).json()["id"]
    said = {"role": "customer", "text": "大家好"}
    httpx2.post(f"{desk.url}/v1/conversations/{opened}/messages", json=said).raise_for_status()
    page.goto(f"{desk.url}/console/c/{opened}")
    expect(page.locator("#customer .in-group li")).to_have_count(1)
    expect(page.locator("#customer")).not_to_contain_text("敏感肌")
    assert page.locator("#new-tag").count() == 0
