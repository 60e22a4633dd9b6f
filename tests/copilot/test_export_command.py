"""`copilot export` as people and machines call it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copilot.cli import app as application
from copilot.cli.app import app
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Product
from knowledge.workspace import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)
Run = Callable[..., Result]
Fails = Callable[..., str]


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two scripts, of which one is live with a draft beside it, and a product."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPILOT_WORKSPACE", str(tmp_path / "shop"))
    monkeypatch.setenv("COPILOT_ENCODER", "hash")
    opened = Workspace.create(tmp_path / "shop")
    with opened.database.write() as session:
        for script_id, text in (("ship", "=今天发货"), ("hello", "您好")):
            save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text), actor="wang", now=NOW)
        publish_script(session, DEFAULT_TENANT, "ship", actor="wang", now=NOW)
        save_draft(session, DEFAULT_TENANT, "ship", ScriptContent("明天发货"), actor="wang", now=NOW)
        session.add(Product(tenant_id=DEFAULT_TENANT, sku="balm", name="面霜", updated_at=NOW))
    opened.close()
    return opened.folder


@pytest.fixture
def run() -> Run:
    def invoke(*words: object) -> Result:
        result = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return invoke


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """Runs the whole program, which ends with code 2; gives the one line it says."""

    def invoke(*words: object) -> str:
        monkeypatch.setattr("sys.argv", ["copilot", "export", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            application.main()
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    return invoke


def rows_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_scripts_are_written_as_they_are_live_or_else_as_they_were_last_written(run: Run, tmp_path: Path) -> None:
    said = run("export", "scripts", "--out", tmp_path / "scripts.jsonl").output
    assert said == f"{tmp_path / 'scripts.jsonl'}: 2 scripts\n"
    written = {row["id"]: (row["text"], row["status"]) for row in rows_of(tmp_path / "scripts.jsonl")}
    assert written == {"hello": ("您好", "draft"), "ship": ("=今天发货", "published")}


def test_machines_are_told_in_json(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "products.csv"
    told = json.loads(run("export", "products", "--out", out, "--json").output)
    assert told == {"kind": "products", "file": str(out), "n_rows": 1}


@pytest.mark.parametrize("ending", ["xlsx", "csv", "jsonl"])
def test_what_was_exported_and_is_loaded_again_changes_nothing(run: Run, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"scripts.{ending}"
    run("export", "scripts", "--out", out)
    (report,) = json.loads(run("load", out, "--json").output)
    counts = [report[f"n_{name}"] for name in ("added", "changed", "unchanged", "rejected")]
    assert counts == [0, 0, 2, 0]


@pytest.mark.parametrize("words", [["--ids", "ship"], ["--ids", "ship, ", "--ids", "ship"]])
def test_only_the_named_ones_are_written(run: Run, tmp_path: Path, words: list[str]) -> None:
    out = tmp_path / "some.jsonl"
    run("export", "scripts", "--out", out, *words)
    assert [row["id"] for row in rows_of(out)] == ["ship"]


def test_an_id_that_nothing_has_is_told_and_no_file_is_left(fails: Fails, tmp_path: Path) -> None:
    assert "no script has the id 'shop'" in fails("scripts", "--out", tmp_path / "some.csv", "--ids", "ship,shop")
    assert "no product has the id 'cream'" in fails("products", "--out", tmp_path / "some.csv", "--ids", "cream")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_an_existing_file_is_replaced_only_by_force(run: Run, fails: Fails, tmp_path: Path) -> None:
    out = tmp_path / "scripts.csv"
    out.write_text("mine", encoding="utf-8")
    assert "--force" in fails("scripts", "--out", out)
    assert out.read_text("utf-8") == "mine"
    run("export", "scripts", "--out", out, "--force")
    assert "今天发货" in out.read_text("utf-8")


def test_an_export_that_fails_leaves_the_file_before_it_as_it_was(fails: Fails, tmp_path: Path, shop: Path) -> None:
    opened = Workspace.open(shop)
    with opened.database.write() as session:
        long = Product(tenant_id=DEFAULT_TENANT, sku="long", name="长", description="长" * 40_000, updated_at=NOW)
        session.add(long)
    opened.close()
    out = tmp_path / "products.xlsx"
    out.write_text("mine", encoding="utf-8")
    assert "description" in fails("products", "--out", out, "--force")
    assert out.read_text("utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["products.xlsx", "shop"]


@pytest.mark.parametrize(
    ("kind", "out", "says"),
    [
        ("orders", "orders.csv", "scripts or products"),
        ("scripts", "scripts.pdf", ".xlsx, .csv, .jsonl"),
        ("scripts", "scripts", ".xlsx, .csv, .jsonl"),
        ("scripts", "nowhere/scripts.csv", "nowhere does not"),
        ("scripts", "folder.csv", "this is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(
    fails: Fails, tmp_path: Path, kind: str, out: str, says: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    said = fails(kind, "--out", tmp_path / out, "--force")
    assert says in said
    assert said.startswith("copilot: KIND: got 'orders'" if kind == "orders" else "copilot: --out: got ")


def test_without_a_workspace_the_message_says_what_to_run(fails: Fails, tmp_path: Path) -> None:
    said = fails("scripts", "--out", tmp_path / "scripts.csv", "--workspace", tmp_path / "none")
    assert "copilot init" in said


def test_the_help_has_an_example(run: Run) -> None:
    assert "Example: copilot export" in run("export", "--help").output
