"""The columns of replies, and the files that keep them."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.archive.table import ReplyRow, Shards, TalkRow, Words, written_files


def talk(talk_id: str, at: float = 0.0) -> TalkRow:
    return TalkRow(talk_id, "c1", "a1", "wecom", "direct", "转化", at, {"conversion": 1.0})


def reply(talk_id: str, position: int, text: str) -> ReplyRow:
    return ReplyRow(talk_id, 0, position, 0, float("nan"), "a1", "", "在吗", text, False)


def test_words_count_the_rows_of_each_text() -> None:
    assert Words(["a", "b", "c"], np.array([0, 2, 0], np.int32)).counts.tolist() == [2, 0, 1]


def test_rows_stand_by_time_of_the_conversation_then_id_then_position(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.add(talk("late", 9.0), [reply("late", 2, "z")])
    shards.add(talk("b", 5.0), [reply("b", 2, "y")])
    shards.flush()
    shards.add(talk("a", 5.0), [reply("a", 4, "x"), reply("a", 2, "w")])
    shards.flush()
    table = shards.table()
    assert [one.conversation_id for one in table.talks] == ["a", "b", "late"]
    assert table.position.tolist() == [2, 4, 2, 2]
    assert table.reply.texts == ["w", "x", "y", "z"]
    assert table.reply.of_row.tolist() == [0, 1, 2, 3]


def test_what_is_left_from_an_interrupted_run_does_not_count(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.add(talk("a"), [reply("a", 2, "x")])
    shards.flush()
    shards.add(talk("b"), [reply("b", 2, "y")])
    shards.flush()
    assert Shards(tmp_path, 1).table().reply.texts == ["x"]
    assert Shards(tmp_path, 1).conversation_ids() == {"a"}
    assert len(Shards(tmp_path, 0).table()) == 0


def test_what_waits_is_counted_and_flushing_nothing_writes_nothing(tmp_path: Path) -> None:
    shards = Shards(tmp_path / "state")
    shards.flush()
    assert not (tmp_path / "state").exists()
    shards.add(talk("a"), [reply("a", 2, "x"), reply("a", 4, "y")])
    assert shards.n_waiting == 3
    shards.flush()
    assert (shards.n_waiting, shards.n) == (0, 1)


def test_only_files_of_a_state_are_taken_for_such(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.add(talk("a"), [])
    shards.flush()
    for name in ("conversations-2024.parquet", "replies.parquet", "replies-0000001.parquet"):
        (tmp_path / name).touch()
    names = [path.name for path in written_files(tmp_path)]
    assert names == ["conversations-000000.parquet", "replies-000000.parquet"]


@pytest.mark.parametrize("n_talks", [0, 3])
def test_conversations_without_replies_are_kept(tmp_path: Path, n_talks: int) -> None:
    shards = Shards(tmp_path)
    for number in range(n_talks):
        shards.add(talk(f"k{number}"), [])
    shards.flush()
    assert len(shards.table().talks) == n_talks
    assert len(shards.table()) == 0
    assert shards.table().talks[:1] == [talk("k0")][:n_talks]
