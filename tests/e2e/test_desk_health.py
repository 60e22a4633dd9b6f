"""An editor keeps the library healthy, in a real browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from copilot.runtime import Runtime
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Script, SuggestionSet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOW = datetime.now(UTC)
YESTERDAY = NOW - timedelta(days=1)
ODD = "<b>粗体</b> \u202eback 👩‍👩‍👧 <script>alert(1)</script>"


@dataclass(frozen=True)
class HealthDesk:
    """An editor's page on scripts of an owner that no other test has."""

    page: Page
    url: str
    owner: str
    runtime: Runtime

    def write(self, name: str, text: str, *triggers: str, **content: Any) -> str:
        script_id, at = f"{self.owner}-{name}", NOW - timedelta(days=60)
        what = ScriptContent(f"{self.owner}{text}", triggers, **content)
        with self.runtime.workspace.database.write() as session:
            save_draft(session, DEFAULT_TENANT, script_id, what, actor=self.owner, now=at)
            publish_script(session, DEFAULT_TENANT, script_id, actor=self.owner, now=at)
        return script_id

    def live_version(self, script_id: str) -> int | None:
        with self.runtime.workspace.database.read() as session:
            script = session.get(Script, (DEFAULT_TENANT, script_id))
            assert script is not None
            return script.live_version

    def open(self, kind: str = "expired", lang: str = "zh") -> None:
        self.page.goto(f"{self.url}/desk/health?kind={kind}&owner={self.owner}&lang={lang}")
        self.page.wait_for_selector("body[data-ready]")
        expect(self.page.locator("#health .badge.review")).to_have_count(0)

    def rows(self) -> Any:
        return self.page.locator("#health [data-row]")


@pytest.fixture
def health(server: str, runtime: Runtime, page: Page) -> Iterator[HealthDesk]:
    """The page; any error in its scripts fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield HealthDesk(page, server, f"e{uuid4().hex[:8]}", runtime)
    assert problems == []


def test_findings_are_settled_with_the_keyboard_alone_and_taken_back(health: HealthDesk) -> None:
    page = health.page
    first = health.write("a", "甲活动", valid_to=YESTERDAY - timedelta(days=3))
    second = health.write("b", "乙活动", valid_to=YESTERDAY - timedelta(days=2))
    third = health.write("c", "丙活动", valid_to=YESTERDAY - timedelta(days=1))
    health.open()
    expect(health.rows()).to_have_count(3)
    page.keyboard.press("j")
    expect(health.rows().nth(0)).to_have_attribute("data-current", "")
    page.keyboard.press("r")
    expect(page.locator(".was-done")).to_contain_text(f"已下线 {first}")
    expect(health.rows()).to_have_count(2)
    assert health.live_version(first) is None
    page.keyboard.press("u")
    expect(page.locator(".was-done")).to_contain_text("已撤销")
    expect(health.rows()).to_have_count(3)
    assert health.live_version(first) == 2
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator(".was-done")).to_contain_text(f"已延长 {second}")
    expect(health.rows()).to_have_count(2)
    expect(health.rows().nth(1)).to_contain_text("丙活动")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("f")
    expect(page.locator(".was-done")).to_contain_text(f"{third} 已标为没问题")
    expect(health.rows()).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/scripts/{first}")


def test_how_long_is_chosen_beside_the_finding(health: HealthDesk) -> None:
    page = health.page
    chosen = health.write("a", "甲活动", valid_to=YESTERDAY)
    health.open()
    health.rows().get_by_label("多久").select_option("365")
    health.rows().get_by_role("button", name="延长有效期").click()
    expect(page.locator(".was-done")).to_contain_text("已延长")
    newest = httpx2.get(f"{health.url}/v1/scripts/{chosen}").json()["versions"][0]
    assert datetime.fromisoformat(newest["valid_to"]) > NOW + timedelta(days=364)


def test_a_contradiction_shows_both_texts_and_what_contradicts(health: HealthDesk) -> None:
    question = f"{health.owner}拆封还能退吗"
    kept = health.write("a", "拆封后7天内可以退换货品", question)
    wrong = health.write("b", "拆封后30天内可以退换货品", question)
    health.open("conflict")
    (row,) = health.rows().all()
    expect(row.locator(".said")).to_have_text(["7天", "30天"])
    expect(row.locator(".says mark")).to_have_text(["7", "30"])
    row.locator(".side").nth(1).get_by_role("button", name="下线").click()
    expect(health.rows()).to_have_count(0)
    assert (health.live_version(kept), health.live_version(wrong)) == (1, None)


def test_a_gap_leads_to_a_new_script_with_its_triggers_and_stage(health: HealthDesk) -> None:
    page = health.page
    message = f"{health.owner}可以开发票吗"
    with health.runtime.workspace.database.write() as session:
        for number in range(9):
            columns = {"message": message, "abstain_reason": "unlikely: …", "stage": "交易", "at": YESTERDAY}
            session.add(SuggestionSet(tenant_id=DEFAULT_TENANT, id=f"{health.owner}{number}", **columns))
    page.goto(f"{health.url}/desk/health?kind=gap&lang=zh")
    page.get_by_role("button", name="重新计算").click()
    row = health.rows().filter(has_text=message)
    expect(row).to_contain_text("问了 9 次")
    link = row.get_by_role("link", name="写一条话术")
    link.focus()
    page.keyboard.press("w")
    page.wait_for_url("**/desk/scripts/new?trigger=*")
    assert "stage=" in page.url


def test_a_tile_shows_one_kind_and_shows_all_again(health: HealthDesk) -> None:
    page = health.page
    health.write("a", "甲活动", valid_to=YESTERDAY)
    health.write("b", "乙活动 {{customer.shoe_size}}")
    page.goto(f"{health.url}/desk/health?owner={health.owner}&lang=en")
    page.get_by_role("link", name="Expired").click()
    expect(health.rows()).to_have_count(1)
    page.locator(".tile[aria-current]").click()
    page.wait_for_url(lambda url: "kind=" not in url)
    page.get_by_role("link", name="Unfillable slots").click()
    expect(health.rows()).to_contain_text("{{customer.shoe_size}}")


def test_who_comes_second_is_told_and_nothing_is_lost(health: HealthDesk) -> None:
    page = health.page
    chosen = health.write("a", "甲活动", valid_to=YESTERDAY)
    health.open()
    health.write("a", "别人的新活动", valid_to=YESTERDAY)
    health.rows().get_by_role("button", name="下线").click()
    expect(page.locator("#notice")).to_contain_text("别人先改动了")
    assert health.live_version(chosen) == 2


@pytest.mark.parametrize("lang", ["zh", "zh-TW", "en"])
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_fits_reads_aloud_and_shows_markup_as_text(health: HealthDesk, lang: str, width: int) -> None:
    page = health.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    page.set_viewport_size({"width": width, "height": 800})
    health.write("a", ODD + "长" * 3000, ODD[:150], valid_to=YESTERDAY)
    health.open(lang=lang)
    expect(health.rows().locator(".says")).to_contain_text("<b>粗体</b>")
    assert page.evaluate("document.querySelector('.page').scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
