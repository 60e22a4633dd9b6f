"""An archive is read once: what is new is added, what comes again replaces, and nothing personal is kept."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge.archive import ingesting
from knowledge.archive.ingesting import STATE_FILE, Ingested, IngestSettings
from knowledge.archive.reading import ArchiveFile
from knowledge.archive.table import ReplyTable
from knowledge.errors import ImportFileError

Read = Callable[..., Ingested]
Talk = Callable[..., dict[str, object]]
Write = Callable[..., Path]
Spelled = Callable[[ReplyTable], list[tuple[object, ...]]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every file that is opened for reading, and the byte it is read from."""
    found: list[tuple[str, int]] = []
    read_on = ArchiveFile.conversations

    def watched(self: ArchiveFile, *args: object) -> Iterator[object]:
        found.append((self.path.name, self.n_bytes))
        return read_on(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(ArchiveFile, "conversations", watched)
    return found


def test_a_second_run_reads_nothing_and_knows_the_same(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled, started: list[tuple[str, int]]
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的"), talk("k2", "c: 多少钱", "a: 89元")])
    first = read(archive)
    second = read(archive)
    assert started == [("chats.jsonl", 0)]
    assert (second.report.n_files, second.report.n_conversations) == (0, 0)
    assert spelled(second.table) == spelled(first.table)
    assert len(first.table) == 2


def test_only_what_was_appended_is_read(
    tmp_path: Path, read: Read, write: Write, talk: Talk, started: list[tuple[str, int]]
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    size = archive.stat().st_size
    read(archive)
    write(archive, [talk("k2", "c: 多少钱", "a: 89元")], mode="a")
    report = read(archive).report
    assert started == [("chats.jsonl", 0), ("chats.jsonl", size)]
    assert (report.n_conversations, report.n_replies, report.n_replaced) == (1, 1, 0)


def test_new_files_in_a_folder_are_read_and_old_ones_are_not(
    tmp_path: Path, read: Read, write: Write, talk: Talk, started: list[tuple[str, int]]
) -> None:
    folder = tmp_path / "chats"
    write(folder / "b.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    read(folder)
    write(folder / "2026" / "a.NDJSON", [talk("k2", "c: 多少钱", "a: 89元")])
    (folder / "notes.txt").write_text("nothing to read")
    found = read(folder)
    assert started == [("b.jsonl", 0), ("a.NDJSON", 0)]
    assert [one.conversation_id for one in found.table.talks] == ["k1", "k2"]


def test_two_runs_in_one_give_the_same_table_as_one_run(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    """Row for row and text for text, although the second part is the older one."""
    late = [talk(f"k{n}", f"c: 在吗{n % 3}", f"a: 在的{n % 4}", "c: 好", "a: 嗯") for n in range(6)]
    early = [talk(f"j{n}", f"c: 多少钱{n % 3}", f"a: 在的{n % 4}") for n in range(6)]
    for one in early:
        for message in one["messages"]:  # type: ignore[attr-defined]
            message["at"] = message["at"].replace("2026", "2025")
    folder = tmp_path / "chats"
    write(folder / "a.jsonl", late)
    read(folder)
    write(folder / "a.jsonl", [talk("k0", "c: 改了", "a: 也改了")], mode="a")
    write(folder / "b.jsonl", early)
    in_two, in_one = read(folder).table, read(folder, state=tmp_path / "other").table
    assert spelled(in_two) == spelled(in_one)
    assert in_two.talks == in_one.talks
    for name in ("agent", "script", "message", "reply"):
        assert getattr(in_two, name).texts == getattr(in_one, name).texts
        np.testing.assert_array_equal(getattr(in_two, name).of_row, getattr(in_one, name).of_row)
    assert [row[0] for row in spelled(in_two)][:6] == [f"j{n}" for n in range(6)]


def test_a_rewritten_file_is_refused(tmp_path: Path, read: Read, write: Write, talk: Talk) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    read(archive)
    write(archive, [talk("k9", "c: 在吗", "a: 在的"), talk("k2", "c: 在吗", "a: 在的")])
    with pytest.raises(ImportFileError, match=r"chats\.jsonl: rewritten since it was read; archives may only grow"):
        read(archive)


def test_a_file_that_became_shorter_is_refused(tmp_path: Path, read: Read, write: Write, talk: Talk) -> None:
    both = [talk("k1", "c: 在吗", "a: 在的"), talk("k2", "c: 在吗", "a: 在的")]
    archive = write(tmp_path / "chats.jsonl", both)
    read(archive)
    write(archive, both[:1])
    with pytest.raises(ImportFileError, match="rewritten"):
        read(archive)


def test_half_a_line_at_the_end_waits_for_the_next_run_wherever_it_is_cut(
    tmp_path: Path, read: Read, talk: Talk, spelled: Spelled
) -> None:
    lines = [json.dumps(talk(f"k{n}", "c: 什么时候发货", "a: 今天发货"), ensure_ascii=False) + "\n" for n in (1, 2)]
    whole, last = (line.encode() for line in lines)
    cuts = [1, last.index("货".encode()) + 1, last.index("货".encode()) + 2, len(last) - 2]
    for cut in cuts:
        archive, state = tmp_path / f"{cut}.jsonl", tmp_path / f"state-{cut}"
        archive.write_bytes(whole + last[:cut])
        report = read(archive, state=state).report
        assert (report.n_conversations, report.n_unfinished, report.n_rejected) == (1, 1, 0)
        archive.write_bytes(whole + last)
        after = read(archive, state=state)
        assert (after.report.n_conversations, after.report.n_unfinished, after.report.n_rejected) == (1, 0, 0)
        assert [row[0] for row in spelled(after.table)] == ["k1", "k2"]


def test_a_last_line_without_a_line_break_is_read_when_it_is_whole(
    tmp_path: Path, read: Read, write: Write, talk: Talk
) -> None:
    archive = tmp_path / "chats.jsonl"
    archive.write_text(json.dumps(talk("k1", "c: 在吗", "a: 在的")))
    assert read(archive).report.n_conversations == 1
    with archive.open("a") as file:
        file.write("\n" + json.dumps(talk("k2", "c: 在吗", "a: 在的")) + "\n")
    report = read(archive).report
    assert (report.n_conversations, report.n_rejected) == (1, 0)


def test_a_conversation_that_comes_again_replaces_the_earlier_one(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的"), talk("k2", "c: 早", "a: 早")])
    read(archive)
    write(archive, [talk("k1", "c: 在吗", "a: 在的", "c: 发货吗", "a: 发")], mode="a")
    found = read(archive)
    assert [(row[0], row[6]) for row in spelled(found.table)] == [("k1", "在的"), ("k1", "发"), ("k2", "早")]
    assert found.report.n_replaced == 1


def test_a_conversation_that_comes_twice_in_one_file_counts_once(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 不在"), talk("k1", "c: 在吗", "a: 在的")])
    found = read(archive)
    assert [row[6] for row in spelled(found.table)] == ["在的"]
    assert (found.report.n_replaced, len(found.table.talks)) == (1, 1)
    assert found.table.reply.texts == ["在的"]


def test_changed_settings_and_other_masking_start_anew(
    tmp_path: Path, read: Read, write: Write, talk: Talk, started: list[tuple[str, int]]
) -> None:
    fields = {"outcome": {"satisfaction": 3}}
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 我是小红", **fields)])
    assert read(archive).table.talks[0].outcomes == {"satisfaction": 0.0}
    assert read(archive, satisfied_from=3.0).table.talks[0].outcomes == {"satisfaction": 1.0}
    masked = read(archive, satisfied_from=3.0, masking="new", mask=lambda text, _: text.replace("小红", "○"))
    assert masked.table.reply.texts == ["我是○"]
    assert started == [("chats.jsonl", 0)] * 3


def test_what_another_masking_had_left_in_is_deleted(tmp_path: Path, read: Read, write: Write, talk: Talk) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    mine = write(tmp_path / "state" / "conversations-2024.parquet", [])
    read(archive)
    write(archive, [talk("k2", "c: 在吗", "a: 在的")], mode="a")
    read(archive)
    assert len(list((tmp_path / "state").glob("replies-*.parquet"))) == 2
    read(archive, masking="new")
    assert len(list((tmp_path / "state").glob("replies-*.parquet"))) == 1
    assert mine.exists()


def test_a_damaged_state_is_named_and_an_older_one_is_read_anew(
    tmp_path: Path, read: Read, write: Write, talk: Talk, started: list[tuple[str, int]]
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    read(archive)
    state = tmp_path / "state" / STATE_FILE
    stored = json.loads(state.read_text())
    state.write_text(json.dumps({**stored, "format": 0}))
    assert len(read(archive).table) == 1
    assert started == [("chats.jsonl", 0)] * 2
    state.write_text("{")
    with pytest.raises(ImportFileError, match=r"state\.json: not a mining state .*; delete its folder"):
        read(archive)


class PowerCutError(Exception):
    """The power went."""


@pytest.mark.parametrize("in_parquet", [False, True])
def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path,
    read: Read,
    write: Write,
    talk: Talk,
    spelled: Spelled,
    started: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    in_parquet: bool,
) -> None:
    """Two rows a conversation and six a file: six of eight conversations are safe, unless in Parquet."""
    monkeypatch.setattr(ingesting, "ROWS_PER_FILE", 6)
    talks = [talk(f"k{n}", f"c: 在吗{n}", f"a: 在的{n}") for n in range(10)]
    archive = write(tmp_path / "chats.jsonl", talks)
    if in_parquet:
        archive = tmp_path / "chats.parquet"
        pq.write_table(pa.Table.from_pylist(talks), archive)

    def failing(text: str, name: str) -> str:
        if text == "在吗7":
            raise PowerCutError
        return text

    with pytest.raises(PowerCutError):
        read(archive, mask=failing)
    found = read(archive)
    assert found.report.n_conversations == (10 if in_parquet else 4)
    assert spelled(found.table) == spelled(read(archive, state=tmp_path / "other").table)
    assert started[1][1] > 0 or in_parquet


def test_many_small_files_are_kept_in_few_large_ones(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    for n in range(30):
        write(tmp_path / "chats" / f"{n:02d}.jsonl", [talk(f"k{n:02d}", "c: 在吗", "a: 在的")])
    found = read(tmp_path / "chats")
    assert [row[0] for row in spelled(found.table)] == [f"k{n:02d}" for n in range(30)]
    assert len(list((tmp_path / "state").glob("*.parquet"))) == 2
    assert read(tmp_path / "chats").report.n_files == 0


def test_files_that_are_gone_still_count_and_are_told(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    january = write(tmp_path / "chats" / "january.jsonl", [talk("k1", "c: 在吗", "a: 在的")])
    assert read(tmp_path / "chats").report.n_gone == 0
    january.rename(tmp_path / "january.jsonl")
    write(tmp_path / "chats" / "february.jsonl", [talk("k2", "c: 在吗", "a: 在的")])
    found = read(tmp_path / "chats")
    assert [row[0] for row in spelled(found.table)] == ["k1", "k2"]
    assert found.report.n_gone == 1


def test_conversations_without_much_are_counted_and_yield_no_replies(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    bare = talk("k4", "c: 在吗", "a: 在的")
    del bare["agent_id"]
    for message in bare["messages"]:  # type: ignore[attr-defined]
        del message["at"]
    talks = [
        talk("k1", "a: 您好", "a: 在吗", outcome={"converted": False}),
        talk("k2", "c: 有人吗", "c: 人呢", outcome={"converted": False}),
        talk("k3", "c: 在吗", "a: 在的", outcome={"converted": True, "satisfaction": 5}),
        bare,
    ]
    found = read(write(tmp_path / "chats.jsonl", talks))
    report = found.report
    assert (report.n_conversations, report.n_messages, report.n_replies) == (4, 8, 2)
    assert (report.n_without_customer, report.n_without_agent) == (1, 1)
    assert (report.n_without_outcome, report.n_without_times, report.n_without_agent_id) == (1, 1, 1)
    assert sorted(row[0] for row in spelled(found.table)) == ["k3", "k4"]
    times = {
        found.table.talks[row].conversation_id: at for row, at in zip(found.table.talk, found.table.at, strict=True)
    }
    assert math.isnan(times["k4"])
    assert not math.isnan(times["k3"])


def test_an_archive_without_a_single_reply_gives_an_empty_table(
    tmp_path: Path, read: Read, write: Write, talk: Talk
) -> None:
    found = read(write(tmp_path / "chats.jsonl", [talk("k1", "c: 有人吗")]))
    assert (len(found.table), len(found.table.talks)) == (0, 1)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    empty = read(tmp_path / "empty.jsonl", state=tmp_path / "other")
    assert (len(empty.table), empty.table.talks, empty.report.n_files) == (0, [], 1)


def test_a_folder_without_conversations_a_wrong_suffix_and_nothing_at_all_are_refused(
    tmp_path: Path, read: Read
) -> None:
    (tmp_path / "chats").mkdir()
    with pytest.raises(ImportFileError, match=r"no conversations in this folder, expected files \.jsonl, \.ndjson or"):
        read(tmp_path / "chats")
    (tmp_path / "chats.csv").write_text("a,b")
    with pytest.raises(ImportFileError, match=r"chats\.csv: unknown suffix '\.csv', expected \.jsonl, \.ndjson or"):
        read(tmp_path / "chats.csv")
    with pytest.raises(ImportFileError, match="nowhere: no such file or folder"):
        read(tmp_path / "nowhere")


def test_times_without_a_zone_are_those_of_the_other_imports(
    tmp_path: Path, read: Read, write: Write, talk: Talk
) -> None:
    one = talk("k1", "c: 在吗", "a: 在的")
    for message in one["messages"]:  # type: ignore[attr-defined]
        message["at"] = "2026-03-01 08:00"
    table = read(write(tmp_path / "chats.jsonl", [one])).table
    assert table.at.tolist() == [1772323200.0]  # 2026-03-01 00:00 UTC


def test_personal_data_is_replaced_in_messages_and_replies_before_anything_is_written(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    archive = write(tmp_path / "chats.jsonl", [talk("k1", "c: 我的号码是13800138000", "a: 收到13800138000")])
    found = read(archive, mask=lambda text, _: text.replace("13800138000", "{{customer.phone}}"))
    assert spelled(found.table)[0][5:] == ("我的号码是{{customer.phone}}", "收到{{customer.phone}}")
    for path in (tmp_path / "state").iterdir():
        assert b"13800138000" not in path.read_bytes()


def test_the_name_on_file_is_handed_to_the_masking_in_any_spelling(
    tmp_path: Path, read: Read, write: Write, talk: Talk
) -> None:
    seen: list[tuple[str, str]] = []

    def mask(text: str, name: str) -> str:
        seen.append((text, name))
        return text

    names = {"c1": "陈小国", "c2": "Annika Berg", "c3": "王"}
    talks = [
        talk("k1", "c: 陳小國在吗", "a: 陈小国好"),
        talk("k2", "c: hi", "a: dear ANNIKA!", customer_id="c2"),
        talk("k3", "c: 王者", "a: 王先生", customer_id="c3"),
    ]
    read(write(tmp_path / "chats.jsonl", talks), mask=mask, names=names)
    assert set(seen) == {
        ("陳小國在吗", "陈小国"),
        ("陈小国好", "陈小国"),
        ("hi", ""),
        ("dear ANNIKA!", "Annika Berg"),
        ("王者", ""),
        ("王先生", ""),
    }


def test_a_long_burst_is_cut_only_after_personal_data_was_replaced(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    burst = ["c: " + "好" * 1_995, "c: 13800138000"]
    found = read(
        write(tmp_path / "chats.jsonl", [talk("k1", *burst, "a: 收到" + "啊" * 20_000)]),
        mask=lambda text, _: text.replace("13800138000", "○"),
    )
    message, reply = spelled(found.table)[0][5:]
    assert message == "好" * 1_995 + "\n○"
    assert len(str(reply)) == 20_002


def test_text_of_every_kind_passes_and_nul_is_rejected(
    tmp_path: Path, read: Read, write: Write, talk: Talk, spelled: Spelled
) -> None:
    talks = [
        talk("k1", "c: 👍🏽👨‍👩‍👧", "a: 🎉"),
        talk("k2", "c: متى يتم الشحن؟", "a: \u202eالشحن اليوم\u202c"),
        talk("k3", "c: 这个 serum 怎么用 please", "a: 早晚各一次 twice a day"),
        talk("k4", "c: 在\u0000吗", "a: 在的"),
        talk("k5", "c: 字" * 1 + "字" * 19_999, "a: 好"),
    ]
    found = read(write(tmp_path / "chats.jsonl", talks))
    assert [row[0] for row in spelled(found.table)] == ["k1", "k2", "k3", "k5"]
    assert spelled(found.table)[1][6] == "\u202eالشحن اليوم\u202c"
    assert found.report.n_rejected == 1
    assert "NUL" in found.report.rejected[0]


def test_a_gap_of_no_hours_is_refused() -> None:
    with pytest.raises(ValueError, match=r"session_gap_hours is 0; expected a positive number of hours"):
        IngestSettings(session_gap_hours=0)
