"""What an archive may be written in, and what of it cannot be read."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge.archive.ingesting import Ingested
from knowledge.archive.table import ReplyTable
from knowledge.errors import ImportFileError

Read = Callable[..., Ingested]
Talk = Callable[..., dict[str, object]]
Write = Callable[..., Path]
Spelled = Callable[[ReplyTable], list[tuple[object, ...]]]


def test_parquet_is_read_like_json(tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled) -> None:
    talks = [talk("k1", "c: 在吗", "a: 在的", outcome={"converted": True}), talk("k2", "c: 多少钱", "a: 89元")]
    pq.write_table(pa.Table.from_pylist(talks), tmp_path / "chats.parquet")
    lines = read(write(tmp_path / "chats.jsonl", talks))
    columns = read(tmp_path / "chats.parquet", state=tmp_path / "other")
    assert spelled(columns.table) == spelled(lines.table)
    assert columns.table.talks == lines.table.talks
    assert read(tmp_path / "chats.parquet", state=tmp_path / "other").report.n_files == 0


def test_what_is_not_parquet_is_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "chats.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(ImportFileError, match=r"chats\.parquet: cannot be read as Parquet"):
        read(tmp_path / "chats.parquet")


def test_gb18030_is_recognised_and_read_on(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 有没有镕㛃", "a: 没有")], encoding="gb18030")
    read(archive)
    write(archive, [talk("k2", "c: 发货吗", "a: 发")], mode="a", encoding="gb18030")
    assert [row[5] for row in spelled(read(archive).table)] == ["有没有镕㛃", "发货吗"]


def test_a_single_line_of_gb18030_without_a_line_break_is_read(
    tmp_path: Path, read: Read, talk: Talk, spelled: Spelled
) -> None:
    (tmp_path / "chats.jsonl").write_bytes(
        json.dumps(talk("k1", "c: 发货吗", "a: 发"), ensure_ascii=False).encode("gbk")
    )
    assert [row[5] for row in spelled(read(tmp_path / "chats.jsonl").table)] == ["发货吗"]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path, read: Read, write: Write, talk: Talk) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的")], encoding="utf-8-sig")
    assert (read(archive).report.n_conversations, read(archive).report.n_rejected) == (1, 0)


def test_broken_lines_are_counted_with_their_place_and_the_rest_is_kept(
    tmp_path: Path, read: Read, talk: Talk, spelled: Spelled
) -> None:
    good = [json.dumps(talk(f"k{n}", "c: 在吗", "a: 在的"), ensure_ascii=False).encode() for n in range(4)]
    broken = [b'{"conversation_id": ', b"[1, 2]", b'{"conversation_id": "k8", "messages": []}', b'{"a": "\xff\xfe"}']
    archive = tmp_path / "chats.jsonl"
    archive.write_bytes(b"\n".join(line for pair in zip(good, broken, strict=True) for line in pair) + b"\n\n")
    found = read(archive)
    assert [row[0] for row in spelled(found.table)] == ["k0", "k1", "k2", "k3"]
    assert found.report.n_rejected == 4
    assert [text.split(":")[1].split(",")[0] for text in found.report.rejected] == [f" line {n}" for n in (2, 4, 6, 8)]
    assert "one conversation as a JSON object per line" in found.report.rejected[0]
    assert "messages" in found.report.rejected[2]


def test_lines_are_counted_from_the_beginning_of_the_file_in_later_runs_too(
    tmp_path: Path, read: Read, write: Write, talk: Talk
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk(f"k{n}", "c: 在吗", "a: 在的") for n in range(3)])
    read(archive)
    with archive.open("a") as file:
        file.write("no JSON\n")
    assert read(archive).report.rejected[0].startswith("chats.jsonl: line 4: not JSON")


def test_one_line_of_broken_bytes_does_not_make_a_file_unreadable(
    tmp_path: Path, read: Read, talk: Talk, spelled: Spelled
) -> None:
    good = [json.dumps(talk(f"k{n}", "c: 什么时候发货", "a: 今天"), ensure_ascii=False).encode() for n in range(3)]
    (tmp_path / "chats.jsonl").write_bytes(
        b"\n".join([good[0], good[1][:-9] + b"\xff\x00" + good[1][-9:], good[2], b""])
    )
    found = read(tmp_path / "chats.jsonl")
    assert [row[5] for row in spelled(found.table)] == ["什么时候发货", "什么时候发货"]
    assert found.report.n_rejected == 1


def test_what_is_not_text_is_refused(tmp_path: Path, read: Read, talk: Talk) -> None:
    for content in (json.dumps(talk("k1", "c: 在吗", "a: 在的")).encode("utf-16"), bytes(range(128, 256)) * 40 + b"\n"):
        (tmp_path / "chats.jsonl").write_bytes(content)
        with pytest.raises(ImportFileError, match=r"chats\.jsonl: not text, or in an unknown encoding; expected one"):
            read(tmp_path / "chats.jsonl")
