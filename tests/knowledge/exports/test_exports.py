"""What is written out and read in again is what it was, whatever it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.errors import InvalidValueError
from knowledge.exports import ENDINGS, EXPORTABLE, exported_rows, sample_rows, write_table
from knowledge.formulas import defused, restored
from knowledge.imports import ImportKind, ImportReport, import_file
from knowledge.imports.formats import FORMATS
from knowledge.imports.readers.delimited import DelimitedFile
from knowledge.imports.readers.raw import RawRow
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT
from knowledge.workspace import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOSTILE = ("=cmd|' /C calc'!A0", "+86 138", "-1", "@sum(A1)", "'=1+1", "＝1+1", "<b>粗</b>", "他说“好”,\n换行", "‮反 😀")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.create(tmp_path / "workspace")
    yield made
    made.close()


def load(workspace: Workspace, kind: ImportKind, path: Path) -> ImportReport:
    return import_file(workspace.database, DEFAULT_TENANT, kind, path, now=lambda: NOW)


def export(workspace: Workspace, kind: ImportKind, path: Path) -> list[dict[str, object]]:
    """What the file holds, which is written first."""
    with workspace.database.read() as session:
        rows = [dict(row) for row in exported_rows(session, DEFAULT_TENANT, kind)]
    assert write_table(path, FORMATS[kind].columns, rows) == len(rows)
    return rows


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", EXPORTABLE)
def test_what_was_exported_changes_nothing_here_and_makes_the_same_elsewhere(
    workspace: Workspace, tmp_path: Path, kind: ImportKind, ending: str
) -> None:
    first = tmp_path / f"sample.{ending}"
    write_table(first, FORMATS[kind].columns, sample_rows(kind))
    assert load(workspace, kind, first).n_rejected == 0
    path = tmp_path / f"out.{ending}"
    rows = export(workspace, kind, path)
    assert len(rows) == len(sample_rows(kind))
    again = load(workspace, kind, path)
    assert (again.n_unchanged, again.n_changed, again.unknown_columns) == (len(rows), 0, ())
    elsewhere = Workspace.create(tmp_path / "elsewhere")
    load(elsewhere, kind, path)
    assert export(elsewhere, kind, tmp_path / f"copy.{ending}") == rows
    elsewhere.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_texts_that_spreadsheets_would_run_come_back_as_they_were(
    workspace: Workspace, tmp_path: Path, ending: str
) -> None:
    with workspace.database.write() as session:
        for place, text in enumerate(HOSTILE):
            content = ScriptContent(text, triggers=(text, "a|b"), audience={"all": [text]})
            save_draft(session, DEFAULT_TENANT, f"s{place}", content, actor="wang", now=NOW)
            publish_script(session, DEFAULT_TENANT, f"s{place}", actor="wang", now=NOW)
    path = tmp_path / f"scripts.{ending}"
    rows = export(workspace, ImportKind.SCRIPTS, path)
    assert [row["text"] for row in rows] == list(HOSTILE)
    report = load(workspace, ImportKind.SCRIPTS, path)
    assert (report.n_unchanged, report.rejected) == (len(HOSTILE), ())


def test_no_cell_of_a_csv_begins_like_a_formula(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, "s1", ScriptContent("=1+1", triggers=("@a",)), actor="-x", now=NOW)
    path = tmp_path / "scripts.csv"
    export(workspace, ImportKind.SCRIPTS, path)
    cells = [cell for line in path.read_text("utf-8-sig").splitlines() for cell in line.split(",")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=1+1" in cells


ROWS = [kind for kind in FORMATS if kind is not ImportKind.CONVERSATIONS]
SAMPLES = [*((kind, ending) for kind in ROWS for ending in ENDINGS), (ImportKind.CONVERSATIONS, "jsonl")]


@pytest.mark.parametrize(("kind", "ending"), SAMPLES)
def test_every_sample_can_be_imported(workspace: Workspace, tmp_path: Path, kind: ImportKind, ending: str) -> None:
    path = tmp_path / f"{kind}.{ending}"
    write_table(path, FORMATS[kind].columns, sample_rows(kind))
    report = load(workspace, kind, path)
    assert (report.rejected, report.unknown_columns) == ((), ())
    assert report.n_added > 0


def test_other_endings_and_kinds_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"scripts\.pdf"):
        write_table(tmp_path / "scripts.pdf", ("id",), [])
    with workspace.database.read() as session, pytest.raises(InvalidValueError, match="orders"):
        exported_rows(session, DEFAULT_TENANT, ImportKind.ORDERS)


def test_a_text_too_long_for_excel_is_refused_by_its_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="attributes"):
        write_table(tmp_path / "products.xlsx", ("attributes",), [{"attributes": {"a": "长" * 40_000}}])


@given(st.text())
def test_a_defused_text_is_restored(text: str) -> None:
    assert restored(defused(text)) == text
    assert not defused(text).lstrip().startswith(("=", "+", "-", "@"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), min_size=1, max_size=3))
def test_any_text_survives_a_csv(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "any.csv"
    columns = [f"c{place}" for place in range(len(texts))]
    write_table(path, ["id", *columns], [{"id": "x", **dict(zip(columns, texts, strict=True))}])
    (row,) = DelimitedFile.open(path, ["id"]).rows()
    assert isinstance(row, RawRow)
    assert [row.cells[column] for column in columns] == texts
