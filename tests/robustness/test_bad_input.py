"""Bad input through the command line: one clear message, exit code 2 or 1, no traceback, and tables as they were."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.workspace import DATABASE_FILE

PRODUCTS = "sku,name,price\n"
SCRIPTS = "id,text,valid_from\n"


@dataclass(frozen=True)
class Ended:
    """A finished command."""

    code: int
    out: str
    err: str

    def said(self, *words: str) -> bool:
        """Whether the complaint holds all of these words and is no traceback."""
        return all(word in self.err for word in words) and "Traceback" not in self.err


def copilot(*arguments: str | bytes, workspace: Path, folder: Path | None = None, before: Sequence[str] = ()) -> Ended:
    """Run a command as somebody at a terminal would."""
    environment = {**os.environ, "COPILOT_WORKSPACE": str(workspace), "COPILOT_ENCODER": "hash", "OMP_NUM_THREADS": "1"}
    command = [*before, sys.executable, "-m", "copilot", *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def contents(workspace: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the list of imports, which also keeps those that were refused."""
    with closing(sqlite3.connect(workspace / DATABASE_FILE)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in names if name != "import_run"]
        return {name: database.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}  # noqa: S608


@pytest.fixture
def refused(shop_folder: Path, tmp_path: Path) -> Iterator[Callable[..., Ended]]:
    """Runs a command that must be refused and leave the tables as they were."""

    def run(*arguments: str | bytes, file: str = "", content: str | bytes = b"") -> Ended:
        if file:
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / file).write_bytes(data)
            arguments = ("load", str(tmp_path / file), "--no-index")
        before = contents(shop_folder)
        ended = copilot(*arguments, workspace=shop_folder)
        assert contents(shop_folder) == before
        assert "Traceback" not in ended.err
        return ended

    return run


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("products.csv", "sku,title\np1,面霜\n", ["line 1", "'name' is missing", "expected sku, name"]),
        ("products.csv", PRODUCTS + "x1,面霜,abc\n", ["line 2", "column price", "'abc'", "expected an amount such as"]),
        (
            "scripts.csv",
            SCRIPTS + "x1,好的,2026-13-45\n",
            ["line 2", "column valid_from", "2026-13-45", "a date such as"],
        ),
        ("products.csv", b"sku,name\nx1,\xff\xfe\x81\xff\n", ["line 2", "unknown encoding", "UTF-8"]),
        ("products.csv", PRODUCTS + f"x1,{'长' * 17_000_000},5\n", ["line 2", "1,000,000 characters"]),
        ("products.csv", b"", ["the file is empty"]),
        ("products.xlsx", b"", ["the file is empty"]),
        ("products.pdf", b"%PDF", ["unknown suffix '.pdf'", ".csv"]),
        ("wares.csv", PRODUCTS, ["wares.csv", "products, scripts"]),
        ("products.jsonl", "[1, 2]\n", ["line 1", "one JSON object per line"]),
        ("products.parquet", b"PAR1 and then nothing", ["cannot be read as Parquet"]),
    ],
    ids=lambda value: value[:14] if isinstance(value, str) else None,
)
def test_a_bad_file_is_refused_with_the_place(refused, file: str, content: str | bytes, words: list[str]) -> None:
    ended = refused(file=file, content=content)
    assert ended.code == 2
    assert ended.said(file, *words), ended.err


def test_an_archive_that_is_no_workbook_is_refused(refused, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.txt", "not a sheet")
    ended = refused(file="products.xlsx", content=(tmp_path / "photos.zip").read_bytes())
    assert ended.code == 2
    assert ended.said("products.xlsx", "expected an XLSX workbook", "another kind of ZIP"), ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["suggest", "在吗", "--customer", "nobody"], ["no customer has the id 'nobody'"]),
        (["suggest", ""], ["message: got ''", "a message that is not empty"]),
        (["suggest", "  \n "], ["message", "a message that is not empty"]),
        (["suggest", "长" * 20_001], ["message", "20,001 characters", "at most 20,000"]),
        (["suggest", b"\xff\xfe"], ["message", "surrogate"]),
        (["suggest", "在吗", "--scene", "moon"], ["--scene", "'moon'", "direct or group"]),
        (["suggest", "在吗", "--context", "missing.jsonl"], ["--context", "missing.jsonl"]),
        (["load", "missing.csv", "--kind", "products"], ["missing.csv", "no such file"]),
        (["load", "missing.csv", "--kind", "stars"], ["--kind", "'stars'", "products"]),
        (["serve", "--port", "99999"], ["--port", "65535"]),
    ],
    ids=lambda value: " ".join(ascii(word[:12]) for word in value),
)
def test_bad_arguments_are_refused_with_what_was_expected(
    refused, arguments: list[str | bytes], words: list[str]
) -> None:
    ended = refused(*arguments)
    assert ended.code == 2
    assert ended.said(*words), ended.err


