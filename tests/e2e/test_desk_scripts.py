from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def word(server: str) -> str:
    """A word that only the two scripts of this test have in their titles."""
    word = f"w{uuid4().hex[:8]}"
    for number in (1, 2):
        body = {"id": f"{word}-{number}", "text": f"第 {number} 条", "title": f"{word} {number}", "stages": ["交付"]}
        httpx2.post(f"{server}/v1/scripts", json=body).raise_for_status()
    httpx2.post(f"{server}/v1/scripts/{word}-1/publish", json={}).raise_for_status()
    return word


@pytest.fixture
def listed(server: str, page: Page, word: str) -> Iterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(f"{server}/desk/scripts?q={word}&lang=zh")
    page.wait_for_selector("body[data-ready]")
    yield page
    assert problems == []


def test_a_facet_narrows_the_list_and_a_view_keeps_it(listed: Page, word: str) -> None:
    expect(listed.locator(".script")).to_have_count(2)
    listed.get_by_role("link", name="草稿 1").click()
    expect(listed.locator(".script")).to_have_count(1)
    listed.fill(".keep input", f"我的 {word}")
    listed.get_by_role("button", name="保存视图").click()
    view = listed.get_by_role("link", name=f"我的 {word}", exact=True)
    expect(view).to_be_visible()
    listed.get_by_role("link", name="全部", exact=True).click()
    view.click()
    expect(listed.locator(".script")).to_have_count(1)
    listed.get_by_role("button", name=f"删除视图「我的 {word}」").click()
    expect(view).to_have_count(0)


def test_scripts_are_chosen_changed_and_brought_back_by_keys(listed: Page) -> None:
    for key in ("j", "x", "j", "x"):
        listed.keyboard.press(key)
    expect(listed.locator("#n-chosen")).to_have_text("已选 2 条")
    listed.select_option("#action", "owner")
    listed.fill("[name=new_owner]", "王")
    listed.keyboard.press("Escape")
    listed.evaluate("document.activeElement.blur()")
    listed.keyboard.press("b")
    expect(listed.locator("#outcome")).to_contain_text("已更换 2 条的负责人")
    expect(listed.locator(".about", has_text="王")).to_have_count(2)
    listed.wait_for_selector("body[data-ready]")
    listed.keyboard.press("z")
    expect(listed.locator("#outcome")).to_contain_text("已撤销 2 条")
    expect(listed.locator(".about", has_text="王")).to_have_count(0)


def test_slash_goes_to_the_search_and_enter_opens_a_script(listed: Page, word: str) -> None:
    listed.keyboard.press("/")
    expect(listed.locator("[type=search]")).to_be_focused()
    listed.keyboard.press("Escape")
    listed.keyboard.press("j")
    listed.keyboard.press("Enter")
    listed.wait_for_url(f"**/desk/scripts/{word}-*")


@pytest.mark.parametrize("width", [1280, 400])
def test_the_list_fits_and_has_no_serious_finding(listed: Page, width: int) -> None:
    listed.set_viewport_size({"width": width, "height": 800})
    assert listed.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(listed).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
