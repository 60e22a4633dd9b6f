import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copilot.cli import app as application
from copilot.cli.app import app
from models.store.artefact import Kind

Run = Callable[..., Result]


@pytest.fixture
def run(board, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COPILOT_WORKSPACE", str(board.folder))
    monkeypatch.setenv("COPILOT_MODELS", str(board.models))

    def invoke(*words: object, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["models", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def fails(board, monkeypatch: pytest.MonkeyPatch, capsys) -> Callable[..., str]:
    """Runs the whole program, which ends with a code; gives what it says on standard error."""
    monkeypatch.setenv("COPILOT_WORKSPACE", str(board.folder))
    monkeypatch.setenv("COPILOT_MODELS", str(board.models))

    def invoke(code: int, *words: object) -> str:
        monkeypatch.setattr("sys.argv", ["copilot", "models", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            application.main()
        assert ended.value.code == code
        return capsys.readouterr().err

    return invoke


def test_machines_follow_a_model_from_the_store_into_service_and_back(run: Run, make_encoder) -> None:
    added = json.loads(run("add", "encoder", make_encoder(1, beats_baseline=True), "--note", "first", "--json").stdout)
    assert added["is_new"]
    assert (added["kind"], added["name"], added["note"]) == ("encoder", "mine-1", "first")
    version = added["version"]
    promoted = json.loads(run("promote", "encoder", version[:6], "--why", "better", "--json").stdout)
    assert (promoted["before"], promoted["after"], promoted["changed"]) == (None, version, True)
    listed = json.loads(run("list", "--json").stdout)
    assert listed["encoder"]["serving"] == version
    assert listed["encoder"]["history"][0]["why"] == "better"
    assert listed["encoder"]["artefacts"][0]["training"] == {"beats_baseline": True}
    assert listed["ranker"] == {"serving": None, "line": [], "shadow": None, "history": [], "artefacts": []}


def test_people_see_what_serves_what_was_before_and_what_is_on_trial(run: Run, make_ranker) -> None:
    versions = []
    for n in (7, 8, 9):
        run("add", "ranker", make_ranker(str(n), n_ranked=n), "--note", f"n is {n}")
        known = json.loads(run("list", "--json").stdout)["ranker"]["artefacts"]
        versions.append(next(one["version"] for one in known if one["note"] == f"n is {n}"))
    run("promote", "ranker", versions[0])
    said = run("promote", "ranker", versions[1]).stdout
    assert f"ranker: {versions[1]} serves, before: {versions[0]}" in said
    assert "start it again" in said
    run("shadow", "ranker", versions[2])
    lines = run("list").stdout.splitlines()
    marks = {line.split()[1]: line.split()[0] for line in lines if line.startswith("  ")}
    assert marks == {versions[0]: "<", versions[1]: "*", versions[2]: "~"}
    assert "no ranker works silently" in run("shadow", "ranker", "off").stdout.lower()
    assert f"ranker: {versions[0]} serves" in run("rollback", "ranker").stdout
    assert "ranker: built in serves" in run("rollback", "ranker").stdout
    assert f"{versions[2]} is gone" in run("remove", "ranker", versions[2]).stdout


def test_what_is_named_explicitly_is_said_to_come_first(run: Run, board, make_ranker) -> None:
    (board.folder / "policy.toml").write_text("n_ranked = 7")
    version = board.add(Kind.RANKER, make_ranker("new", n_ranked=9)).version
    found = json.loads(run("promote", "ranker", version, "--json").stdout)
    assert found["overruled_by"] == str(board.folder / "policy.toml")


def test_a_worse_model_needs_the_option(run: Run, fails, board, make_encoder) -> None:
    version = board.add(Kind.ENCODER, make_encoder(1, beats_baseline=False)).version
    assert "--accept-worse" in fails(1, "promote", "encoder", version)
    assert "does NOT beat its baseline" in run("list").stdout
    run("promote", "encoder", version, "--accept-worse")
    assert board.store.standing(Kind.ENCODER).serving == version


def test_damage_is_found_and_named(run: Run, fails, board, make_ranker) -> None:
    artefact = board.add(Kind.RANKER, make_ranker("new", n_ranked=9))
    assert f"ok  ranker {artefact.version}" in run("verify").stdout
    (artefact.folder / "policy.json").write_text('{"n_ranked": 8}')
    assert "BAD ranker" in run("verify", code=1).stdout
    (verdict,) = json.loads(run("verify", "--json", code=1).stdout)
    assert "policy.json is not what was added" in verdict["problem"]
    assert "is not what was added" in fails(1, "promote", "ranker", artefact.version)


def test_bad_input_ends_with_two_and_says_what_was_expected(fails, board, make_ranker, tmp_path: Path) -> None:
    version = board.add(Kind.RANKER, make_ranker("new", n_ranked=9)).version
    board.desk.set_shadow(Kind.RANKER, version)
    assert "no folder" in fails(2, "add", "ranker", tmp_path / "nowhere")
    assert "policy.json" in fails(2, "add", "ranker", board.store.folder / "ranker")
    assert version in fails(2, "promote", "ranker", "ffff")
    assert "built in serves already" in fails(2, "rollback", "ranker")
    assert "is the shadow" in fails(2, "remove", "ranker", version)
    assert "only a ranker" in fails(2, "shadow", "encoder", "off")
    assert "--report" in fails(2, "shadow", "ranker")


def test_the_report_of_a_shadow_sums_up_what_it_saw(run: Run, fails, board, make_ranker, monkeypatch) -> None:
    assert "models shadow ranker" in fails(1, "shadow", "--report")
    version = board.add(Kind.RANKER, make_ranker("silent", reply_threshold=1.0)).version
    run("shadow", "ranker", version)
    assert "has not seen any message" in fails(1, "shadow", "--report")
    answered = CliRunner().invoke(app, ["suggest", "什么时候发货", "--encoder", "hash"], catch_exceptions=False)
    assert answered.exit_code == 0
    assert "今天发货" in answered.stdout
    report = json.loads(run("shadow", "--report", "--json").stdout)
    assert (report["version"], report["n"]) == (version, 1)
    assert report["metrics"]["abstention_differs"]["mean"] == 1.0
    run("shadow", "ranker", "off")
    assert "1 messages" in run("shadow", "--report").stdout


def test_every_command_has_an_example() -> None:
    for command in ("list", "add", "promote", "rollback", "shadow", "verify", "remove"):
        assert f"Example: copilot models {command}" in CliRunner().invoke(app, ["models", command, "--help"]).stdout


def test_the_doctor_says_which_models_serve_and_why(run: Run, board, make_encoder, make_ranker) -> None:
    encoder, ranker = board.add(Kind.ENCODER, make_encoder(1)), board.add(Kind.RANKER, make_ranker("new", n_ranked=9))
    board.promote(encoder)
    board.promote(ranker)

    def look() -> dict[str, dict]:
        result = CliRunner().invoke(app, ["doctor", "--json"], catch_exceptions=False)
        return {one["name"]: one for one in json.loads(result.stdout)}

    well = look()
    assert well["models"]["found"] == "2 in the store"
    assert f"promoted: {encoder.version}" in well["encoder"]["found"]
    assert f"promoted: {ranker.version}" in well["policy"]["found"]
    assert all(well[name]["ok"] for name in ("models", "encoder", "policy", "index"))
    (encoder.folder / "tokenizer.json").unlink()
    (ranker.folder / "policy.json").unlink()
    ill = look()
    assert not any(ill[name]["ok"] for name in ("models", "encoder", "policy"))
    assert encoder.version in ill["encoder"]["found"]
    assert ranker.version in ill["policy"]["found"]
