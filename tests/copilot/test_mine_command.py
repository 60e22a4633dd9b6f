"""`copilot mine` as people and machines call it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copilot.cli import app as application
from copilot.cli.app import app
from knowledge.tables import DEFAULT_TENANT, Conversation, Message, MessageRole, Suggestion, SuggestionSet
from knowledge.workspace import Workspace

Run = Callable[..., Result]
Fails = Callable[..., str]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workspace but what a test makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPILOT_ENCODER", "hash")
    monkeypatch.delenv("COPILOT_WORKSPACE", raising=False)


@pytest.fixture
def run() -> Run:
    def invoke(*words: object) -> Result:
        result = CliRunner().invoke(app, ["mine", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return invoke


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """Runs the whole program, which ends with code 2; gives the one line it says."""

    def invoke(*words: object) -> str:
        monkeypatch.setattr("sys.argv", ["copilot", "mine", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            application.main()
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    return invoke


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Sixty conversations in which every customer gets one of two replies."""
    lines = []
    for number in range(60):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        texts = ["什么时候发货", ("今天下午四点前付款当天就发", "亲，我们支持七天无理由退换")[number % 2]]
        messages = [
            {"role": role, "text": text, "at": (at + timedelta(minutes=place)).isoformat()}
            for place, (role, text) in enumerate(zip(("customer", "agent"), texts, strict=True))
        ]
        talk = {"conversation_id": f"k{number}", "customer_id": f"c{number}", "agent_id": f"a{number % 3}"}
        lines.append(json.dumps({**talk, "messages": messages, "outcome": {"converted": number % 3 == 0}}) + "\n")
    path = tmp_path / "chats.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    Workspace.create(folder).close()
    return folder


