"""Editors writing, reviewing and trying scripts, in a real browser."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.server import ConsoleServer
from knowledge.tables import DEFAULT_TENANT, Customer, CustomerTag, User
from knowledge.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)
ODD = "<b>粗体</b> مرحبا \u202eback\u200b 👩‍👩‍👧 <script>alert(1)</script>"
SHANGHAI = "Asia/Shanghai"
ALL_TAGS = "[data-chips=audience_all] .chip-input"


class DeskServer:
    """A server over a workspace with two editors; it can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0

    def start(self) -> None:
        self.runtime = Runtime.open(Settings(workspace=self.folder, encoder="hash"))
        app = create_app(self.runtime)
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, ws="none")
        self.running = ConsoleServer(config, app.state.hub)
        self.thread = threading.Thread(target=self.running.run, kwargs={"sockets": [listener]})
        self.thread.start()

    def stop(self) -> None:
        self.running.handle_exit(15, None)
        self.thread.join(timeout=10)
        self.runtime.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def desk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    workspace = Workspace.create(tmp_path_factory.mktemp("editor") / "workspace")
    shared = {"tenant_id": DEFAULT_TENANT}
    with workspace.database.write() as session:
        session.add(User(**shared, id="ann", name="安宁"))
        session.add(User(**shared, id="bob", name="柏舟"))
        session.add(Customer(**shared, id="c1", name="林小满", city="杭州", updated_at=LONG_AGO))
        session.add(CustomerTag(**shared, customer_id="c1", tag="敏感肌", valid_from=LONG_AGO))
    workspace.close()
    server = DeskServer(workspace.folder)
    server.start()
    product = {"name": "舒缓面霜", "price_fen": 12_900, "stock": 0, "description": "开封后 12 个月内用完"}
    httpx2.put(f"{server.url}/v1/products/balm", json=product).raise_for_status()
    yield server
    server.stop()


