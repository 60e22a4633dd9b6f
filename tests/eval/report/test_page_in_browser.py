"""The page in Debian's chromium: nothing loaded, nothing run but our script, nothing wider than the window."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from eval.report.files import write_report

PATIENCE_MS = 90_000
"""A busy machine takes its time to start a browser."""
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"needs {CHROMIUM} (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def chromium():
    """A browser; closed after the module, because other tests cannot run event loops beside Playwright's."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(hostile, report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, one in (("hostile", hostile), ("full", report)):
        for language in ("en", "zh"):
            write_report(one, folder / f"{name}-{language}.html", language=language)
    return folder


def opened(chromium: Browser, path: Path, width: int, scheme: str) -> tuple[Page, list[str]]:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE_MS)
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("dialog", lambda dialog: noticed.append(dialog.message))
    page.on("request", lambda request: noticed.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    return page, noticed


@pytest.mark.parametrize("name", ["hostile-en", "full-zh"])
@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1280, "dark")])
def test_the_page_fits_and_does_nothing_unasked(chromium, files, name, width, scheme):
    page, noticed = opened(chromium, files / f"{name}.html", width, scheme)
    for details in page.locator("details").all():
        details.evaluate("one => one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert noticed == []
    page.close()


def test_the_queries_can_be_filtered_and_searched(chromium, files):
    page, _ = opened(chromium, files / "full-en.html", 1280, "light")
    examples = page.locator(".example")
    total = examples.count()
    expect(page.locator(".tools output")).to_have_text(f"{total} shown")
    page.get_by_role("button", name="Lost").click()
    expect(page.locator(".example.won:visible")).to_have_count(0)
    n_lost = page.locator(".example.lost").count()
    expect(page.locator(".example.lost:visible")).to_have_count(n_lost)
    page.get_by_role("searchbox").fill("nobody ever wrote this")
    expect(page.locator(".example:visible")).to_have_count(0)
    expect(page.get_by_text("No query matches.")).to_be_visible()
    page.get_by_role("button", name="All").click()
    page.get_by_role("searchbox").fill(" ")
    expect(page.locator(".example:visible")).to_have_count(total)
    page.close()


def test_the_page_can_be_read_without_scripts(chromium, files):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto((files / "full-en.html").as_uri())
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.locator(".example").first).to_be_visible()
    context.close()
