"""Data sets of rated dialogues: what the ratings become."""

import json
from pathlib import Path

import pytest

from knowledge.adapters import convert
from knowledge.errors import ImportFileError


def write_lines(path: Path, *rows: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def exchange(user: str, agent: str, sat: int | None) -> dict[str, object]:
    return {"user": user, "agent": agent, "act": "OTHER", "sat": sat}


def uss(tmp_path: Path, *turns: object) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    write_lines(tmp_path / "in" / "uss_valid.jsonl", {"id": "u-1", "turns": turns})
    convert("uss", tmp_path / "in", tmp_path / "out")
    return tuple(read_lines(tmp_path / "out" / f"{name}.jsonl") for name in ("conversations", "marks"))  # type: ignore[return-value]


def test_an_exchange_becomes_two_messages_and_an_empty_side_none(tmp_path: Path) -> None:
    [talk], _ = uss(
        tmp_path, exchange("在吗", "", None), exchange("有货吗", "有的#E-s[数字x]", 1), exchange("", "再见", None)
    )
    assert talk["messages"] == [
        {"role": "customer", "text": "在吗"},
        {"role": "customer", "text": "有货吗"},
        {"role": "agent", "text": "有的"},
        {"role": "agent", "text": "再见"},
    ]


def test_the_last_mark_in_stars_is_what_came_of_a_conversation(tmp_path: Path) -> None:
    [talk], _ = uss(tmp_path, exchange("在吗", "在", 0), exchange("谢谢", "不客气", 2), exchange("嗯", "", None))
    assert talk["outcome"] == {"satisfaction": 5}


def test_a_conversation_that_nobody_judged_has_no_outcome(tmp_path: Path) -> None:
    [talk], following = uss(tmp_path, exchange("在吗", "在", None))
    assert "outcome" not in talk
    assert following == []


def test_a_reply_has_the_mark_of_the_customers_next_message_and_not_of_the_one_it_answers(tmp_path: Path) -> None:
    _, following = uss(
        tmp_path,
        exchange("在吗", "在", 0),
        exchange("有货吗", "没有", 1),
        exchange("哦", "", None),
        exchange("好", "嗯", 2),
    )
    assert following == [{"conversation_id": "u-1", "position": 2, "satisfaction": 3}]


def test_an_unknown_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"uss_valid\.jsonl, line 1: satisfaction 4; expected 0, 1, 2 or null"):
        uss(tmp_path, exchange("在吗", "在", 4))


def test_a_line_that_is_no_dialogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"uss_valid\.jsonl, line 1: expected a dialogue"):
        uss(tmp_path, {"user": "在吗"})


def stc3(folder: Path, satisfaction: float) -> Path:
    turns = [
        {"role": "customer", "text": "没信号"},
        {"role": "agent", "text": " 您好 "},
        {"role": "agent", "text": " "},
    ]
    row = {"id": "7", "turns": turns, "quality_mean": {"A": 0.1, "S": satisfaction, "E": 0.2}}
    write_lines(folder / "cn_train.jsonl", row)
    write_lines(folder / "en_train.jsonl", row)
    return folder


def test_ratings_from_minus_two_to_two_become_marks_from_one_to_five(tmp_path: Path) -> None:
    made = convert("stc3-zh", stc3(tmp_path / "in", -0.526), tmp_path / "out")
    assert made.files == {"conversations.jsonl": 1}
    assert read_lines(tmp_path / "out" / "conversations.jsonl") == [
        {
            "conversation_id": "stc3-zh-7",
            "channel": "weibo",
            "messages": [{"role": "customer", "text": "没信号"}, {"role": "agent", "text": "您好"}],
            "outcome": {"satisfaction": 2.474},
        }
    ]


def test_a_translated_dialogue_has_another_id_than_its_original(tmp_path: Path) -> None:
    folder = stc3(tmp_path / "in", 1)
    ids = []
    for source in ("stc3-zh", "stc3-en"):
        convert(source, folder, tmp_path / source)
        ids.append(read_lines(tmp_path / source / "conversations.jsonl")[0]["conversation_id"])
    assert ids == ["stc3-zh-7", "stc3-en-7"]


def test_a_rating_beyond_the_scale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"cn_train\.jsonl, line 1: expected a dialogue"):
        convert("stc3-zh", stc3(tmp_path / "in", 2.5), tmp_path / "out")
