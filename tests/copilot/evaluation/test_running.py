from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copilot.cli.app import app
from copilot.engine.past import PastReader
from copilot.engine.policy import Exploration, Policy
from copilot.errors import BadRequestError, NotReadyError
from copilot.evaluation.auditing import audit
from copilot.evaluation.running import LOCK_FILE, RunOptions, run_turns
from copilot.evaluation.setting import LibraryOf
from eval.datasets.turns import read_turns, write_turns
from eval.errors import RunError
from eval.runs.run import QUERIES_FILE, Run
from knowledge.index.files import locked_at_once
from knowledge.tables import DEFAULT_TENANT, CustomerTag

JULY = datetime(2026, 7, 1, tzinfo=UTC)


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""


def run(settings, turns, progress: Callable[[int, int, str], None] = quiet, **options: object) -> Run:
    return run_turns(settings, turns, RunOptions(n_processes=1, **options), progress)


def answers(made: Run) -> list[list[tuple[str, int]]]:
    return [[(one["item_id"], one["version"]) for one in replies] for replies in made.table["replies"].to_pylist()]


def test_turns_are_answered_with_the_scripts_of_their_moment(settings, turns) -> None:
    shown = answers(run(settings, turns))[::4]
    assert shown[:4] == [[("returns", 1)]] * 4  # days 0, 4, 8 and 12; July begins with day 15
    assert shown[4:] == [[("returns", 2)]] * 71


def test_turns_can_be_answered_with_the_scripts_of_today(settings, turns) -> None:
    assert answers(run(settings, turns, library_of=LibraryOf.NOW))[0] == [("returns", 2)]


def test_what_was_sent_is_what_was_wanted(settings, turns) -> None:
    made = run(settings, turns)
    found = made.values("Success@1")
    assert found[::4].tolist() == [1.0] * 75
    assert np.isfinite(found).sum() == 75  # only turns whose script is known are judged
    assert made.values("keystrokes")[0] == pytest.approx(7 / 8)  # eight characters, one key
    assert made.values("charF1@3")[1] < 1.0


def test_tags_and_orders_are_known_from_their_day_on(settings, turns) -> None:
    made = run(settings, turns)
    labels = made.slice_labels("tag")
    assert labels[14] == []
    assert labels[15] == ["敏感肌"]
    facts = made.table["facts"].to_pylist()
    assert [[fact["kind"] for fact in facts[day]] for day in (1, 13, 17)] == [[], [], ["tag", "order"]]


def test_two_runs_are_the_same_bytes(settings, turns, past) -> None:
    first = run(settings, turns)
    before = (first.folder / QUERIES_FILE).read_bytes()
    first.folder.rename(first.folder.with_name("first"))
    again = run_turns(settings, turns, RunOptions(n_processes=2), quiet)
    assert (again.folder / QUERIES_FILE).read_bytes() == before
    assert again.id == first.id