def test_candidates_go_to_a_file_and_a_second_run_reads_nothing(run: Run, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "candidates.jsonl"
    first = json.loads(run("--archive", archive, "--out", out, "--json").stdout)
    written = out.read_bytes()
    rows = [json.loads(line) for line in written.decode().splitlines()]
    assert {row["text"] for row in rows} == {"今天下午四点前付款当天就发", "亲，我们支持七天无理由退换"}
    assert (first["n_candidates"], first["read"]["n_conversations"], first["out"]) == (2, 60, str(out))
    second = json.loads(run("--archive", archive, "--out", out, "--json").stdout)
    assert (second["read"]["n_files"], second["n_conversations"]) == (0, 60)
    assert out.read_bytes() == written


def test_people_read_what_was_read_and_found(run: Run, archive: Path, tmp_path: Path) -> None:
    with archive.open("a") as file:
        file.write("no JSON\n" + '{"conversation_id": "half')
    said = run("--archive", archive, "--out", tmp_path / "candidates.jsonl").stdout
    assert "read 60 new conversations in 1 files (1 rejected, 1 unfinished); 60 in all" in said
    assert "rejected chats.jsonl: line 61: not JSON" in said
    assert "2 candidates: 0 help, 0 harm, 2 cannot be told yet" in said
    assert f"written to {tmp_path / 'candidates.jsonl'}" in said


def test_with_a_workspace_candidates_go_to_its_desk(run: Run, archive: Path, workspace: Path) -> None:
    first = json.loads(run("--archive", archive, "-w", workspace, "--json").stdout)
    assert first["desk"]["n_added"] == 2
    assert "/desk/candidates: " in run("--archive", archive, "-w", workspace).stdout
    assert len(list((workspace / "mining").glob("chats.jsonl-*/state.json"))) == 1


def test_two_archives_of_one_name_are_not_taken_for_each_other(run: Run, archive: Path, workspace: Path) -> None:
    other = archive.parent / "elsewhere" / archive.name
    other.parent.mkdir()
    other.write_text("".join(archive.read_text(encoding="utf-8").splitlines(keepends=True)[:30]), encoding="utf-8")
    run("--archive", archive, "-w", workspace)
    found = json.loads(run("--archive", other, "-w", workspace, "--json").stdout)
    assert (found["n_conversations"], found["read"]["n_gone"]) == (30, 0)


def test_another_archive_is_not_mixed_with_what_was_read_for_the_same_file(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "others.jsonl"
    other.write_text("".join(archive.read_text(encoding="utf-8").splitlines(keepends=True)[:30]), encoding="utf-8")
    out = tmp_path / "candidates.jsonl"
    found = [json.loads(run("--archive", path, "--out", out, "--json").stdout) for path in (archive, other)]
    assert [one["n_conversations"] for one in found] == [60, 30]


def test_files_that_are_gone_are_told(run: Run, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "chats"
    folder.mkdir()
    archive.rename(folder / "old.jsonl")
    run("--archive", folder, "--out", tmp_path / "c.jsonl")
    (folder / "old.jsonl").rename(folder / "new.jsonl")
    said = run("--archive", folder, "--out", tmp_path / "c.jsonl").stdout
    assert "1 files read before are gone from the archive" in said
    assert "60 conversations that had been read before and were replaced" in said


@pytest.mark.parametrize("words", [(), ("digest",), ("match",)])
def test_help_has_an_example(run: Run, words: tuple[str, ...]) -> None:
    assert "Example: copilot mine" in run(*words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--archive: got None, expected a file or folder of conversations"),
        (
            ("--archive", "chats.csv", "--out", "o"),
            "chats.csv: unknown suffix '.csv', expected .jsonl, .ndjson or .parquet",
        ),
        (("--archive", "nothing", "--out", "o"), "nothing: no such file or folder"),
        (("--archive", "empty", "--out", "o"), "empty: no conversations in this folder"),
        (
            ("--archive", "chats.jsonl", "--out", "o", "--reading", "fast"),
            "--reading: got 'fast', expected words or network",
        ),
        (
            ("--archive", "chats.jsonl", "--out", "o", "--outcome", "profit"),
            "--outcome: got 'profit', expected an outcome of this archive: conversion",
        ),
        (
            ("--archive", "chats.jsonl", "--out", "o", "--window-days", "-1"),
            "--window-days: got -1.0, expected a number",
        ),
        (
            ("--archive", "chats.jsonl", "--out", "o", "--window-days", "nan"),
            "--window-days: got nan, expected a number",
        ),
        (
            ("--archive", "chats.jsonl", "--out", "o", "--session-gap-hours", "inf"),
            "--session-gap-hours: got inf, expected",
        ),
        (("--archive", "chats.jsonl", "--out", "o", "--orders", "none.csv"), "none.csv"),
        (("--archive", "chats.jsonl"), "workspace"),
        (("digest", "--language", "fr"), "--language: got 'fr', expected zh or en"),
        (("digest",), "workspace"),
        (("match",), "workspace"),
    ],
)
def test_bad_input_is_told_in_one_line(
    fails: Fails, archive: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "chats.csv").touch()
    (tmp_path / "empty").mkdir()
    assert told in fails(*words)


def test_a_rewritten_archive_is_refused_in_one_line(run: Run, fails: Fails, archive: Path, tmp_path: Path) -> None:
    words = ("--archive", archive, "--out", tmp_path / "c.jsonl")
    run(*words)
    archive.write_text(archive.read_text(encoding="utf-8").replace("k1", "j1"), encoding="utf-8")
    assert "rewritten since it was read" in fails(*words)


def test_the_digest_of_a_small_workspace(run: Run, workspace: Path, tmp_path: Path) -> None:
    found = json.loads(run("digest", "-w", workspace, "--json").stdout)
    assert isinstance(found, dict)
    out = tmp_path / "week.md"
    assert run("digest", "-w", workspace, "--language", "en", "--out", out).stdout.strip() == str(out)
    assert out.read_text(encoding="utf-8").startswith("#")
    assert run("digest", "-w", workspace).stdout.startswith("#")


def test_what_was_sent_as_shown_is_matched_once(run: Run, workspace: Path) -> None:
    of, at = {"tenant_id": DEFAULT_TENANT}, datetime(2026, 1, 1, tzinfo=UTC)
    text = "今天下午四点前付款当天就发"
    shown = SuggestionSet(**of, id="s1", conversation_id="k1", conversation_version=1, at=at)
    opened = Workspace.open(workspace)
    with opened.database.write() as session:
        session.add_all([Conversation(**of, id="k1"), shown])
        session.add(Suggestion(**of, set_id="s1", kind="reply", rank=1, item_id="ship", text=text))
        for position, role in enumerate(("customer", "agent"), start=1):
            said = {"position": position, "role": MessageRole(role), "text": text, "at": at}
            session.add(Message(**of, conversation_id="k1", **said))
    opened.close()
    first, second = (json.loads(run("match", "-w", workspace, "--json").stdout) for _ in range(2))
    assert (first["n_accepted"], first["n_recorded"]) == (1, 1)
    assert (second["n_recorded"], second["n_decided_before"]) == (0, 1)


def test_matching_a_workspace_without_suggestions_records_nothing(run: Run, workspace: Path) -> None:
    found = json.loads(run("match", "-w", workspace, "--json").stdout)
    assert set(found.values()) == {0}
    assert run("match", "-w", workspace).stdout.count(": 0") == len(found)
