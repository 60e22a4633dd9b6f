"""Editors at the curation desk, in a real browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import Page, expect

from copilot.runtime import Runtime
from knowledge.library.candidates import propose
from knowledge.library.proposals import Proposal
from knowledge.tables import DEFAULT_TENANT

pytestmark = pytest.mark.browser

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD = "<b>粗体</b> مرحبا \u202eback 👩‍👩‍👧 <script>alert(1)</script>"
EVIDENCE: dict[str, Any] = {
    "n": 812,
    "n_agents": 9,
    "outcome": "conversion",
    "effect": 0.081,
    "low": 0.042,
    "high": 0.119,
    "shrunk": 0.074,
    "verdict": "helps",
    "why": "Bought more often than like customers.",
    "basis": "observational (adjusted)",
    "outcomes": {
        "conversion": {"effect": 0.081, "low": 0.042, "high": 0.119, "raw_difference": 0.12, "verdict": "helps"}
    },
    "segments": [{"segment": "scene", "value": "direct", "effect": 0.09, "low": 0.05, "high": 0.13, "n": 600}],
    "near_duplicates": [{"script_id": "sensitive", "similarity": 0.91}],
}


@dataclass(frozen=True)
class CurationDesk:
    """An editor's page on candidates that no other test sees."""

    page: Page
    url: str
    word: str
    runtime: Runtime

    def said(self, text: str) -> str:
        """The text in words of this test's own, because equal texts are one candidate."""
        return f"{self.word}：{text}"

    def offer(self, name: str, text: str, **row: Any) -> str:
        candidate_id = f"m-{self.word}{name}"
        shared = {"candidate_id": candidate_id, "title": self.word, "triggers": [f"{self.word}{name}怎么说"]}
        with self.runtime.workspace.database.write() as session:
            propose(
                session, DEFAULT_TENANT, [Proposal.of_row({**EVIDENCE, **shared, "text": self.said(text), **row})], NOON
            )
        return candidate_id

    def open(self, candidate_id: str = "", lang: str = "zh") -> None:
        path = f"/{candidate_id}" if candidate_id else ""
        self.page.goto(f"{self.url}/desk/candidates{path}?q={self.word}&lang={lang}")
        self.page.wait_for_selector("body[data-ready]")

    def shows(self, text: str) -> None:
        """Wait for the page on this candidate, until its keys work."""
        expect(self.page.locator("#text")).to_have_value(self.said(text))
        self.page.wait_for_selector("body[data-ready]")

    def candidate(self, candidate_id: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx2.get(f"{self.url}/v1/candidates/{candidate_id}").json()
        return found

    def first_suggestion(self, message: str) -> str | None:
        replies = httpx2.post(f"{self.url}/v1/suggest", json={"message": message}).json()["replies"]
        return replies[0]["text"] if replies else None


@pytest.fixture
def curation(server: str, runtime: Runtime, page: Page) -> Iterator[CurationDesk]:
    """The desk; any error in the page's scripts fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield CurationDesk(page, server, uuid4().hex[:8], runtime)
    assert problems == []


def test_an_editor_sees_the_evidence_edits_approves_and_the_reply_is_suggested_at_once(curation: CurationDesk) -> None:
    page = curation.page
    chosen = curation.offer("甲", "耳后试用两天。")
    curation.open(chosen)
    expect(page.locator(".item[aria-current] .effect")).to_contain_text("+8.1")
    expect(page.locator(".forest").first).to_contain_text("+4.2 … +11.9")
    assert page.locator(".forest svg .dot").count() == 3
    expect(page.locator(".near")).to_contain_text("91%")
    text = f"{curation.word}先在耳后试用两天，没有泛红再上脸。"
    page.get_by_role("textbox", name="话术", exact=False).first.fill(text)
    page.get_by_role("button", name="通过并上线").click()
    expect(page.locator(".decided")).to_contain_text("已上线")
    assert curation.first_suggestion(f"{curation.word}甲怎么说") == text
    assert curation.candidate(chosen)["status"] == "approved"


def test_everything_is_done_with_the_keyboard_alone(curation: CurationDesk) -> None:
    page = curation.page
    first = curation.offer("甲", "第一条。", shrunk=0.09)
    second = curation.offer("乙", "第二条。", shrunk=0.08)
    third = curation.offer("丙", "第三条。", shrunk=0.07)
    curation.open()
    page.keyboard.press("j")
    curation.shows("第二条。")
    page.keyboard.press("k")
    curation.shows("第一条。")
    page.keyboard.press("a")
    curation.shows("第二条。")
    page.keyboard.press("x")
    expect(page.locator("#reject")).to_be_visible()
    page.keyboard.type("axj 只对一人有用")
    page.keyboard.press("Enter")
    curation.shows("第三条。")
    page.keyboard.press("m")
    page.keyboard.type("returns")
    expect(page.locator("#found input")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".decided")).to_contain_text("已并入话术 returns")
    expect(page.locator("main .nothing")).to_contain_text("没有符合条件的候选")
    states = [curation.candidate(one) for one in (first, second, third)]
    assert [one["status"] for one in states] == ["approved", "rejected", "merged"]
    assert states[1]["reason"] == "axj 只对一人有用"
    assert (
        f"{curation.word}丙怎么说" in httpx2.get(f"{curation.url}/v1/scripts/returns").json()["versions"][0]["triggers"]
    )


def test_keys_typed_into_a_box_or_an_input_method_decide_nothing(curation: CurationDesk) -> None:
    page = curation.page
    chosen = curation.offer("甲", "原文。")
    curation.open(chosen)
    page.keyboard.press("e")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("axmj")
    expect(page.locator("#text")).to_have_value(curation.said("原文。axmj"))
    composing = (
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyA', isComposing: true, bubbles: true}))"
    )
    page.evaluate(composing)
    page.keyboard.press("Escape")
    expect(page.locator("#text")).not_to_be_focused()
    assert curation.candidate(chosen)["status"] == "new"


def test_what_stands_against_a_text_is_shown_while_typing_and_refused(curation: CurationDesk) -> None:
    page = curation.page
    chosen = curation.offer("甲", "原文。")
    curation.open(chosen)
    expect(page.locator("#check")).to_contain_text("没有触犯合规规则")
    page.fill("#text", "全网最低，只要 {{amount}} 元")
    expect(page.locator("#check")).to_contain_text("amount")
    expect(page.locator("#check")).to_contain_text("不可上线")
    page.get_by_role("button", name="通过并上线").click()
    expect(page.locator("#notice")).to_contain_text("ad.absolute")
    expect(page.locator("#text")).to_have_value("全网最低，只要 {{amount}} 元")
    assert curation.candidate(chosen)["status"] == "new"


def test_a_usual_reason_rejects_and_reopening_brings_the_candidate_back(curation: CurationDesk) -> None:
    page = curation.page
    chosen = curation.offer("甲", "原文。")
    curation.open(chosen)
    page.get_by_role("button", name="驳回…").click()
    page.get_by_role("button", name="语气不合适").click()
    page.locator(".decided a").click()
    expect(page.locator(".decide")).to_contain_text("语气不合适")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("o")
    expect(page.get_by_role("button", name="通过并上线")).to_be_visible()
    assert curation.candidate(chosen)["status"] == "new"


def test_the_text_becomes_the_next_version_of_a_near_duplicate(curation: CurationDesk) -> None:
    httpx2.post(
        f"{curation.url}/v1/scripts", json={"id": curation.word, "text": curation.said("旧的说法。")}
    ).raise_for_status()
    httpx2.post(f"{curation.url}/v1/scripts/{curation.word}/publish", json={}).raise_for_status()
    chosen = curation.offer("甲", "新的说法。", near_duplicates=[{"script_id": curation.word, "similarity": 0.9}])
    curation.open(chosen)
    expect(curation.page.locator(".near mark")).to_have_text(["旧", "新"])
    curation.page.locator(".near").get_by_role("button", name="作为新版本").click()
    expect(curation.page.locator(".decided")).to_be_visible()
    assert httpx2.get(f"{curation.url}/v1/scripts/{curation.word}").json()["versions"][0]["text"] == curation.said(
        "新的说法。"
    )


def test_markup_other_directions_and_emoji_are_shown_as_text(curation: CurationDesk) -> None:
    page = curation.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    chosen = curation.offer("甲", ODD, contexts=[{"text": ODD, "n": 1}])
    curation.open(chosen)
    expect(page.locator("#text")).to_have_value(curation.said(ODD))
    expect(page.locator(".item[aria-current] .words")).to_have_text(curation.said(ODD))
    expect(page.locator(".quotes li span")).to_have_text(ODD)
    assert page.locator("main b:text-is('粗体')").count() == 0


def test_choosing_a_filter_shows_what_fits(curation: CurationDesk) -> None:
    page = curation.page
    curation.offer("甲", "有帮助的。")
    curation.offer("乙", "有害的。", verdict="harms", shrunk=-0.1)
    curation.open()
    expect(page.locator(".item")).to_have_count(2)
    page.get_by_label("结论").select_option("有害")
    expect(page.locator(".item .words")).to_have_text([curation.said("有害的。")])
    assert f"q={curation.word}" in page.url


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_wider_than_the_window_and_the_decision_is_in_sight(
    curation: CurationDesk, width: int, lang: str
) -> None:
    page = curation.page
    page.set_viewport_size({"width": width, "height": 800})
    chosen = curation.offer("甲", ODD + "很长的话" * 60 + "x" * 200, stage="x" * 80)
    for candidate_id in ("", chosen):
        curation.open(candidate_id, lang)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("[data-key=KeyA]")).to_be_in_viewport()
    page.keyboard.press("m")
    expect(page.locator("#merge")).to_be_visible()
    expect(page.locator("#found")).to_contain_text("sensitive")
    assert page.evaluate("document.querySelector('#merge').scrollWidth") <= width
