"""A folder of files is imported in the right order, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import ImportFileError
from knowledge.imports import ImportKind, ImportReport, import_folder

FILES = {
    "orders.csv": "order_id,customer_id,sku,ordered_at\no1,c1,A,2026-01-05\n",
    "products.csv": "sku,name\nA,面霜\n",
    "customers.csv": "id,name\nc1,张\n",
    "scripts.csv": "id,text,skus\ns1,你好,A\n",
    "conversations.jsonl": '{"conversation_id": "k", "messages": [{"role": "agent", "text": "x"}]}\n',
    "events.csv": "customer_id,kind,at\nc1,view,2026-01-05\n",
    "documents/manual.md": "# 说明\n\n每天早晚使用。\n",
    "notes.txt": "not ours",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def load_folder(workspace: Any, clock: Any) -> Callable[..., list[ImportReport]]:
    return lambda folder, **options: import_folder(workspace.database, "default", folder, now=clock, **options)


def test_every_kind_is_imported_in_order(folder: Path, load_folder: Callable[..., list[ImportReport]]) -> None:
    reports = load_folder(folder)
    assert [report.kind for report in reports] == list(ImportKind)
    assert all((report.n_added, report.n_rejected, report.warnings) == (1, 0, ()) for report in reports)
    assert all(report.n_unchanged == 1 for report in load_folder(folder))


def test_a_dry_run_knows_what_the_other_files_would_bring(
    folder: Path, load_folder: Callable[..., list[ImportReport]], contents: Callable[[], object]
) -> None:
    before = contents()
    reports = load_folder(folder, dry_run=True)
    assert all((report.n_added, report.warnings, report.dry_run) == (1, (), True) for report in reports)
    assert contents() == before


def test_one_file_that_cannot_be_used_leaves_everything_as_it_was(
    folder: Path, load_folder: Callable[..., list[ImportReport]], contents: Callable[[], object]
) -> None:
    before = contents()
    (folder / "conversations.jsonl").write_bytes(b"\xff\xff\xff")
    with pytest.raises(ImportFileError, match=r"conversations\.jsonl"):
        load_folder(folder)
    assert contents() == before


def test_a_strict_import_of_a_folder_is_all_or_nothing(
    folder: Path, load_folder: Callable[..., list[ImportReport]], contents: Callable[[], object]
) -> None:
    before = contents()
    (folder / "events.csv").write_text("customer_id,kind,at\nc1,view,soon\n", encoding="utf-8")
    reports = load_folder(folder, strict=True)
    assert all(report.refused and report.n_added == 0 for report in reports)
    assert contents() == before


def test_two_files_of_one_kind_and_none_at_all_are_refused(
    folder: Path, load_folder: Callable[..., list[ImportReport]], tmp_path: Path
) -> None:
    (folder / "products.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ImportFileError, match=r"products\.csv and products\.jsonl are both there"):
        load_folder(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportFileError, match="nothing to import"):
        load_folder(tmp_path / "empty")


def test_progress_ends_at_the_number_of_rows(folder: Path, load_folder: Callable[..., list[ImportReport]]) -> None:
    seen: dict[ImportKind, tuple[int, int | None]] = {}
    load_folder(folder, progress=lambda kind: lambda done, total: seen.update({kind: (done, total)}))
    assert seen == dict.fromkeys(ImportKind, (1, 1))
