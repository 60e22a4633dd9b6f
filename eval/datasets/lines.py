"""Text files line by line, and the JSON object on each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from eval.datasets.record import Record, shown
from eval.datasets.refusals import Refuse, strictly
from eval.errors import DataError

MAX_LINE_BYTES = 64 << 20
BYTE_ORDER_MARK = "\ufeff"
EXPECTED = "one JSON object"


def read_json_lines(path: Path, refuse: Refuse = strictly) -> Iterator[Record]:
    """Every JSON object of a JSON Lines file, one line in memory at a time; blank lines are left out.

    Raises:
        DataError: the file cannot be read, or a line is not text or holds no JSON object, unless `refuse` goes on.
    """
    for line, text in read_lines(path, refuse=refuse):
        if text and not text.isspace():
            try:
                fields = _parsed(path, line, text)
            except DataError as error:
                refuse(error)
            else:
                yield Record(path, line, fields)


def read_identified(path: Path, name: str) -> Iterator[Record]:
    """As `read_json_lines`, of a file in which every object has an id of its own in the field of that name.

    Raises:
        DataError: as there; or an id is missing or stands twice; or there are no objects.
    """
    lines: dict[str, int] = {}
    for record in read_json_lines(path):
        own = record.id(name)
        if own in lines:
            raise record.refusal(name, f"is {shown(own)}, as on line {lines[own]}", "every id once")
        lines[own] = record.line
        yield record
    if not lines:
        raise DataError(path, None, "there is nothing in it", "at least one line")


def read_lines(path: Path, encoding: str = "utf-8", refuse: Refuse = strictly) -> Iterator[tuple[int, str]]:
    """Every line from number 1 on, without its end; a byte order mark is taken off.

    Raises:
        DataError: the file cannot be read, or a line is too long; or one is in another encoding or holds NUL
            characters, unless `refuse` goes on.
    """
    with open_file(path) as file:
        line = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            line += 1
            _require_length(path, line, raw)
            try:
                text = _decoded(path, line, raw, encoding)
            except DataError as error:
                refuse(error)
            else:
                yield line, text.removeprefix(BYTE_ORDER_MARK) if line == 1 else text


def open_file(path: Path) -> BinaryIO:
    """The file's bytes.

    Raises:
        DataError: there is no such file, or it may not be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(path, None, f"cannot be read ({error.strerror})", "a file") from error


def _require_length(path: Path, line: int, raw: bytes) -> None:
    if len(raw) > MAX_LINE_BYTES:
        limit = f"at most {MAX_LINE_BYTES >> 20} MB in a line"
        raise DataError(path, line, f"the line has more than {MAX_LINE_BYTES:,} bytes", limit)


def _decoded(path: Path, line: int, raw: bytes, encoding: str) -> str:
    if b"\0" in raw:
        raise DataError(path, line, f"a NUL character at byte {raw.index(0) + 1}", "text in UTF-8")
    try:
        return raw.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} of the line ({raw[error.start]:#04x}) is not UTF-8"
        raise DataError(path, line, problem, "text in UTF-8; save the file again as UTF-8") from error


def _parsed(path: Path, line: int, text: str) -> dict[str, object]:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise DataError(path, line, f"{shown(text)} is not JSON ({error})", EXPECTED) from error
    if not isinstance(value, dict):
        raise DataError(path, line, f"{shown(value)} is not an object", EXPECTED)
    return value


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object, refused when a name stands twice: the parser would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the field {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
"""One for all lines, since making one takes longer than most lines."""
