"""Figures of a comparison, worked by hand from turns that never happened."""

import numpy as np
import pytest

from copilot.benchmark.machine import Machine
from copilot.benchmark.rivals.figures import (
    BuildFigures,
    DuelFigures,
    OpenFigures,
    RivalsReport,
    SizeFigures,
    job_figures,
    ratios,
)
from copilot.benchmark.rivals.material import Message
from copilot.benchmark.rivals.report import table
from copilot.benchmark.rivals.task import Encoding, Job
from copilot.benchmark.rivals.turns import Contest, Side, Turn
from copilot.benchmark.rivals.worker import Answered
from eval.latency import Taken
from eval.memory import ProcessMemory

VECTORS = np.eye(12, dtype=np.float32)
TEN = tuple(range(10))


def side(*processes: list[float], found: tuple[int, ...] = TEN, pause_s: float = 0.0) -> Side:
    """Processes that began together and took so many ms for each message; half of it was processor time."""
    return Side(
        tuple(
            Answered(
                taken=tuple(Taken(ms, ms / 2) for ms in own),
                found=(found,) * len(own),
                start=100.0,
                end=100.0 + sum(own) / 1000 + pause_s,
            )
            for own in processes
        )
    )


def contest(job: Job, messages: list[Message]) -> Contest:
    """Two turns of one message each, and two of two processes; theirs find two wrong documents."""
    alone = [
        Turn(side([10]), side([40], found=(10, 11, *TEN[:8]))),
        Turn(side([20]), side([80], found=(10, 11, *TEN[:8]))),
    ]
    together = [Turn(side([10], [20]), side([50], [30])), Turn(side([20], [10]), side([50], [70]))]
    asked = np.sum(VECTORS[:10], axis=0, keepdims=True).repeat(2, axis=0).astype(np.float32)
    return Contest(job, alone, together, messages, asked, asked, load=1.5)


def test_a_side_lasts_from_the_first_that_begins_to_the_last_that_ends() -> None:
    both = side([10, 20], [5])
    assert (both.seconds, both.n_messages) == (pytest.approx(0.030), 3)


def test_ratios_are_theirs_against_ours() -> None:
    figures = contest(Job.HYBRID, [Message("?"), Message("!")])
    found = ratios(figures.alone, figures.together, np.random.default_rng(7))
    assert found.latency.mean == pytest.approx(60 / 15)  # medians of 40, 80 and of 10, 20
    assert found.cpu.mean == pytest.approx(30 / 7.5)
    assert found.throughput.mean == pytest.approx((40 + 80) / (10 + 20))
    assert found.throughput_together.mean == pytest.approx((50 + 70) / (20 + 20))
    assert found.latency.n == 2


def test_a_constant_ratio_has_an_interval_of_one_point() -> None:
    turns = [Turn(side([ms, ms]), side([3 * ms, 3 * ms])) for ms in (5.0, 5.0, 5.0)]
    found = ratios(turns, turns, np.random.default_rng(7))
    assert (found.latency.low, found.latency.high) == pytest.approx((3.0, 3.0))
    assert (found.throughput.low, found.throughput.high) == pytest.approx((3.0, 3.0))


def test_figures_of_each_side() -> None:
    messages = [Message("?", about=(9,)), Message("!")]
    figures = job_figures(contest(Job.DENSE, messages), VECTORS, np.random.default_rng(7))
    assert figures.ours.latency_ms.p50 == pytest.approx(15.0)
    assert figures.theirs.latency_ms.p50 == pytest.approx(60.0)
    assert figures.ours.cpu_ms.p50 == pytest.approx(7.5)
    assert figures.ours.per_s == pytest.approx(2 / 0.030)
    assert figures.ours.per_s_together == pytest.approx(4 / 0.040)
    assert figures.theirs.per_s_together == pytest.approx(4 / 0.120)
    assert (figures.ours.recall.mean, figures.theirs.recall.mean) == (1.0, 8 / 10)
    assert (figures.ours.about_found.mean, figures.theirs.about_found.mean) == (1.0, 0.0)  # of the one that is known
    assert figures.ours.about_found.n == 1
    assert figures.load == 1.5


def test_recall_is_told_of_search_by_meaning_only_and_subjects_only_where_known() -> None:
    figures = job_figures(contest(Job.HYBRID, [Message("?"), Message("!")]), VECTORS, np.random.default_rng(7))
    assert figures.ours.recall is None
    assert figures.ours.about_found is None


def test_the_table_shows_every_job_and_cost() -> None:
    rng = np.random.default_rng(7)
    jobs = tuple(job_figures(contest(job, [Message("?", (0,)), Message("!")]), VECTORS, rng) for job in Job)
    opened = OpenFigures(1.25, 1.0, ProcessMemory(512.4, 300.0, 200.0))
    duel = DuelFigures("other", Encoding.GIVEN, opened, OpenFigures(2.5, 2.0, ProcessMemory(2_048.0)), jobs)
    builds = (BuildFigures("ours", 3.0, 2.0, 100.0), BuildFigures("other", 30.0, 29.0, 400.0))
    report = RivalsReport(
        machine=Machine("a processor", 2, "3.11", 0.5, 10.0),
        encoder="default",
        documents="synthetic",
        n_messages=2,
        n_processes=2,
        seed=7,
        versions={"other": "1.2"},
        sizes=(SizeFigures(12, 11.0, builds, (duel,)),),
    )
    lines = table(report).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert "other 1.2" in lines[0]
    assert [(row[0], row[1], row[5].split()[0]) for row in cells[2:4]] == [
        ("hybrid", "other", "**4**"),
        ("dense", "other", "**4**"),
    ]
    assert cells[3][11:] == ["1.000 / 0.800", "1.000 / 1.000", "1.5"]
    assert cells[2][10].startswith("**3**")
    assert "the same, 2 processes" in cells[0]
    assert [(row[0], row[2], row[4], row[5]) for row in cells[6:]] == [
        ("ours", "3.0 (2.0)", "512", "300 / 200"),
        ("other", "30.0 (29.0)", "2,048", "–"),
    ]
