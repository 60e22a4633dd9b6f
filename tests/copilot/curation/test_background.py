import threading
from datetime import UTC, datetime, timedelta

import pytest

from copilot.curation.background import Background

START = datetime(2026, 11, 1, tzinfo=UTC)
LONG_S = 30.0


@pytest.fixture
def background():
    ticks = iter(START + timedelta(minutes=n) for n in range(1000))
    made = Background(lambda: next(ticks), size=3)
    yield made
    made.close()


def test_a_report_is_made_once_for_each_stamp(background) -> None:
    calls: list[int] = []

    def count() -> int:
        calls.append(1)
        return len(calls)

    for _ in range(3):
        found = background.get("n", "monday", count, wait_s=LONG_S)
        assert (found.report, found.is_current, found.is_coming, found.as_of) == (1, True, False, START)
    assert background.get("n", "tuesday", count, wait_s=LONG_S).report == 2


def test_nobody_waits_and_the_report_before_is_shown_meanwhile(background) -> None:
    go = threading.Event()

    def slow() -> str:
        assert go.wait(LONG_S)
        return "new"

    assert background.get("n", 1, lambda: "old", wait_s=LONG_S).report == "old"
    found = background.get("n", 2, slow)
    assert (found.report, found.as_of, found.is_current, found.is_coming) == ("old", START, False, True)
    go.set()
    assert background.get("n", 2, slow, wait_s=LONG_S).report == "new"


def test_a_report_that_fails_is_told_and_tried_again_only_with_another_stamp(background, caplog) -> None:
    calls: list[int] = []

    def fail() -> str:
        calls.append(1)
        raise ValueError("no vectors")

    background.get("n", 1, lambda: "good", wait_s=LONG_S)
    for _ in range(2):
        found = background.get("n", 2, fail, wait_s=LONG_S)
        assert (found.report, found.has_failed, found.is_coming, found.is_current) == ("good", True, False, False)
    assert len(calls) == 1
    assert "no vectors" in caplog.text
    assert background.get("n", 3, lambda: "better", wait_s=LONG_S).report == "better"


def test_everything_is_made_anew_when_somebody_wants_it(background) -> None:
    calls: list[int] = []
    for _ in range(2):
        background.get("n", 1, lambda: calls.append(1), wait_s=LONG_S)
        background.renew()
    assert len(calls) == 2


def test_only_the_reports_asked_for_last_are_kept(background) -> None:
    calls: list[str] = []
    for name in ("a", "b", "c", "d", "a"):
        background.get(name, 1, lambda name=name: calls.append(name), wait_s=LONG_S)
    assert calls == ["a", "b", "c", "d", "a"]
