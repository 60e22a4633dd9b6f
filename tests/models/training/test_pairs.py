import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from models.training.errors import TrainingDataError
from models.training.pairs import Pair, read_pairs

GOOD = {"message": "什么时候发货", "context": [{"role": "customer", "text": "在吗"}], "reply": "今天就发出"}


def test_a_row_becomes_a_pair(write_pairs: Callable[..., Path]) -> None:
    path = write_pairs([GOOD])
    found = read_pairs(path)
    assert found.rows == (Pair("什么时候发货", ("在吗",), "今天就发出"),)
    assert found.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (found.counts.n_rows, found.counts.n_repeated, found.counts.n_with_context) == (1, 0, 1)


def test_a_missing_context_is_none_and_a_bare_text_is_a_turn(write_pairs: Callable[..., Path]) -> None:
    rows = [{"message": "a b", "reply": "c d"}, {"message": "e f", "context": ["在吗", " "], "reply": "g h"}]
    assert [pair.context for pair in read_pairs(write_pairs(rows)).rows] == [(), ("在吗",)]


def test_the_query_is_the_last_turns_and_the_message() -> None:
    pair = Pair("m", ("a", "b", "c"), "r")
    assert [pair.query(n) for n in range(5)] == ["m", "c m", "b c m", "a b c m", "a b c m"]


def test_rows_that_say_the_same_are_read_once(write_pairs: Callable[..., Path]) -> None:
    again = {**GOOD, "reply": "今天就发出！"}
    other_context = {**GOOD, "context": []}
    found = read_pairs(write_pairs([GOOD, again, GOOD, other_context]))
    assert len(found.rows) == 2
    assert (found.counts.n_rows, found.counts.n_repeated) == (4, 2)


def test_one_word_replies_and_unknown_fields_are_counted(write_pairs: Callable[..., Path]) -> None:
    found = read_pairs(write_pairs([GOOD, {**GOOD, "reply": "好的", "shop": 7}, {**GOOD, "reply": "Sure!"}]))
    assert found.counts.n_one_word == 2
    assert found.counts.unknown_fields == ("shop",)


def test_very_many_repetitions_take_no_room(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    line = json.dumps(GOOD) + "\n"
    path.write_text(line * 20_000, encoding="utf-8")
    found = read_pairs(path)
    assert len(found.rows) == 1
    assert found.counts.n_repeated == 19_999


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\n\n")
    assert len(read_pairs(path).rows) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**GOOD, "message": " "}, 'message is " "'),
        ({**GOOD, "reply": ""}, 'reply is ""'),
        ({**GOOD, "reply": 7}, "reply is 7"),
        ({"message": "a"}, "there is no 'reply'"),
        ({**GOOD, "context": "在吗"}, "context is"),
        ({**GOOD, "context": [{"role": "customer"}]}, r"context\[1\] is"),
        ({**GOOD, "context": [{"role": 1, "text": "a"}]}, r"context\[1\] is"),
        ({**GOOD, "reply": "\ud800"}, "lone surrogates"),
        (["a", "b"], "the line is"),
    ],
)
def test_a_wrong_row_is_refused_with_file_line_and_value(
    write_pairs: Callable[..., Path], row: object, said: str
) -> None:
    path = write_pairs([GOOD])
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=said) as caught:
        read_pairs(path)
    assert f"{path}, line 2" in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"message,reply\n", b"\xff\xfe{}"])
def test_a_file_in_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=r"line 1: .*(JSON|UTF-8)"):
        read_pairs(path)


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(TrainingDataError, match="holds no rows"):
        read_pairs(tmp_path / "empty.jsonl")
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_pairs(tmp_path / "missing.jsonl")
