"""A lead looks at how scripts and agents do, in a real browser."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from copilot.runtime import Runtime
from knowledge.tables import (
    DEFAULT_TENANT,
    Decision,
    DecisionKind,
    Outcome,
    Script,
    Suggestion,
    SuggestionSet,
    Team,
    User,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOW = datetime.now(UTC)
ODD = "<b>粗体</b> \u202eback 👩‍👩‍👧 <script>alert(1)</script>"
SHARED = {"tenant_id": DEFAULT_TENANT}


@dataclass(frozen=True)
class PerformanceDesk:
    """A lead's page on a team that no other test has."""

    page: Page
    url: str
    team: str
    runtime: Runtime

    def show(self, script_id: str, n: int, n_accepted: int, *, days_ago: float = 1, message: str = "能退吗") -> None:
        """Show a script at the first place so many times, with a second one below it."""
        with self.runtime.workspace.database.write() as session:
            for number in range(n):
                ids = {**SHARED, "set_id": uuid4().hex}
                at = NOW - timedelta(days=days_ago)
                who = {"agent_id": f"{self.team}-agent", "stage": "转化"}
                session.add(SuggestionSet(**SHARED, id=ids["set_id"], at=at, message=message, **who))
                for rank, item_id in enumerate((script_id, f"{self.team}-below"), start=1):
                    session.add(Suggestion(**ids, kind="reply", rank=rank, item_id=item_id, text="好"))
                kind = DecisionKind.ACCEPT if number < n_accepted else DecisionKind.DISMISS
                made = {"kind": kind, "rank": 1, "item_id": script_id, "at": at, "reason": "tone"}
                session.add(Decision(**ids, id=uuid4().hex, **made))
                if number < n_accepted:
                    session.add(Outcome(**ids, id=uuid4().hex, kind="reply", at=at))

    def open(self, address: str = "", lang: str = "zh") -> None:
        self.page.goto(f"{self.url}/desk/performance?team={self.team}&lang={lang}&{address}")
        self.page.wait_for_selector("body[data-ready]")

    def keys(self) -> list[str]:
        """The scripts in the order of the table."""
        return [text.split()[-1] for text in self.page.locator("#report .wide tbody th").all_inner_texts()]


@pytest.fixture
def lead(server: str, runtime: Runtime, page: Page) -> Iterator[PerformanceDesk]:
    """The page; any error in its scripts fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    made = PerformanceDesk(page, server, f"t{uuid4().hex[:8]}", runtime)
    with runtime.workspace.database.write() as session:
        session.add(Team(**SHARED, id=made.team, name=made.team))
        session.add(User(**SHARED, id=f"{made.team}-agent", name="温若宁", team_id=made.team))
        for name in ("good", "bad"):
            session.add(Script(**SHARED, id=f"{made.team}-{name}", title=f"{ODD} {made.team}-{name}", updated_at=NOW))
    made.show(f"{made.team}-good", 40, 30)
    made.show(f"{made.team}-bad", 60, 3, days_ago=9)
    yield made
    assert problems == []


def test_a_lead_sees_shares_with_intervals_and_orders_the_table_by_them(lead: PerformanceDesk) -> None:
    page, team = lead.page, lead.team
    lead.open()
    assert lead.keys() == [f"{team}-below", f"{team}-bad", f"{team}-good"]
    row = page.locator(".wide tbody tr", has_text=f"{team}-good")
    # 30 of 40: Wilson's interval is 0.598 to 0.858
    expect(row.locator("td").nth(1)).to_contain_text("75%")
    expect(row.locator("td").nth(1)).to_contain_text("60%–86%")
    page.locator(".wide thead").get_by_role("link", name="采用率").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("采用率")
    assert lead.keys() == [f"{team}-good", f"{team}-bad", f"{team}-below"]
    expect(page.locator(".plot .band.run, .plot .curve.run").first).to_be_attached()
    expect(page.locator(".drawings tbody tr")).to_have_count(2)


def test_a_script_opens_into_its_weeks_ranks_and_reasons(lead: PerformanceDesk) -> None:
    page, team = lead.page, lead.team
    lead.open()
    page.locator(".wide tbody tr", has_text=f"{team}-bad").get_by_role("link").click()
    page.wait_for_url(f"**/desk/performance/scripts/{team}-bad?*")
    expect(page.locator("tr", has_text="语气不合适").locator("td").nth(1)).to_have_text("57")
    expect(page.locator(".plot")).to_have_count(2)
    page.get_by_role("link", name="打开话术").click()
    page.wait_for_url(f"**/desk/scripts/{team}-bad")


def test_agents_are_compared_by_key_and_one_of_them_chosen(lead: PerformanceDesk) -> None:
    page = lead.page
    lead.open()
    page.keyboard.press("3")
    expect(page.locator(".tabs [aria-current]")).to_have_text("客服")
    page.locator(".wide tbody").get_by_role("link", name="温若宁").click()
    page.wait_for_url("**agent=*")
    expect(page.get_by_label("客服", exact=True).last).to_have_value(f"{lead.team}-agent")
    assert len(lead.keys()) == 3


def test_greetings_are_shown_apart_and_another_period_is_chosen(lead: PerformanceDesk) -> None:
    page, team = lead.page, lead.team
    lead.open()
    page.get_by_label("统计哪些消息").select_option("small_talk")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("#report")).to_contain_text("这段时间没有展示")
    lead.open()
    page.get_by_role("link", name="7 天").click()
    page.wait_for_url("**days=7*")
    assert lead.keys() == [f"{team}-below", f"{team}-good"]
    page.get_by_label("从").fill("2020-01-01")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("alert").filter(has_text="这段日期不能用")).to_be_visible()


def test_the_table_is_saved_as_a_file(lead: PerformanceDesk, tmp_path: Path) -> None:
    lead.open()
    with lead.page.expect_download() as caught:
        lead.page.keyboard.press("c")
    target = tmp_path / "table.csv"
    caught.value.save_as(target)
    lines = list(csv.reader(target.read_text("utf-8-sig").splitlines()))
    assert [line[0] for line in lines[1:-1]] == [f"{lead.team}-{name}" for name in ("below", "bad", "good")]


@pytest.mark.parametrize("lang", ["zh", "zh-TW", "en"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("place", ["", "/scripts"])
def test_the_pages_fit_and_read_aloud(lead: PerformanceDesk, lang: str, width: int, place: str) -> None:
    page = lead.page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    page.set_viewport_size({"width": width, "height": 800})
    path = f"/scripts/{lead.team}-good" if place else ""
    page.goto(f"{lead.url}/desk/performance{path}?team={lead.team}&lang={lang}")
    page.wait_for_selector(".plot")
    assert page.evaluate("document.querySelector('.page').scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
