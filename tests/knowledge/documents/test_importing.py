"""Importing documents: once each, and the bad ones by name."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from pypdf import PdfWriter

from knowledge.errors import ImportFileError
from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Passages = Callable[[], list[tuple[str, str, str]]]
Changes = Callable[[], list[str]]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.n_added, report.n_changed, report.n_unchanged, report.n_rejected


def test_documents_become_passages_with_their_source(load: Load, folder: Path, passages: Passages) -> None:
    (folder / "help").mkdir()
    (folder / "help" / "returns.md").write_text(
        "# 退货\n\n七天内可退。\n\n# 换货\n\n十五天内可换。\n", encoding="utf-8"
    )
    assert counts(load()) == (1, 0, 0, 0)
    assert passages() == [
        ("help/returns.md#1", "退货", "七天内可退。"),
        ("help/returns.md#2", "换货", "十五天内可换。"),
    ]


def test_the_same_documents_again_change_nothing(load: Load, folder: Path, changes: Changes) -> None:
    (folder / "a.txt").write_text("一。", encoding="utf-8")
    load()
    before = changes()
    assert counts(load()) == (0, 0, 1, 0)
    assert changes() == before == ["passage:a.txt#1"]


def test_a_changed_document_replaces_only_the_passages_that_differ(
    load: Load, folder: Path, passages: Passages, changes: Changes
) -> None:
    (folder / "a.md").write_text("# 一\n一。\n# 二\n二。\n# 三\n三。\n", encoding="utf-8")
    load()
    n_before = len(changes())
    (folder / "a.md").write_text("# 一\n一。\n# 二\n新。\n", encoding="utf-8")
    assert counts(load()) == (0, 1, 0, 0)
    assert passages() == [("a.md#1", "一", "一。"), ("a.md#2", "二", "新。")]
    assert changes()[n_before:] == ["passage:a.md#2", "passage:a.md#3"]


def test_a_dry_run_writes_nothing(load: Load, folder: Path, passages: Passages) -> None:
    (folder / "a.txt").write_text("一。", encoding="utf-8")
    assert counts(load(dry_run=True)) == (1, 0, 0, 0)
    assert passages() == []


def test_bad_documents_are_rejected_by_name_and_the_others_kept(load: Load, folder: Path, passages: Passages) -> None:
    (folder / "good.txt").write_text("好。", encoding="utf-8")
    write_bad_documents(folder)
    report = load()
    assert report.n_added == 1
    assert [text for _, _, text in passages()] == ["好。"]
    reasons = {row.value: row.reason for row in report.rejected}
    expected = {
        "bomb.docx": "would unpack to",
        "damaged.pdf": "cannot be read",
        "empty.txt": "the file is empty",
        "encoding.txt": "unknown encoding",
        "encrypted.pdf": "encrypted",
        "entities.docx": "declares a document type",
        "picture.png": "unknown suffix '.png'",
        "renamed.docx": "another kind of ZIP file",
        "scanned.pdf": "no page has text",
        "silent.html": "there is no text in it",
        "text.docx": "expected a DOCX document",
    }
    assert {name for name in expected if expected[name] not in reasons.get(name, "")} == set()
    assert len(reasons) == len(expected)


def write_bad_documents(folder: Path) -> None:
    (folder / "empty.txt").touch()
    (folder / "encoding.txt").write_bytes(b"caf\xe9 cr\xe8me \xff")
    (folder / "silent.html").write_text("<script>1</script>", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden").write_text("not looked at", encoding="utf-8")
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    (folder / "text.docx").write_text("no archive", encoding="utf-8")
    with zipfile.ZipFile(folder / "renamed.docx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(folder / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 60_000_000)
    write_docx_with_entities(folder / "entities.docx")
    write_pdf(folder / "scanned.pdf", "")
    write_pdf(folder / "encrypted.pdf", "secret")


def write_pdf(path: Path, password: str) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(path)


def write_docx_with_entities(path: Path) -> None:
    plain = path.with_name("plain.docx")
    Document().save(str(plain))
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "word/document.xml":
                declared = b'<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
                content = content.replace(b"?>", b"?>" + declared, 1)
            target.writestr(member, content)
    plain.unlink()


def test_a_folder_without_documents_is_refused(load: Load, folder: Path) -> None:
    with pytest.raises(ImportFileError, match="no document in this folder"):
        load()
    folder.rmdir()
    with pytest.raises(ImportFileError, match="no such folder"):
        load()