@dataclass(frozen=True)
class Editor:
    """An editor's page on scripts that no other test sees."""

    page: Page
    server: DeskServer
    word: str

    @property
    def url(self) -> str:
        return self.server.url

    def said(self, text: str) -> str:
        """The text in words of this test's own."""
        return f"{self.word}，{text}"

    def make(self, name: str, text: str, *, live: bool = True, **values: Any) -> str:
        """A script, made elsewhere."""
        script_id = f"{self.word}{name}"
        body = {"id": script_id, "text": self.said(text), "author": "ann", "triggers": [self.said(f"{name}怎么说")]}
        httpx2.post(f"{self.url}/v1/scripts", json=body | values).raise_for_status()
        if live:
            httpx2.post(f"{self.url}/v1/scripts/{script_id}/publish", json={}).raise_for_status()
        return script_id

    def sit(self, who: str) -> None:
        self.page.context.add_cookies([{"name": "agent", "value": who, "url": self.url}])

    def open(self, path: str, page: Page | None = None) -> None:
        joint = "&" if "?" in path else "?"
        (page or self.page).goto(f"{self.url}/desk/scripts/{path}{joint}lang=zh")
        (page or self.page).wait_for_selector("body[data-ready]")

    def script(self, script_id: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx2.get(f"{self.url}/v1/scripts/{script_id}").json()
        return found

    def newest(self, script_id: str) -> dict[str, Any]:
        version: dict[str, Any] = self.script(script_id)["versions"][0]
        return version

    def save(self, page: Page | None = None) -> None:
        page = page or self.page
        page.keyboard.press("Control+s")
        expect(page.locator("#notice")).to_contain_text("已保存为")

    def add(self, tag: str, page: Page | None = None) -> None:
        """Add a tag that customers must have."""
        box = (page or self.page).locator(ALL_TAGS)
        box.fill(tag)
        box.press("Enter")

    def take(self, step: str) -> None:
        """Press a button that reloads the page, and wait until its keys work again."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=step).last.click()
        self.page.wait_for_selector("body[data-ready]")

    def objections(self) -> list[str]:
        """The kinds of objections on the page."""
        return [str(one.get_attribute("data-check")) for one in self.page.locator("#checks [data-check]").all()]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id=SHANGHAI)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def editor(desk_server: DeskServer, page: Page) -> Iterator[Editor]:
    """The editor, with Ann before it; any error in the page's scripts fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    editor = Editor(page, desk_server, uuid4().hex[:8])
    editor.sit("ann")
    yield editor
    assert problems == []


def test_a_new_script_is_written_with_slots_audience_and_products_and_saved(editor: Editor) -> None:
    page = editor.page
    editor.open("new")
    page.fill("#text", editor.said("先试用两天。"))
    page.evaluate("text.setSelectionRange(8, 8)")
    page.select_option("[data-slots]", "customer.name")
    expect(page.locator("#text")).to_have_value(editor.word + "{{customer.name}}，先试用两天。")
    page.fill("#triggers", editor.said("敏感肌能用吗"))
    page.get_by_label("标题").fill("耳后试用")
    page.get_by_label("转化").check()
    editor.add("敏感肌")
    page.select_option("[name=audience_gender]", "female")
    page.get_by_label("年龄从").fill("18")
    page.locator(".finder summary").click()
    page.get_by_role("searchbox", name="按名称查找商品").fill("舒缓")
    page.get_by_role("button", name="舒缓面霜").click()
    editor.save()
    expect(page).to_have_url(re.compile(r"/desk/scripts/S-[0-9a-f]{8}$"))
    version = editor.newest(page.url.rpartition("/")[2])
    assert version["audience"] == {"all": ["敏感肌"], "gender": "female", "age": [18, 150]}
    assert (version["skus"], version["stages"], version["author"]) == (["balm"], ["转化"], "ann")
    expect(page.locator("#dirty")).to_be_hidden()


def test_a_tag_typed_by_an_input_method_is_added_only_when_it_is_finished(editor: Editor) -> None:
    editor.open("new")
    box = editor.page.locator(ALL_TAGS)
    box.click()
    session = editor.page.context.new_cdp_session(editor.page)
    session.send("Input.imeSetComposition", {"text": "hei jin", "selectionStart": 7, "selectionEnd": 7})
    editor.page.evaluate(
        """document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", code: "Enter", isComposing: true, bubbles: true }))"""
    )
    assert editor.page.locator(".chip").count() == 0
    session.send("Input.insertText", {"text": "黑金"})
    box.press("Enter")
    expect(editor.page.locator(".chip")).to_have_text("黑金×")


def test_what_is_wrong_is_told_while_it_is_typed_and_the_preview_is_filled_in(editor: Editor) -> None:
    page = editor.page
    other = editor.make("旧", "七天内可以退货，运费由我们承担。")
    editor.open("new")
    page.fill("#text", "{{customer.name}}您好")
    page.locator("[name=customer]").fill("c1")
    expect(page.locator("#preview")).to_contain_text("林小满您好")
    page.fill("#text", editor.said("全国第一的舒缓面霜现货，只要 99 元，{{customer.shoe}}，打我电话 13812345678"))
    expect(page.locator("[data-check=compliance]").first).to_contain_text("不能发布")
    assert set(editor.objections()) >= {"compliance", "slot", "price", "stock", "personal_plain"}
    page.fill("#text", editor.said("十天内可以退货，运费由我们承担。"))
    page.fill("#triggers", editor.said("旧怎么说"))
    expect(page.locator("[data-check=conflict]")).to_contain_text("七天")
    expect(page.locator("[data-check=conflict] a")).to_have_attribute("href", f"/desk/scripts/{quote(other)}")
    page.fill("#text", editor.said("七天内可以退货，运费由我们承担。"))
    expect(page.locator("[data-check=duplicate]")).to_contain_text("100%")


def test_a_block_lets_the_draft_be_saved_and_keeps_it_from_being_approved(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "耳后试用。")
    editor.open(script)
    page.fill("#text", "全国第一的面霜")
    editor.save()
    editor.take("保存并送审")
    expect(page.locator(".badge.review").first).to_have_text("待审核 v2")
    editor.sit("bob")
    editor.open(script)
    page.get_by_role("button", name="通过并发布").click()
    expect(page.locator("#notice")).to_contain_text("ad.absolute")
    assert editor.script(script)["live_version"] == 1


def test_a_script_goes_from_draft_through_review_to_the_customer_and_is_retired(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "耳后试用。", live=False)
    editor.open(script)
    editor.take("保存并送审")
    expect(page.get_by_role("button", name="通过并发布")).to_be_disabled()
    editor.take("撤回送审")
    editor.take("保存并送审")
    expect(page.get_by_text("要由作者以外的人审核")).to_be_visible()
    editor.sit("bob")
    editor.open(script)
    page.get_by_role("button", name="退回修改").click()
    page.get_by_label("需要修改什么").fill("说清楚几天")
    editor.take("退回修改")
    expect(page.locator("#remarks")).to_contain_text("说清楚几天")
    editor.sit("ann")
    editor.open(script)
    page.locator("#remarks").get_by_role("button", name="标为已解决").click()
    expect(page.locator("#remarks")).to_contain_text("安宁 已解决")
    page.fill("#text", editor.said("耳后试用两天。"))
    editor.take("保存并送审")
    expect(page.locator(".badge.review").first).to_have_text("待审核 v2")
    editor.sit("bob")
    editor.open(script)
    editor.take("通过并发布")
    expect(page.locator(".badge.published").first).to_have_text("已发布 v2")
    asked = {"message": editor.said("甲怎么说")}
    assert httpx2.post(f"{editor.url}/v1/suggest", json=asked).json()["replies"][0]["script_id"] == script
    page.get_by_role("button", name="停用").click()
    page.get_by_label("停用原因").fill("换季")
    editor.take("停用")
    expect(page.locator(".badge.retired").first).to_be_visible()
    page.get_by_role("link", name="经过").click()
    for deed in ("送审", "撤回了送审", "退回修改", "解决了批注", "审核通过", "停用"):
        expect(page.locator(".deeds")).to_contain_text(deed)
    expect(page.locator(".deeds")).to_contain_text("换季")


def test_a_remark_is_added_to_the_version_it_is_about(editor: Editor) -> None:
    script = editor.make("甲", "耳后试用。")
    editor.open(script)
    editor.page.get_by_label("批注 v1").fill(ODD)
    editor.page.get_by_role("button", name="添加批注").click()
    expect(editor.page.locator(".remarks .says")).to_have_text(ODD)


def test_versions_are_compared_word_by_word_and_an_earlier_one_comes_back(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "七天内可以退货。")
    body = {"text": editor.said("十五天内可以退货。"), "triggers": ["新的问法"], "reason": "新政策"}
    httpx2.put(f"{editor.url}/v1/scripts/{script}", json=body).raise_for_status()
    httpx2.post(f"{editor.url}/v1/scripts/{script}/publish", json={}).raise_for_status()
    editor.open(script)
    page.get_by_role("link", name="版本 (2)").click()
    text = page.locator("[data-change=text]")
    expect(text.locator("del")).to_have_text("七")
    expect(text.locator("ins")).to_have_text("十五")
    expect(page.locator("[data-change=triggers] ins")).to_contain_text("新的问法")
    page.get_by_role("button", name="恢复此版本").click()
    expect(page.locator("dialog[open]")).to_contain_text("v1")
    page.locator("dialog[open]").get_by_label("恢复原因").fill("改错了")
    editor.take("恢复此版本")
    expect(page.locator(".badge.published").first).to_have_text("已发布 v3")
    assert editor.newest(script)["text"] == editor.said("七天内可以退货。")


def test_a_tried_message_shows_where_the_script_stands_and_is_kept_as_a_case(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "耳后试用。")
    editor.open(f"{script}?tab=try")
    page.fill("#message", editor.said("甲怎么说"))
    page.get_by_role("button", name="试一试", exact=True).click()
    expect(page.locator("#hits .verdict")).to_contain_text("排第 1")
    expect(page.locator("#hits .mine")).to_contain_text("这条话术")
    page.get_by_label("备注").fill("常问")
    page.get_by_role("button", name="保存用例").click()
    expect(page.locator("#cases")).to_contain_text("全部通过")
    page.fill("#message", "完全不相干的一句话")
    page.get_by_role("button", name="试一试", exact=True).click()
    expect(page.locator("#hits .verdict")).to_contain_text("不在结果里")
    expect(page.locator("#hits .fate")).to_contain_text("原因")
    httpx2.post(f"{editor.url}/v1/scripts/{script}/retire", json={}).raise_for_status()
    page.goto(f"{editor.url}/desk/regressions?lang=zh")
    row = page.locator("#cases tr", has_text=script)
    expect(row).to_contain_text("未通过")
    row.get_by_role("button", name="移除").click()
    expect(row).to_have_count(0)


def test_a_draft_is_tried_as_if_it_were_live(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "耳后试用。", live=False)
    editor.open(f"{script}?tab=try")
    page.fill("#message", editor.said("甲怎么说"))
    page.get_by_role("button", name="试一试", exact=True).click()
    expect(page.locator("#hits .verdict")).to_contain_text("排第 1")
    expect(page.locator("#hits")).to_contain_text("按 v1 已经发布来试")
    page.get_by_label("假设 v1 已经发布").uncheck()
    page.get_by_role("button", name="试一试", exact=True).click()
    expect(page.locator("#hits .verdict")).to_contain_text("不在结果里")


def test_the_second_of_two_editors_is_told_takes_over_what_was_theirs_and_loses_nothing(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "七天内可以退货。", title="退货", audience={"all": ["会员"]})
    other = page.context.new_page()
    editor.open(script)
    editor.open(script, other)
    other.fill("#triggers", "别人写的触发语")
    other.get_by_label("标题").fill("退货期限")
    editor.add("黑金", other)
    editor.save(other)
    page.fill("#text", editor.said("十五天内可以退货。"))
    page.get_by_label("标题").fill("我的标题")
    page.keyboard.press("Control+s")
    expect(page.locator("#conflict")).to_contain_text("安宁 在你编辑时保存了 v2")
    expect(page.locator("[data-clash=text]")).to_contain_text("你")
    expect(page.locator("[data-clash=title]")).to_contain_text("双方")
    expect(page.locator("#text")).to_have_value(editor.said("十五天内可以退货。"))
    page.get_by_role("button", name="采用只有对方改过的 2 项").click()
    expect(page.locator("#triggers")).to_have_value("别人写的触发语")
    expect(page.locator("[data-chips=audience_all] .chip")).to_have_text(["会员×", "黑金×"])
    page.get_by_role("button", name="在 v2 之上保存我的内容").click()
    expect(page.locator("#notice")).to_contain_text("已保存为 v3")
    version = editor.newest(script)
    assert (version["text"], version["triggers"]) == (editor.said("十五天内可以退货。"), ["别人写的触发语"])
    assert (version["audience"], editor.script(script)["title"]) == ({"all": ["会员", "黑金"]}, "我的标题")
    expect(page.locator("#conflict")).to_be_empty()


def test_leaving_with_unsaved_changes_asks_and_a_restarted_server_loses_none(editor: Editor) -> None:
    page, server = editor.page, editor.server
    script = editor.make("甲", "七天内可以退货。")
    editor.open(script)
    page.fill("#text", "还没有保存的话")
    editor.add("黑金")
    expect(page.locator("#dirty")).to_be_visible()
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    server.stop()
    page.keyboard.press("Control+s")
    expect(page.locator("#notice")).to_contain_text("网络不通")
    expect(page.locator("#text")).to_have_value("还没有保存的话")
    server.start()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert asked == ["beforeunload"]
    expect(page.locator("#restored")).to_be_visible()
    expect(page.locator("#text")).to_have_value("还没有保存的话")
    expect(page.locator("[data-chips=audience_all] .chip")).to_have_text("黑金×")
    editor.save()
    assert (editor.newest(script)["text"], editor.newest(script)["audience"]) == ("还没有保存的话", {"all": ["黑金"]})
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#restored")).to_be_hidden()
    assert asked == ["beforeunload"]


def test_unsaved_changes_can_be_discarded(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", "七天内可以退货。")
    editor.open(script)
    page.fill("#text", "不要了")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="放弃这些改动").click()
    expect(page.locator("#text")).to_have_value(editor.said("七天内可以退货。"))
    expect(page.locator("#restored")).to_be_hidden()


def test_moments_are_in_the_readers_time_zone_and_stay_to_the_microsecond_when_untouched(editor: Editor) -> None:
    page = editor.page
    odd = "2026-05-01T00:00:00.123456Z"
    script = editor.make("甲", "五一活动。", valid_from=odd, valid_to="2026-05-05T15:59:59Z")
    editor.open(script)
    expect(page.locator("[data-zone]")).to_contain_text(SHANGHAI)
    expect(page.locator("[data-moment=valid_from]")).to_have_value(re.compile("^2026-05-01T08:00"))
    expect(page.locator("[data-moment=valid_to]")).to_have_value("2026-05-05T23:59:59")
    page.locator("[data-moment=valid_to]").fill("2026-05-06T23:59:59")
    editor.save()
    version = editor.newest(script)
    assert (version["valid_from"], version["valid_to"]) == (odd, "2026-05-06T15:59:59Z")


def test_what_other_pages_hand_over_stands_in_the_form(editor: Editor) -> None:
    editor.open("new?trigger=怎么退&trigger=能退吗&stage=交付&text=可以退。")
    expect(editor.page.locator("#triggers")).to_have_value("怎么退\n能退吗")
    expect(editor.page.locator("#text")).to_have_value("可以退。")
    expect(editor.page.get_by_label("交付")).to_be_checked()


def test_hostile_texts_are_shown_as_text_and_come_back_as_they_were(editor: Editor) -> None:
    page = editor.page
    script = editor.make("甲", ODD, title=ODD, channels=[ODD], triggers=[ODD])
    for tab in ("edit", "versions", "history", "try"):
        editor.open(f"{script}?tab={tab}")
        expect(page.locator("h1")).to_have_text(ODD)
    editor.open(script)
    page.get_by_label("改动说明").fill("只是看看")
    editor.save()
    assert editor.script(script)["latest_version"] == 1
    page.fill("#text", "长" * 20_000)
    expect(page.locator("#preview")).to_contain_text("长" * 100)
    editor.save()
    assert editor.newest(script)["text"] == "长" * 20_000
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("tab", ["edit", "versions", "history", "try"])
def test_no_serious_accessibility_violation(editor: Editor, tab: str) -> None:
    script = editor.make("甲", "全国第一的面霜。{{customer.shoe}}", audience={"all": ["会员"]}, skus=["balm"])
    httpx2.put(f"{editor.url}/v1/scripts/{script}", json={"text": "新的", "title": "标题"}).raise_for_status()
    editor.open(f"{script}?tab={tab}")
    if tab == "edit":
        editor.page.wait_for_selector("#checks .objection, #checks .clear")
    if tab == "try":
        editor.page.fill("#message", editor.said("甲怎么说"))
        editor.page.get_by_role("button", name="试一试", exact=True).click()
        editor.page.wait_for_selector("#hits .verdict")
    found = Axe().run(editor.page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_page_ships_little_script_and_none_of_it_inline(editor: Editor) -> None:
    sizes: dict[str, int] = {}
    editor.page.on(
        "response", lambda answer: sizes.update({answer.url: len(answer.body())} if ".js" in answer.url else {})
    )
    editor.open("new")
    editor.page.wait_for_selector("#checks [data-check]")
    assert sum(sizes.values()) < 100_000, json.dumps(sizes)
    assert editor.page.locator("script:not([src])").count() == 0