def test_a_context_file_is_refused_with_its_line(refused, tmp_path: Path) -> None:
    said = [{"role": "customer", "text": "你好"}, {"role": "robot", "text": "在"}]
    (tmp_path / "context.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    ended = refused("suggest", "在吗", "--context", str(tmp_path / "context.jsonl"))
    assert ended.code == 2
    assert ended.said("context.jsonl, line 2", "robot", '"customer" or "agent"'), ended.err


@pytest.mark.parametrize("command", [["suggest", "在吗"], ["load", "."], ["index", "build"], ["index", "verify"]])
def test_a_missing_workspace_is_refused_with_what_to_run(tmp_path: Path, command: list[str]) -> None:
    ended = copilot(*command, workspace=tmp_path / "nowhere")
    assert ended.code == 2
    assert ended.said("no workspace at", "copilot init"), ended.err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", [["suggest", "在吗"], ["init"], ["doctor"], ["index", "status"]])
def test_a_database_that_is_none_is_refused_and_left_alone(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(b"these are my holiday notes " * 400)
    ended = copilot(*command, workspace=tmp_path)
    assert ended.code in (1, 2)
    assert DATABASE_FILE in ended.err + ended.out
    assert "Traceback" not in ended.err, ended.err
    assert (tmp_path / DATABASE_FILE).read_bytes() == b"these are my holiday notes " * 400


def test_an_empty_database_is_refused_with_what_to_run(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).touch()
    ended = copilot("suggest", "在吗", workspace=tmp_path)
    assert ended.code == 2
    assert ended.said("no tables yet", "copilot init"), ended.err


def index_files(shop_folder: Path) -> list[Path]:
    generation = shop_folder / "index" / "default" / "gen-000001"
    return sorted(path for path in generation.rglob("*") if path.is_file() and path.stat().st_size)


def test_an_index_file_cut_short_is_refused_with_what_to_run(refused, shop_folder: Path) -> None:
    largest = max(index_files(shop_folder), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-7])
    ended = refused("suggest", "在吗")
    assert ended.code == 1
    assert ended.said(largest.name, "copilot index build"), ended.err


@pytest.mark.parametrize("damage", ["gen-000001", "gen-000001 0000", "", "../../etc"])
def test_a_damaged_index_pointer_is_refused_with_what_to_run(refused, shop_folder: Path, damage: str) -> None:
    (shop_folder / "index" / "default" / "CURRENT").write_text(damage, encoding="utf-8")
    ended = refused("suggest", "在吗")
    assert ended.code == 1
    assert ended.said("copilot index build"), ended.err


def test_a_flipped_bit_in_the_index_is_found_by_verify_and_mended_by_a_build(shop_folder: Path) -> None:
    largest = max(index_files(shop_folder), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    ended = copilot("index", "verify", workspace=shop_folder)
    assert ended.code == 1
    assert largest.name in ended.out
    assert "Traceback" not in ended.err
    assert copilot("index", "build", workspace=shop_folder).code == 0
    assert copilot("index", "verify", workspace=shop_folder).code == 0


@pytest.fixture
def read_only(shop_folder: Path) -> Iterator[Path]:
    """A workspace in which nothing may be written."""
    paths = [shop_folder, *shop_folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield shop_folder
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize(
    "command",
    [["suggest", "在吗"], ["load", "products.csv", "--no-index"], ["index", "build"], ["init"]],
    ids=lambda command: command[0],
)
def test_a_read_only_workspace_is_refused(read_only: Path, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "products.csv").write_text(PRODUCTS + "x1,面霜,5\n", encoding="utf-8")
    database = (read_only / DATABASE_FILE).read_bytes()
    ended = copilot(*command, workspace=read_only, folder=tmp_path, before=as_anybody())
    assert ended.code in (1, 2)
    assert ended.said(DATABASE_FILE, "cannot be used", "written"), ended.err
    assert (read_only / DATABASE_FILE).read_bytes() == database


def as_anybody() -> list[str]:
    """What to write before a command so that permissions hold for root too."""
    if os.geteuid() != 0:
        return []
    limited = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*limited, "true"], check=False).returncode != 0:
        pytest.skip("permissions do not hold for root, and setpriv cannot change that here")
    return limited
