"""The encoding of a table is recognised as `copilot load` recognises it; the packages do not know each other."""

from pathlib import Path

import pytest

from eval.datasets.encoding import text_encoding
from eval.errors import DataError
from knowledge.errors import ImportFileError
from knowledge.imports.readers.encoding import text_encoding as loaded_encoding


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("sku,name\nA,保湿面霜\n".encode(), "utf-8"),
        ("sku,name\nA,保湿面霜\n".encode("gb18030"), "gb18030"),
        ("sku,name\nA,面霜€12、𠮷\n".encode("gb18030"), "gb18030"),
        (b"sku,name\nA,cream\n", "utf-8"),
    ],
)
def test_utf_8_and_gb18030_are_told_apart(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    assert text_encoding(path) == loaded_encoding(path) == encoding


def test_a_character_may_lie_across_two_readings(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"," + ("茶" * 600_000).encode("gb18030"))
    assert text_encoding(path) == "gb18030"


@pytest.mark.parametrize(
    "content",
    ["A,保濕面霜適合乾性肌膚使用\n".encode("big5"), b"A,caf\xe9 au lait\n", "A,面霜\n".encode() + b"B,\xff\n"],
)
def test_what_is_neither_is_left_to_be_refused_by_its_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    assert text_encoding(path) == "utf-8"
    with pytest.raises(ImportFileError):
        loaded_encoding(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        text_encoding(tmp_path / "gone.csv")