def test_an_interrupted_run_goes_on_where_it_was(settings, turns, tmp_path: Path) -> None:
    whole = run(settings, turns)
    expected = (whole.folder / QUERIES_FILE).read_bytes()
    whole.folder.rename(tmp_path / "whole")

    def stop_after_the_first_shard(done: int, total: int, what: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(settings, turns, stop_after_the_first_shard)
    (partial,) = settings.workspace.glob("runs/*.partial")
    kept = {path: path.stat().st_mtime_ns for path in partial.glob("parts/*.queries.parquet")}
    assert kept
    heard: list[int] = []
    made = run(settings, turns, lambda done, *_: heard.append(done))
    assert heard[1] == 100, "the first shard is not answered again"
    assert (made.folder / QUERIES_FILE).read_bytes() == expected
    assert not partial.exists()


def test_a_finished_run_is_opened_and_not_made_again(settings, turns) -> None:
    first = run(settings, turns)
    heard: list[str] = []
    assert run(settings, turns, lambda *told: heard.append(told[2])).id == first.id
    assert heard == ["preparing"]


def test_two_runs_at_once_do_not_get_into_each_others_way(settings, turns) -> None:
    settings.workspace.joinpath("runs").mkdir(exist_ok=True)
    with locked_at_once(settings.workspace / "runs" / LOCK_FILE) as is_mine:
        assert is_mine
        with pytest.raises(NotReadyError, match="another run is being made"):
            run(settings, turns, limit=5)
    assert len(run(settings, turns, limit=5).table) == 5


def test_another_policy_is_another_run_and_exploring_is_not(settings, turns) -> None:
    ids = {
        run(settings, turns, policy=policy, limit=5).id
        for policy in (Policy(), Policy(exploration=Exploration(rate=0.1)), Policy(reply_threshold=0.9))
    }
    assert len(ids) == 2


def test_a_library_that_began_later_is_refused_with_a_way_out(settings, tmp_path: Path, turns) -> None:
    path = tmp_path / "old.jsonl"
    write_turns(path, [replace(one, at=one.at - timedelta(days=900)) for one in turns.turns()])
    with pytest.raises(NotReadyError, match=r"first script was published on 2026-05-01.*--library now"):
        run(settings, read_turns(path))
    assert not list(settings.workspace.glob("runs/.preparing*"))


def test_no_turns_are_refused(settings, past) -> None:
    class Nothing:
        name, kind, sha256 = "nothing", "turns", ""

        def turns(self):
            return iter(())

    with pytest.raises(BadRequestError, match=r"nothing.*at least one turn"):
        run(settings, Nothing())


def test_an_engine_that_reads_the_present_is_caught(settings, turns, past, monkeypatch) -> None:
    """The reader is broken on purpose: it knows tags before they were given."""
    past.add(CustomerTag(tenant_id=DEFAULT_TENANT, customer_id="c1", tag="VIP", valid_from=JULY + timedelta(days=200)))
    whole = PastReader.customer

    class Reader(PastReader):
        def customer(self, session, customer_id, now):  # noqa: ARG002
            return whole(self, session, customer_id, JULY + timedelta(days=500))

    monkeypatch.setattr("copilot.evaluation.answering.PastReader", Reader)
    found = audit(settings, run(settings, turns, limit=120))
    assert set(found.counts) == {"future-tag", "future-order"}
    assert found.counts["future-tag"] == 120


def test_a_run_has_no_leaks(settings, turns) -> None:
    assert audit(settings, run(settings, turns)).counts == {}


def test_a_script_copied_from_the_turns_is_caught(settings, turns, tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    asked = [
        replace(one, message="请问一下这个可以七天无理由退货吗", sent="可以的，直接在订单里申请就好", script_id=None)
        for one in turns.turns()
    ][:3]
    write_turns(path, asked)
    made = run(settings, read_turns(path), library_of=LibraryOf.NOW)
    assert audit(settings, made).counts == {}
    copied = replace(asked[0], sent="十五天内都可以退货哦，亲")
    write_turns(path, [copied, *asked[1:]])
    made = run(settings, read_turns(path), library_of=LibraryOf.NOW)
    assert audit(settings, made).counts == {"copied-script": 1}


def test_training_on_the_same_sessions_is_caught(settings, turns) -> None:
    made = run(settings, turns, limit=9)
    found = audit(settings, made, turns.path)
    assert found.counts == {"shared-session": 9}


def test_the_command_prints_intervals_and_exits_1_on_a_leak(settings, turns, tmp_path: Path) -> None:
    base = ["eval", "run", "--data", str(turns.path), "-w", str(settings.workspace), "--encoder", "hash"]
    clean = CliRunner().invoke(app, [*base, "--json", "--slice", "stage", "--processes", "1"])
    assert clean.exit_code == 0, clean.output
    assert '"Success@1": {' in clean.stdout
    assert '"mean": 1.0' in clean.stdout


@pytest.mark.parametrize(("option", "value"), [("--slice", "moon"), ("--by", "planet"), ("--library", "soon")])
def test_a_wrong_choice_is_refused_before_anything_is_measured(settings, turns, option: str, value: str) -> None:
    base = ["eval", "run", "--data", str(turns.path), "-w", str(settings.workspace), "--encoder", "hash"]
    refused = CliRunner().invoke(app, [*base, option, value])
    assert f"{option}: got '{value}'" in str(refused.exception)
    assert not list(settings.workspace.glob("runs/*"))


def test_runs_over_different_turns_are_not_compared(settings, turns) -> None:
    ids = [run(settings, turns, limit=limit).id for limit in (100, 150)]
    refused = CliRunner().invoke(app, ["eval", "compare", *ids, "-w", str(settings.workspace)])
    assert isinstance(refused.exception, RunError)
