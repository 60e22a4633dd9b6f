"""How long messages take until their suggestions are visible: what is counted, and what is refused."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.benchmark import console_pages
from copilot.benchmark.console import ConsoleReport, visible_ms
from copilot.benchmark.console_report import table
from copilot.benchmark.console_server import Served, served
from copilot.benchmark.console_traffic import Posted, Shop, draw_texts
from copilot.cli.app import app
from copilot.errors import BadRequestError, NotReadyError
from copilot.settings import Settings
from eval.latency import Spread


def test_a_message_is_timed_from_its_post_to_its_own_version_in_its_own_console() -> None:
    posted = [Posted(0, 1, 10.0, 10.01), Posted(1, 1, 10.2, 10.21), Posted(0, 3, 11.0, 11.01)]
    visible_at = [{1: 10.08, 3: 11.125}, {1: 10.25}]
    assert visible_ms(posted, visible_at) == pytest.approx([80.0, 50.0, 125.0])


def test_a_message_whose_suggestions_never_showed_is_left_out() -> None:
    posted = [Posted(0, 1, 10.0, 10.01), Posted(1, 1, 10.2, 10.21)]
    assert visible_ms(posted, [{2: 10.5}, {1: 10.3}]) == pytest.approx([100.0])


def test_the_table_shows_what_was_missed_beside_the_times() -> None:
    report = ConsoleReport(
        n_consoles=20,
        rate_per_s=5.0,
        seconds=30.0,
        encoder="default",
        n_cores=2,
        n_posted=4,
        n_missed=1,
        visible_ms=Spread.of([80.0, 90.0, 100.0]),
        post_ms=Spread.of([10.0]),
        server_cpu_s=6.25,
        load_before=1.0,
        load_after=2.0,
    )
    shown = table(report)
    assert "| 20 consoles, 5 messages/s for 30 s, 2 cores | |" in shown
    assert "p50 / p95 / max ms | 90 / 99 / 100 |" in shown
    assert "| 4 / 1 |" in shown


def test_the_same_seed_writes_the_same_messages_and_none_is_empty() -> None:
    one, other = (draw_texts(np.random.default_rng(3), 40) for _ in range(2))
    assert one == other
    assert all(text.strip() for text in one)
    assert len(set(one)) > 30


def test_processor_time_of_a_process_is_read_from_the_system() -> None:
    if not Path("/proc/self/stat").is_file():
        pytest.skip("the system has no /proc")

    assert Served("", os.getpid()).cpu_s() > 0
    assert Served("", 2**22 + 1).cpu_s() == 0


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path / "nothing", encoder="hash")
    with pytest.raises(NotReadyError, match="copilot serve did not start"), served(settings):
        pass


def test_without_a_browser_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_pages, "CHROMIUM", Path("/nowhere/chromium"))
    with (
        pytest.raises(NotReadyError, match="--console needs /nowhere/chromium; run: apt-get install chromium"),
        console_pages.open_pages("http://127.0.0.1:1", Shop("", (), ())),
    ):
        pass


def test_without_playwright_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with (
        pytest.raises(NotReadyError, match="--console needs Playwright; run: pip install"),
        console_pages.open_pages("http://127.0.0.1:1", Shop("", (), ())),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--console", "--rivals"], "--rivals"),
        (["--console", "--sizes", "1000"], "--sizes"),
        (["--consoles", "3"], "--consoles"),
        (["--rate", "2"], "--rate"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: list[str], name: str) -> None:
    result = CliRunner().invoke(app, ["eval", "bench", *options])
    assert isinstance(result.exception, BadRequestError)
    assert str(result.exception).startswith(f"{name}: got")
