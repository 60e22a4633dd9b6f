"""JSON Lines: what is read, and what is refused with its line."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets import lines
from eval.datasets.lines import read_identified, read_json_lines, read_lines
from eval.errors import DataError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)
    return path


def test_objects_come_with_their_line_and_blank_lines_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": 1}\n\n  \t\r\n{"a": "\xe5\x9c\xa8\xe5\x90\x97"}\r\n{"a": [2]}')
    assert [(one.line, one.fields) for one in read_json_lines(path)] == [
        (1, {"a": 1}),
        (4, {"a": "在吗"}),
        (5, {"a": [2]}),
    ]


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    assert [one.fields for one in read_json_lines(written(tmp_path, b'\xef\xbb\xbf{"a": 1}\n'))] == [{"a": 1}]


def test_an_empty_file_has_no_objects(tmp_path: Path) -> None:
    assert list(read_json_lines(written(tmp_path, b""))) == []


@pytest.mark.parametrize(
    ("second_line", "problem"),
    [
        (b'{"a": 1', r"'\{\"a\": 1' is not JSON \(Expecting ',' delimiter"),
        (b"[1, 2]", r"\[1, 2\] is not an object"),
        (b'"text"', r"'text' is not an object"),
        (b'{"a": NaN}', r"NaN is no JSON number"),
        (b'{"a": -Infinity}', r"-Infinity is no JSON number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', r"the field 'c' stands twice"),
        (b'{"a": "\xff"}', r"byte 8 of the line \(0xff\) is not UTF-8"),
        (b'{"a": "\xd4\xda\xc2\xf0"}', r"byte 8 of the line \(0xd4\) is not UTF-8"),
        (b'{"a": "\x00"}', r"a NUL character at byte 8"),
        (b'{"a": 1} {"a": 2}', r"is not JSON \(Extra data"),
        (b"[" * 100_000, r"is not JSON \(maximum recursion depth"),
        (b'{"a": ' + b"9" * 5_000 + b"}", r"is not JSON \(Exceeds the limit"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path: Path, second_line: bytes, problem: str) -> None:
    path = written(tmp_path, b'{"a": 0}\n' + second_line + b'\n{"a": 3}\n')
    with pytest.raises(DataError, match=rf"data\.jsonl, line 2: .*{problem}") as caught:
        list(read_json_lines(path))
    assert caught.value.line == 2


def test_utf_16_is_not_taken_for_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 1: .*expected text in UTF-8"):
        list(read_json_lines(written(tmp_path, '{"a": 1}\n'.encode("utf-16"))))


def test_a_line_longer_than_the_limit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1 << 20)
    fitting, long = b'{"a": 1}\n', b'{"a": "' + b"x" * (1 << 20) + b'"}\n'
    with pytest.raises(DataError, match=r"line 2: the line has more than 1,048,576 bytes; expected at most 1 MB"):
        list(read_json_lines(written(tmp_path, fitting + long)))
    exact = b'{"a": "' + b"x" * ((1 << 20) - 10) + b'"}\n'
    assert len(exact) == 1 << 20
    assert len(list(read_json_lines(written(tmp_path, exact)))) == 1


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Is a directory"):
        list(read_lines(tmp_path))
    with pytest.raises(DataError, match="No such file"):
        list(read_lines(tmp_path / "gone"))


def test_an_id_that_stands_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"id": "a"}\n\n{"id": 7}\n{"id": "7"}\n')
    with pytest.raises(DataError, match=r"line 4: id is '7', as on line 3; expected every id once"):
        list(read_identified(path, "id"))


def test_a_file_without_objects_is_refused_where_ids_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is nothing in it"):
        list(read_identified(written(tmp_path, b"\n\n"), "id"))


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), max_size=6))
def test_what_is_written_as_json_lines_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict]) -> None:
    # Escaped, so that halves of surrogate pairs can be written at all.
    path = written(tmp_path_factory.mktemp("lines"), "".join(f"{json.dumps(row)}\n" for row in rows).encode())
    assert [(one.line, one.fields) for one in read_json_lines(path)] == list(enumerate(rows, start=1))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_objects_or_an_error_with_a_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("bytes"), content)
    n_lines = content.count(b"\n") + 1
    outcome = _outcome(path)
    assert (1 <= outcome <= n_lines) if isinstance(outcome, int) else all(isinstance(one, dict) for one in outcome)


def _outcome(path: Path) -> list[object] | int | None:
    """The objects, or the line of the error."""
    try:
        return [one.fields for one in read_json_lines(path)]
    except DataError as error:
        return error.line
