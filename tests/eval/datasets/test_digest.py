"""The hash that names a data set."""

import hashlib
from pathlib import Path

import pytest

from eval.datasets.digest import data_name, sha256_of, sha256_of_files
from eval.errors import DataError


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_hash_of_a_file_is_that_of_its_bytes_whatever_it_is_called(tmp_path: Path) -> None:
    fill(tmp_path, {"a.jsonl": b"{}\n", "b.jsonl": b"{}\n"})
    assert sha256_of(tmp_path / "a.jsonl") == hashlib.sha256(b"{}\n").hexdigest() == sha256_of(tmp_path / "b.jsonl")


def test_the_hash_of_a_folder_does_not_depend_on_the_order_in_which_it_was_filled(tmp_path: Path) -> None:
    files = {"corpus.jsonl": b"1", "qrels/test.tsv": b"2", "a b.txt": b"3"}
    one = fill(tmp_path / "one", files)
    two = fill(tmp_path / "two", dict(reversed(files.items())))
    assert sha256_of(one) == sha256_of(two)


@pytest.mark.parametrize(
    "other",
    [
        {"corpus.jsonl": b"1", "qrels/test.tsv": b"x"},
        {"corpus.jsonl": b"1", "qrels/dev.tsv": b"2"},
        {"corpus.jsonl": b"1", "test.tsv": b"2"},
        {"corpus.jsonl": b"2", "qrels/test.tsv": b"1"},
        {"corpus.jsonl": b"12", "qrels/test.tsv": b""},
        {"corpus.jsonl": b"1"},
        {"corpus.jsonl": b"1", "qrels/test.tsv": b"2", "empty": b""},
    ],
)
def test_other_names_or_bytes_in_a_folder_give_another_hash(tmp_path: Path, other: dict[str, bytes]) -> None:
    one = fill(tmp_path / "one", {"corpus.jsonl": b"1", "qrels/test.tsv": b"2"})
    assert sha256_of(one) != sha256_of(fill(tmp_path / "two", other))


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    one = fill(tmp_path / "one", {"corpus.jsonl": b"1"})
    two = fill(tmp_path / "two", {"corpus.jsonl": b"1", ".DS_Store": b"x", ".git/config": b"y"})
    assert sha256_of(one) == sha256_of(two)


def test_named_files_hash_by_their_roles(tmp_path: Path) -> None:
    fill(tmp_path, {"x": b"1", "y": b"2"})
    x, y = tmp_path / "x", tmp_path / "y"
    assert sha256_of_files({"orders": x, "test": y}) == sha256_of_files({"test": y, "orders": x})
    assert sha256_of_files({"orders": x, "test": y}) != sha256_of_files({"orders": y, "test": x})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jsonl: cannot be read \(No such file or directory\)"):
        sha256_of(tmp_path / "gone.jsonl")


def test_files_of_a_usual_name_are_called_after_their_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path / "jddc.v2", {"rerank.jsonl": b"", "other.jsonl": b""})
    names = [data_name(path) for path in (folder, folder / "rerank.jsonl", folder / "other.jsonl")]
    assert names == ["jddc.v2", "jddc.v2", "other"]
