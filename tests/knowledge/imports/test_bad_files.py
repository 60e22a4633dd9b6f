"""Files and rows that cannot be used: what is said, and what is kept."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.errors import ImportFileError
from knowledge.imports import ImportReport

Load = Callable[..., ImportReport]
Rows = Callable[[str], list[tuple[object, ...]]]
Contents = Callable[[], dict[str, list[tuple[object, ...]]]]

HEADER = "sku,name,price\n"


@pytest.fixture
def before(load: Load, contents: Contents) -> dict[str, list[tuple[object, ...]]]:
    load("products", f"{HEADER}A,面霜,1\n")
    return contents()


def refusal(load: Load, kind: str, content: str | bytes | Path, name: str = "") -> str:
    with pytest.raises(ImportFileError) as caught:
        load(kind, content, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "p.csv", "p.csv: the file is empty"),
        (b"\n\n", "p.csv", "line 1 is empty"),
        ("skuu,name\nA,x\n", "p.csv", "p.csv: line 1: the column 'sku' is missing (is it 'skuu'?); found name, skuu"),
        ("sku,name,sku\nA,x,B\n", "p.csv", "names the column 'sku' twice"),
        (",".join(f"c{n}" for n in range(300)) + "\n", "p.csv", "300 columns, expected at most 200"),
        (
            "sku,name\nA,caf\xe9 au lait\nB,\xe9\n".encode("latin-1"),
            "p.csv",
            "p.csv: line 2: unknown encoding (byte 0xe9)",
        ),
        ("sku,name\nA,保濕面霜適合乾性肌膚使用\n".encode("big5"), "p.csv", "unknown encoding"),
        ("sku,name\nA,x\n".encode("utf-16-le"), "p.csv", "full of NUL bytes"),
        ("sku,name\nA,x\n".encode("utf-16")[:-1], "p.csv", "unknown encoding"),
        (b"PK\x03\x04rest", "p.csv", "this is a ZIP or XLSX file, not text"),
        (b"not a workbook", "p.xlsx", "expected an XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "p.xlsx", "or of an old format, or protected by a password"),
        (b"not parquet", "p.parquet", "cannot be read as Parquet"),
        (b"sku,name\n", "p.docx", "unknown suffix '.docx'"),
        (b'{"sk": "A", "name": "x"}\n', "p.jsonl", "no row has all columns: the column 'sku' is missing (is it 'sk'?)"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    load: Load, contents: Contents, before: object, content: str | bytes, name: str, expected: str
) -> None:
    assert expected in refusal(load, "products", content, name)
    assert contents() == before


def test_a_missing_file_is_named(load: Load, tmp_path: Path) -> None:
    assert "nowhere.csv: no such file" in refusal(load, "products", tmp_path / "nowhere.csv")
    assert "expected a file" in refusal(load, "products", tmp_path)


def test_a_zip_renamed_to_xlsx_is_no_workbook(load: Load, contents: Contents, before: object, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "another kind of ZIP file" in refusal(load, "products", tmp_path / "p.xlsx")
    assert contents() == before


def test_a_workbook_that_unpacks_to_an_absurd_size_is_refused(load: Load, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 60_000_000)
    assert "would unpack to 60,000,000" in refusal(load, "products", tmp_path / "p.xlsx")


def test_a_damaged_workbook_is_refused(load: Load, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    assert "cannot be read as an XLSX workbook" in refusal(load, "products", tmp_path / "p.xlsx")


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_cell_of_fifty_megabytes_is_refused(
    load: Load, contents: Contents, before: object, tmp_path: Path, suffix: str
) -> None:
    huge = "长" * 17_000_000
    path = tmp_path / f"p.{suffix}"
    row = json.dumps({"sku": "B", "name": huge}, ensure_ascii=False) if suffix == "jsonl" else f"sku,name\nB,{huge}"
    path.write_text(f"{row}\n", encoding="utf-8")
    assert path.stat().st_size > 50_000_000
    message = refusal(load, "products", path)
    assert "line 1" in message if suffix == "jsonl" else "line 2" in message
    assert contents() == before


def test_a_quotation_mark_left_open_is_named_as_a_cause(load: Load) -> None:
    message = refusal(load, "products", 'sku,name\nA,x\nB,"open\n' + "C,y\n" * 300_000)
    assert "line 3" in message
    assert "is a quotation mark left open?" in message


@pytest.mark.parametrize(
    ("row", "line", "column", "value", "expected"),
    [
        ("B,x,abc", 2, "price", "abc", "an amount such as 129, ¥129.00 or 1,299.00"),
        ("B,x,-1", 2, "price", "-1", "a price from 0"),
        ("B,x,nan", 2, "price", "nan", "an amount such as 129"),
        ("B,x,1e300", 2, "price", "1e300", "an amount such as 129"),
        ("B,x,99999999999999999999", 2, "price", "99999999999999999999", "a number below"),
        ("B,,1", 2, "name", "", "a value, this column is required"),
        ("   ,x,1", 2, "sku", "", "a value, this column is required"),
        ("B,x", 2, "", "B,x", "3, as in the header"),
        ("B,x,1,2", 2, "", "B,x,1,2", "3, as in the header"),
        ("B,a\x00b,1", 2, "name", "a\x00b", "text without NUL characters"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_are_kept(
    load: Load, rows: Rows, row: str, line: int, column: str, value: str, expected: str
) -> None:
    report = load("products", f"{HEADER}{row}\nC,good,3\n")
    assert (report.n_added, report.n_rejected) == (1, 1)
    found = report.rejected[0]
    assert (found.line, found.column, found.value) == (line, column, value)
    assert expected in found.expected
    assert rows("SELECT sku FROM product") == [("C",)]


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-13-01", "2026-02-30", "1767571200", "1767571200000", "0001-01-01", "46027"]
)
def test_a_broken_date_is_rejected(load: Load, moment: str) -> None:
    report = load("orders", f"order_id,customer_id,sku,ordered_at\no1,c1,A,{moment}\n")
    assert (report.n_rejected, report.rejected[0].column, report.rejected[0].value) == (1, "ordered_at", moment)


def test_a_date_in_the_future_is_rejected(load: Load) -> None:
    report = load("events", "customer_id,kind,at\nc1,view,2026-11-21 12:00\nc1,view,2026-11-21 12:01\n")
    assert (report.n_added, report.n_rejected) == (1, 1)  # it is noon in Shanghai
    assert "not in the future" in report.rejected[0].expected


def test_half_a_line_at_the_end_is_a_rejected_row(load: Load) -> None:
    whole = json.dumps({"conversation_id": "k1", "messages": [{"role": "customer", "text": "在吗"}]})
    report = load("conversations", f"{whole}\n{whole[: len(whole) // 2]}", "conversations.jsonl")
    assert (report.n_added, report.n_rejected) == (1, 1)
    assert (report.rejected[0].line, report.rejected[0].expected) == (2, "one JSON object per line")


@pytest.mark.parametrize(
    "line",
    ["[1, 2]", "null", '"text"', "[" * 100_000, '{"sku": ' + "9" * 5000 + "}", '{"sku": "\\ud800", "name": "x"}'],
)
def test_json_that_is_no_row_is_rejected(load: Load, line: str) -> None:
    report = load("products", f'{line}\n{{"sku": "A", "name": "x"}}\n', "products.jsonl")
    assert (report.n_added, report.n_rejected) == (1, 1)


def test_unknown_columns_are_reported(load: Load) -> None:
    report = load("products", "sku,name,colour,,tags\nA,x,red,?,t\n")
    assert report.unknown_columns == ("colour", "column 4")
    lines = '{"sku": "A", "name": "x"}\n{"sku": "B", "name": "x", "colour": "red"}\n'
    assert load("products", lines, "products.jsonl").unknown_columns == ("colour",)


def test_only_the_first_thousand_rejected_rows_are_kept_but_all_are_counted(load: Load) -> None:
    report = load("products", HEADER + "A,x,abc\n" * 1_500)
    assert (report.n_rejected, len(report.rejected)) == (1_500, 1_000)


def test_a_strict_import_keeps_nothing_of_a_file_with_a_bad_row(load: Load, contents: Contents, before: object) -> None:
    report = load("products", f"{HEADER}B,x,1\nC,x,abc\n", strict=True)
    assert (report.refused, report.n_added, report.n_rejected) == (True, 0, 1)
    assert contents() == before
    assert load("products", f"{HEADER}B,x,1\n", strict=True).n_added == 1


def test_the_report_is_json_with_line_column_value_and_reason(load: Load) -> None:
    report = json.loads(load("products", f"{HEADER}B,x,abc\nC,x,1\n").to_json())
    assert {name: report[name] for name in ("kind", "n_added", "n_changed", "n_unchanged", "n_rejected")} == {
        "kind": "products", "n_added": 1, "n_changed": 0, "n_unchanged": 0, "n_rejected": 1,
    }  # fmt: skip
    assert report["rejected"] == [
        {
            "line": 2,
            "column": "price",
            "value": "abc",
            "reason": "price: got 'abc'",
            "expected": "an amount such as 129, ¥129.00 or 1,299.00",
        }
    ]
