from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HOSTILE = "<img src=x onerror=alert(1)>‮反‬😀.csv"


@pytest.fixture
def word() -> str:
    """A word that only the scripts of this test have in their titles."""
    return f"w{uuid4().hex[:8]}"


@pytest.fixture
def opened(server: str, page: Page) -> Iterator[Page]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(f"{server}/desk/transfer?lang=zh")
    page.wait_for_selector("body[data-ready]")
    yield page
    assert problems == []


def check(page: Page, file: Path | dict[str, object], kind: str = "话术") -> None:
    """Choose a file in the form and have it checked."""
    page.get_by_role("radio", name=kind, exact=True).check()
    page.get_by_label("文件（").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="检查文件").click()


def counts(page: Page) -> list[str]:
    """Added, changed, unchanged, rejected."""
    return page.locator(".upload .tile b").all_inner_texts()


def written(folder: Path, word: str, *, n_bad: int = 2) -> Path:
    """A file of GB18030 with two good rows, bad ones, and a column that nobody knows."""
    bad = [f"{word}-x{place},,坏的,付款,红\n" for place in range(n_bad)]
    good = [f"{word}-{place},{word} 第 {place} 条,{word} 标题 {place},交付,红\n" for place in (1, 2)]
    path = folder / "话术 一.csv"
    path.write_text("".join(["id,text,title,stage,颜色\n", *good, *bad]), encoding="gb18030")
    return path


def test_a_file_is_checked_then_imported_and_its_scripts_are_in_the_list(
    server: str, opened: Page, word: str, tmp_path: Path
) -> None:
    check(opened, written(tmp_path, word))
    expect(opened.locator(".upload[data-phase=checked]")).to_be_visible()
    assert counts(opened) == ["2", "0", "0", "2"]
    expect(opened.locator(".upload")).to_contain_text("颜色")
    expect(opened.locator(".upload .rejected tbody tr")).to_have_count(2)
    expect(opened.locator(".upload .rejected tbody tr").first).to_contain_text("4")
    opened.get_by_role("button", name="写入 2 行").click()
    expect(opened.locator(".upload[data-phase=imported]")).to_be_visible()
    opened.goto(f"{server}/desk/scripts?q={word}&lang=zh")
    expect(opened.locator(".script")).to_have_count(2)
    expect(opened.locator(".script .name", has_text=f"{word} 标题 1")).to_have_count(1)


def test_nothing_is_written_before_it_is_asked_for(server: str, opened: Page, word: str, tmp_path: Path) -> None:
    check(opened, written(tmp_path, word))
    expect(opened.locator(".upload[data-phase=checked]")).to_be_visible()
    opened.goto(f"{server}/desk/scripts?q={word}&lang=zh")
    expect(opened.get_by_role("heading", name="话术库")).to_be_visible()
    expect(opened.locator(".script", has_text=word)).to_have_count(0)


def test_a_file_that_cannot_be_used_says_why_and_offers_no_import(opened: Page) -> None:
    check(opened, {"name": "scripts.xlsx", "mimeType": "application/zip", "buffer": b"PK\x03\x04broken"})
    expect(opened.get_by_role("alert").filter(has_text="这个文件无法使用")).to_contain_text("scripts.xlsx")
    expect(opened.get_by_role("button", name="写入")).to_have_count(0)


def test_a_file_with_a_hostile_name_is_shown_by_it_and_runs_nothing(opened: Page, word: str) -> None:
    check(opened, {"name": HOSTILE, "mimeType": "text/csv", "buffer": f"id,text\n{word},<b>粗</b>\n".encode()})
    expect(opened.locator(".upload[data-phase=checked] p b")).to_have_text(HOSTILE)
    expect(opened.locator(".upload img")).to_have_count(0)


def test_the_rejected_rows_can_be_taken_along(opened: Page, word: str, tmp_path: Path) -> None:
    check(opened, written(tmp_path, word, n_bad=60))
    expect(opened.locator(".upload .rejected tbody tr")).to_have_count(50)
    with opened.expect_download() as started:
        opened.locator(".upload").get_by_role("link", name="CSV").click()
    lines = started.value.path().read_text("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("line,column,value,reason,expected", 61)


@pytest.mark.parametrize("ending", ["XLSX", "CSV", "JSONL"])
def test_a_sample_is_downloaded_and_can_be_checked(opened: Page, tmp_path: Path, ending: str) -> None:
    samples = opened.get_by_role("region", name="样例文件")
    with opened.expect_download() as started:
        samples.get_by_role("row", name="话术").get_by_role("link", name=ending).click()
    assert started.value.suggested_filename == f"scripts-sample.{ending.lower()}"
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    check(opened, path)
    expect(opened.locator(".upload[data-phase=checked]")).to_be_visible()
    assert counts(opened) == ["2", "0", "0", "0"]


def test_an_export_is_downloaded_and_brings_nothing_new(opened: Page, tmp_path: Path) -> None:
    with opened.expect_download() as started:
        opened.get_by_role("region", name="导出").get_by_role("row", name="商品").get_by_role(
            "link", name="XLSX"
        ).click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    check(opened, path, "商品")
    expect(opened.locator(".upload[data-phase=checked]")).to_contain_text("没有需要写入的内容")


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_and_its_report_fit_and_have_no_serious_finding(
    opened: Page, word: str, tmp_path: Path, width: int
) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    check(opened, written(tmp_path, word * 12, n_bad=3))
    expect(opened.locator(".upload[data-phase=checked]")).to_be_visible()
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate("document.querySelector('.page').scrollWidth <= document.querySelector('.page').clientWidth")
    found = Axe().run(opened).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
